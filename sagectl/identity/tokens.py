"""What a provider tells of one worker, checked as the portal would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError, MissingExtraError
from sagectl.identity.discovery import Check, passed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
# Developer guide, "Send Required and Optional Claims to Ground Truth and Amazon A2I".
REQUIRED = ("groups", "sub", "client_id", "name")
MAX_GROUPS, MAX_GROUP_LENGTH = 10, 63


class Told(NamedTuple):
    """What was pasted: the claims, and how far they are proven."""

    claims: Mapping[str, Any]
    checks: tuple[Check, ...]


def told(
    text: str, config: Mapping[str, Any], keys: Mapping[str, Any] | None, now: int
) -> Told:
    """An ID token (proven by ``keys``) or a userinfo answer. Raises InputError for neither."""
    text = text.strip()
    if not text.startswith("{"):
        return _token(text, config, keys, now)
    try:
        claims = json.loads(text)
    except ValueError as error:
        raise InputError(f"the userinfo answer is not JSON: {error}") from error
    unproven = Check("the answer is signed", "unknown", "a userinfo answer is not; a token is")
    return Told(claims, (unproven, *_claim_checks(claims, config)))


def _token(
    text: str, config: Mapping[str, Any], keys: Mapping[str, Any] | None, now: int
) -> Told:
    try:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet
    except ImportError as error:
        raise MissingExtraError(
            "tokens are verified with joserfc, which is not installed",
            hint="pip install 'sagectl[oidc]'",
        ) from error
    claims = _unproven(text)
    question = "the signature is the provider's"
    if keys is None:
        proof = Check(question, "unknown", "its keys could not be read")
    else:
        try:
            jwt.decode(text, KeySet.import_key_set(keys), algorithms=ALGORITHMS)  # type: ignore[arg-type]
            proof = Check(question, "ok")
        except (JoseError, ValueError) as error:
            proof = Check(question, "wrong", str(error) or type(error).__name__)
    return Told(
        claims, (proof, *_token_checks(claims, config, now), *_claim_checks(claims, config))
    )


def _unproven(text: str) -> dict[str, Any]:
    """The claims of a token, whoever wrote them. Raises InputError for what is no token."""
    from base64 import urlsafe_b64decode

    parts = text.split(".")
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError) as error:
        raise InputError(
            "this is neither an ID token nor a userinfo answer",
            hint="A token is three parts with dots between them, an answer is JSON.",
        ) from error
    if len(parts) != 3 or not isinstance(claims, dict):
        raise InputError("this is no signed token", hint="Encrypted tokens are not read.")
    return claims


def _token_checks(
    claims: Mapping[str, Any], config: Mapping[str, Any], now: int
) -> Iterator[Check]:
    issuer = claims.get("iss")
    same = issuer == config["Issuer"]
    yield passed("it is of this issuer", None if same else f"iss is {issuer}")
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    is_ours = config["ClientId"] in listed
    yield passed("it is for this client", None if is_ours else f"aud is {audience}")
    expires = claims.get("exp")
    if not isinstance(expires, int | float):
        yield Check("it has not expired", "wrong", "exp is missing")
    else:
        late = round(now - expires)
        yield passed("it has not expired", f"{late} seconds ago" if late > 0 else None)


def _claim_checks(claims: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[Check]:
    for name in REQUIRED:
        question = f"the claim sagemaker:{name} is there"
        yield passed(question, None if claim(claims, name) else "it is missing or empty")
    client = claim(claims, "client_id")
    if client:
        same = client == config["ClientId"]
        problem = None if same else f"it is {client}, and ClientId is {config['ClientId']}"
        yield passed("sagemaker:client_id is this client", problem)
    if claim(claims, "groups"):
        yield passed("the groups are such as a team can have", _group_problem(claims))


def _group_problem(claims: Mapping[str, Any]) -> str | None:
    given = claim(claims, "groups")
    names = given if isinstance(given, list) else [given]
    if not all(isinstance(name, str) for name in names):
        return "they are neither a text nor a list of texts"
    if len(names) > MAX_GROUPS:
        return f"{len(names)} groups, and a worker has at most {MAX_GROUPS}"
    bad = [name for name in names if len(name) > MAX_GROUP_LENGTH or len(name.split()) != 1]
    return f"no name of a group: {', '.join(map(repr, bad))}" if bad else None


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The claim of that name, spelled with a colon or with a hyphen."""
    return claims.get(f"sagemaker:{name}") or claims.get(f"sagemaker-{name}")


def groups(claims: Mapping[str, Any]) -> frozenset[str]:
    """The groups that the person is in."""
    given = claim(claims, "groups") or ()
    names = given if isinstance(given, list) else [given] if isinstance(given, str) else []
    return frozenset(name for name in names if isinstance(name, str))


def landing(claims: Mapping[str, Any], teams: Mapping[str, Sequence[str]]) -> Check:
    """Which of ``teams`` (name -> groups) the person would work in."""
    mine = groups(claims)
    found = sorted(name for name, members in teams.items() if mine.intersection(members))
    question = "the person lands in a team"
    if found:
        return Check(question, "ok", ", ".join(found))
    has = ", ".join(sorted(mine)) or "no group"
    return Check(question, "wrong", f"no team is of {has}")
