"""Sign-in through a workforce's OpenID Connect provider, by authorization codes.

OpenID Connect Core 1.0, section 3.1, with Proof Key for Code Exchange (RFC 7636) and
RP-Initiated Logout 1.0. What the claims mean: developer guide, "Create a Private Workforce
(OIDC IdP)".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from sagectl.errors import InputError, MissingExtraError
from sagectl.identity.fetching import answered, fetched
from sagectl.identity.tokens import ALGORITHMS, REQUIRED, claim, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.identity.fetching import Limits

# Clocks may differ by so much.
_LEEWAY_SECONDS = 60
_RANDOM_BYTES = 32


class SignInError(InputError):
    """The provider did not prove who somebody is."""


class Invitation(NamedTuple):
    """Where a browser is sent, and what is remembered until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str
    redirect: str


class Worker(NamedTuple):
    """Who signed in: the ``sagemaker:sub``, the name to show, and the groups."""

    id: str
    name: str
    groups: tuple[str, ...]


class RelyingParty:
    """A workforce's client of its provider; ``config`` is the OidcConfig.

    ``clock`` gives seconds since the epoch. Raises MissingExtraError without joserfc.
    """

    def __init__(
        self, config: Mapping[str, Any], secret: str, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._secret = secret
        self._limits = limits
        self._clock = clock
        _joserfc()

    @property
    def issuer(self) -> str:
        return str(self._config["Issuer"])

    def invitation(self, redirect: str) -> Invitation:
        """A new sign-in, whose answer comes to the address ``redirect``."""
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            **self._config.get("AuthenticationRequestExtraParams", {}),
            "response_type": "code",
            "client_id": self._config["ClientId"],
            "redirect_uri": redirect,
            "scope": self._config.get("Scope", "openid"),
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        url = _with_query(self._config["AuthorizationEndpoint"], asked)
        return Invitation(url, state, nonce, verifier, redirect)

    def worker(self, invitation: Invitation, code: str) -> Worker:
        """Who was given ``code``. Raises SignInError, or FetchError for a silent provider."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": invitation.redirect,
            "code_verifier": invitation.verifier,
            "client_id": self._config["ClientId"],
            "client_secret": self._secret,
        }
        given = answered(self._config["TokenEndpoint"], self._limits, form=form)
        claims = self._proven(given.get("id_token"), invitation.nonce)
        if _missing(claims):
            told = self._userinfo(given.get("access_token"), claims)
            claims = {**told, **{name: value for name, value in claims.items() if value}}
        return _worker(claims, self._config["ClientId"])

    def farewell(self, back: str) -> str:
        """Where a browser ends its sign-in at the provider, which leads it ``back``."""
        asked = {"client_id": self._config["ClientId"], "post_logout_redirect_uri": back}
        return _with_query(self._config["LogoutEndpoint"], asked)

    def _proven(self, token: Any, nonce: str) -> Mapping[str, Any]:
        """The claims of an ID token, all of Core 1.0, section 3.1.3.7, seen to."""
        jwt, key_set, jose_error = _joserfc()
        if not isinstance(token, str):
            raise SignInError(f"{self.issuer} gave no ID token", hint="Its scope is openid.")
        keys = fetched(self._config["JwksUri"], self._limits)
        client = self._config["ClientId"]
        registry = jwt.JWTClaimsRegistry(
            now=round(self._clock()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": client},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            found = jwt.decode(token, key_set.import_key_set(keys), algorithms=ALGORITHMS)
            claims: dict[str, Any] = found.claims
            registry.validate(claims)
        except (jose_error, ValueError, TypeError) as error:
            told = str(error) or type(error).__name__
            raise SignInError(
                f"the ID token of {self.issuer} proves nothing: {told}"
            ) from error
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise SignInError("the ID token is of another sign-in (its nonce differs)")
        if claims.get("azp", client) != client:
            raise SignInError(f"the ID token was made for {claims['azp']}")
        return claims

    def _userinfo(self, token: Any, proven: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the provider tells beside the token, of the same person (section 5.3.2)."""
        if not isinstance(token, str):
            return {}
        told = answered(self._config["UserInfoEndpoint"], self._limits, bearer=token)
        if told.get("sub") != proven["sub"]:
            raise SignInError("the userinfo answer is of somebody else (its sub differs)")
        return told


def _worker(claims: Mapping[str, Any], client: str) -> Worker:
    if missing := _missing(claims):
        raise SignInError(
            f"the provider does not tell {', '.join(missing)}",
            hint="Its administrator adds the claims to the ID token or to the userinfo answer.",
        )
    if claim(claims, "client_id") != client:
        raise SignInError(f"sagemaker:client_id is {claim(claims, 'client_id')}")
    who, name = (str(claim(claims, part)) for part in ("sub", "name"))
    return Worker(who, name, tuple(sorted(groups(claims))))


def _missing(claims: Mapping[str, Any]) -> list[str]:
    return [f"sagemaker:{name}" for name in REQUIRED if not claim(claims, name)]


def _with_query(url: str, asked: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"


def _joserfc() -> tuple[Any, Any, type[Exception]]:
    try:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
    except ImportError as error:
        raise MissingExtraError(
            "tokens are verified with joserfc, which is not installed",
            hint="pip install 'sagectl[oidc]'",
        ) from error
    return jwt, KeySet, JoseError
