"""Workforces from flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import WORKFORCE_KIND
from sagectl.cli.documents import Field, document_options
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import PAIR, Word, secret
from sagectl.cli.waiting import WAIT

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.cli.documents import Wanted

_IP_TYPES = Word(("ipv4", "dualstack"))

# What an update may change; the Cognito pool of a workforce is chosen once.
MUTABLE = (
    Field("--oidc-client-id", "OidcConfig.ClientId", "OIDC: client id."),
    Field(
        "--oidc-client-secret",
        "OidcConfig.ClientSecret",
        "OIDC: client secret, or where it is kept.",
        type=secret,
        metavar="env:NAME|file:PATH|secret:NAME|TEXT",
    ),
    Field("--oidc-issuer", "OidcConfig.Issuer", "OIDC: issuer URL."),
    Field(
        "--oidc-authorization-endpoint",
        "OidcConfig.AuthorizationEndpoint",
        "OIDC: authorization endpoint.",
    ),
    Field("--oidc-token-endpoint", "OidcConfig.TokenEndpoint", "OIDC: token endpoint."),
    Field("--oidc-user-info-endpoint", "OidcConfig.UserInfoEndpoint", "OIDC: user info."),
    Field("--oidc-logout-endpoint", "OidcConfig.LogoutEndpoint", "OIDC: logout endpoint."),
    Field("--oidc-jwks-uri", "OidcConfig.JwksUri", "OIDC: where the signing keys are."),
    Field("--oidc-scope", "OidcConfig.Scope", "OIDC: scopes to ask for."),
    Field("--cidr", "SourceIpConfig.Cidrs", "Network that may sign in.", is_list=True),
    Field("--vpc-id", "WorkforceVpcConfig.VpcId", "VPC that workers come from."),
    Field("--subnet", "WorkforceVpcConfig.Subnets", "Subnet in the VPC.", is_list=True),
    Field(
        "--security-group",
        "WorkforceVpcConfig.SecurityGroupIds",
        "Security group in the VPC.",
        is_list=True,
    ),
    Field("--ip-address-type", "IpAddressType", "Kind of IP addresses.", type=_IP_TYPES),
)
FIELDS = (
    Field("--cognito-user-pool", "CognitoConfig.UserPool", "Cognito: user pool id."),
    Field("--cognito-client-id", "CognitoConfig.ClientId", "Cognito: app client id."),
    *MUTABLE,
)

LOOPBACK = click.Option(
    ("--allow-loopback",), is_flag=True, help="OIDC: talk to a provider on this machine too."
)

_extra_params = takes(
    click.Option(
        ("--oidc-extra-param", "extra"),
        type=PAIR,
        multiple=True,
        metavar="KEY=VALUE",
        help="OIDC: parameter to add to the authentication request; repeatable.",
    )
)


def _with_extra(wanted: Wanted, extra: tuple[tuple[str, str], ...]) -> Wanted:
    parameters = {"AuthenticationRequestExtraParams": dict(extra)} if extra else None
    return wanted.over({"OidcConfig": parameters})


@click.command(cls=Command)
@document_options(WORKFORCE_KIND, FIELDS, tags=True)
@_extra_params
@takes(
    click.Option(
        ("--discover", "issuer"),
        metavar="URL",
        help="OIDC: fill in the issuer and its endpoints as the provider tells of them.",
    ),
    LOOPBACK,
    WAIT,
)
@pass_app
def create(
    app: App,
    wanted: Wanted,
    extra: tuple[tuple[str, str], ...],
    issuer: str | None,
    allow_loopback: bool,
    wait: bool,
) -> None:
    """Create the private workforce of a region.

    Give either the Cognito or the OIDC options, or a document with -f. With --discover only
    the client is left to be given; what is given beside it wins.

    \b
    Examples:
      sagectl --local workforce create crowd --yes --cidr 203.0.113.0/24 \\
        --cognito-user-pool us-east-1_Ab1Cd2Ef3 --cognito-client-id 1h57kf5cpq17m0eml12EXAMPLE
      sagectl --local workforce create -f crowd.yaml --dry-run
      sagectl --local workforce create crowd --discover https://id.example.com \\
        --oidc-client-id portal --oidc-client-secret env:PORTAL_SECRET --dry-run -o yaml
    """
    from sagectl.cli.changes import created

    if issuer is not None:
        from sagectl.identity.discovery import discovered
        from sagectl.identity.fetching import Limits

        found = discovered(issuer, Limits(allows_loopback=allow_loopback))
        wanted = wanted.under(OidcConfig=found)
    created(app, _with_extra(wanted, extra), wait=wait)


@click.command(cls=Command)
@document_options(WORKFORCE_KIND, MUTABLE)
@_extra_params
@takes(WAIT)
@pass_app
def update(app: App, wanted: Wanted, extra: tuple[tuple[str, str], ...], wait: bool) -> None:
    """Change where a workforce may sign in from, or its identity provider.

    The identity provider can change only while there is no work team; give all of its
    options then.

    \b
    Examples:
      sagectl --local workforce update crowd --cidr 203.0.113.0/24 --cidr 198.51.100.0/24 --yes
      sagectl --local workforce update crowd --cidr 203.0.113.0/24 --dry-run
    """
    from sagectl.cli.changes import updated

    updated(app, _with_extra(wanted, extra), wait=wait)
