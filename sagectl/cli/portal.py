"""``sagectl local portal``: label in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import secret
from sagectl.cli.workforce_documents import LOOPBACK
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.identity.sign_in import RelyingParty


@click.command("portal", cls=Command)
@takes(
    click.Option(("--host",), default="127.0.0.1", help="Loopback address.  [127.0.0.1]"),
    click.Option(
        ("--port",), type=click.IntRange(0, 65535), default=0, help="Port.  [any free]"
    ),
    click.Option(
        ("--oidc-client-secret", "client_secret"),
        type=secret,
        metavar="env:NAME|file:PATH|secret:NAME|TEXT",
        help="OIDC: client secret, for sign-in at the workforce's provider.",
    ),
    LOOPBACK,
)
@pass_app
def portal(app: App, host: str, port: int, client_secret: Any, allow_loopback: bool) -> None:
    """Serve the local labeling jobs to workers until interrupted.

    Whoever was made known by `sagectl local people create` signs in, sees the jobs of their
    teams, and labels one object after another in the job's template. Where there is none,
    images and texts to classify, boxes to draw and names to mark have forms of their own.

    The members of a workforce with an OidcConfig sign in at its provider instead, once the
    client secret is handed over: the local plane keeps only a digest of it, which cannot sign
    anybody in. The provider has to allow the redirect URL that is told, so name a port.

    \b
    Examples:
      sagectl local portal --port 8282
      sagectl local portal --port 8282 --oidc-client-secret env:PORTAL_SECRET
    """
    from sagectl.controlplane.portal.provider import RETURN
    from sagectl.controlplane.portal.server import serve

    provider = _provider(app, client_secret, allow_loopback)

    def ready(url: str) -> None:
        app.stdout.write(f"{url}\n")
        app.stdout.flush()
        if provider is not None:
            app.say(f"People sign in at {provider.issuer}, which has to allow {url}{RETURN}")
        app.say("Open it in a browser; Ctrl-C ends it.")

    serve(app.local.labeling_work, host, port, ready=ready, provider=provider)


def _provider(app: App, client_secret: Any, allow_loopback: bool) -> RelyingParty | None:
    """Who signs people in beside the local table; None without a secret to do so with."""
    from sagectl.controlplane.portal.provider import oidc_config, require_secret

    work = app.local.labeling_work
    config = oidc_config(work.plane, work.place)
    if client_secret is None:
        if config is not None:
            app.say(
                f"People of the local table sign in, not those of {config['Issuer']}: the plane"
                " keeps no client secret. Give --oidc-client-secret to have them."
            )
        return None
    if config is None:
        raise InputError(
            f"no workforce in {app.local.region} has an OidcConfig",
            hint="Leave out --oidc-client-secret: people sign in by the local table.",
        )
    from sagectl.identity.fetching import Limits
    from sagectl.identity.sign_in import RelyingParty

    text = app.secrets.value(client_secret, app.local.region)
    require_secret(work.plane, config, text)
    limits = Limits(allows_loopback=allow_loopback)
    return RelyingParty(config, text, limits, lambda: app.clock().timestamp())
