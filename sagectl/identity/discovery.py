"""What a provider says of itself, and how that goes with a workforce's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError
from sagectl.identity.fetching import FetchError, fetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.identity.fetching import Limits

# OidcConfig -> OpenID Connect Discovery 1.0, section 3; the logout endpoint is of RP-Initiated
# Logout 1.0, section 2.1.
ENDPOINTS = {
    "Issuer": "issuer",
    "AuthorizationEndpoint": "authorization_endpoint",
    "TokenEndpoint": "token_endpoint",
    "UserInfoEndpoint": "userinfo_endpoint",
    "LogoutEndpoint": "end_session_endpoint",
    "JwksUri": "jwks_uri",
}
# Members of a JSON Web Key that only its owner may know (RFC 7518, section 6).
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))


class Check(NamedTuple):
    """One question about a provider: ``result`` is ok, wrong, unknown or note."""

    question: str
    result: str
    detail: str = ""

    def row(self) -> dict[str, str]:
        return {"Check": self.question, "Result": self.result, "Detail": self.detail}


def passed(question: str, problem: str | None) -> Check:
    """A check that is well unless there is a problem."""
    return Check(question, "wrong" if problem else "ok", problem or "")


def discovery_url(issuer: str) -> str:
    """Where the provider ``issuer`` describes itself (Discovery 1.0, section 4)."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def discovered(issuer: str, limits: Limits) -> dict[str, str]:
    """The endpoints of OidcConfig, from the provider itself.

    Raises FetchError, or InputError for a provider that names another issuer or lacks one.
    """
    document = fetched(discovery_url(issuer), limits)
    named = document.get("issuer")
    if str(named).rstrip("/") != issuer.rstrip("/"):
        raise InputError(
            f"{issuer} calls itself {named}", hint="Give the issuer as the provider spells it."
        )
    missing = [member for member in ENDPOINTS.values() if not _is_text(document.get(member))]
    if missing:
        raise InputError(
            f"{issuer} does not tell of {', '.join(missing)}",
            hint="Give what is missing by its own option, and the rest too.",
        )
    return {field: document[member] for field, member in ENDPOINTS.items()}


def provider_checks(
    config: Mapping[str, Any], limits: Limits
) -> tuple[list[Check], Mapping[str, Any] | None]:
    """How ``config`` (OidcConfig) goes with its provider, and the provider's keys."""
    checks: list[Check] = []
    question = "the discovery document can be read"
    try:
        document = fetched(discovery_url(config["Issuer"]), limits)
    except FetchError as error:
        checks.append(Check(question, "wrong", error.message))
    else:
        checks += [Check(question, "ok"), *_comparisons(config, document)]
        checks += _abilities(document)
    question = "the signing keys can be read"
    try:
        keys = fetched(config["JwksUri"], limits)
    except FetchError as error:
        return [*checks, Check(question, "wrong", error.message)], None
    return [*checks, Check(question, "ok"), *key_checks(keys)], keys


def _comparisons(config: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Check]:
    for field, member in ENDPOINTS.items():
        configured, told = config.get(field), document.get(member)
        question = f"{field} is the provider's"
        if told is None:
            yield Check(question, "unknown", f"the provider does not tell of {member}")
        else:
            problem = None if told == configured else f"{configured} here, {told} there"
            yield passed(question, problem)


def _abilities(document: Mapping[str, Any]) -> Iterator[Check]:
    types = document.get("response_types_supported")
    lacks = isinstance(types, list) and "code" not in types
    yield passed("authorization codes are given", f"only {types}" if lacks else None)
    scopes = document.get("scopes_supported")
    lacks = isinstance(scopes, list) and "openid" not in scopes
    yield passed("the scope openid is known", f"only {scopes}" if lacks else None)


def key_checks(keys: Mapping[str, Any]) -> Iterator[Check]:
    """Whether a JSON Web Key Set can prove anything, and gives nothing away."""
    listed = keys.get("keys")
    found = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
    signing = [
        key
        for key in found
        if key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]
    yield passed(
        "there is a key to check signatures by",
        None if signing else f"none of {len(found)} keys is for that",
    )
    secret = [str(key.get("kid")) for key in found if _PRIVATE & key.keys()]
    yield passed(
        "no private key is given away", f"{', '.join(secret)} is private" if secret else None
    )
    names = [key.get("kid") for key in signing]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    yield passed(
        "each key has a name of its own",
        f"{', '.join(twice)} is there twice" if twice else None,
    )


def addresses(sub_domain: str | None) -> tuple[Check, ...]:
    """What the provider has to let the portal redirect to."""
    if sub_domain is None:
        later = "known once the workforce is made: check it again then, by its name"
        return (Check("redirect URL to allow", "note", later),)
    return (
        # Developer guide, "Create a Private Workforce (OIDC IdP)".
        Check("redirect URL to allow", "note", f"https://{sub_domain}/oauth2/idpresponse"),
        # The guide names no address for after signing out; the portal's own is what is left.
        Check("logout URL to allow", "note", f"https://{sub_domain}/"),
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
