"""``sagectl workforce check`` and ``create --discover`` against a provider on loopback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey

from tests.support.manifests import TEAM, manifest
from tests.support.provider import DISCOVERY, page, said, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Outcome, Run
    from tests.support.provider import Provider

    Checked = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    with served(tmp_path) as (found, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield found


@pytest.fixture
def crowd(local: Run, provider: Provider, tmp_path: Path) -> str:
    """A file with the workforce of the provider, and a team; both applied."""
    body = {"kind": "Workforce", "name": "crowd", "spec": {"OidcConfig": provider.config()}}
    path = manifest(tmp_path, f"{json.dumps(body)}\n", TEAM)
    done = local("apply", "-f", path, "--yes")
    assert done.code == 0, done.err
    return path


@pytest.fixture
def checked(local: Run, crowd: str) -> Checked:
    """Check ``crowd`` and give result and detail of every check."""

    def checked(*args: str, token: str | None = None, code: int = 0) -> dict[str, Any]:
        pasted = ("--token-file", "-") if token else ()
        done = local(
            *("workforce", "check", *(args or ("crowd",)), "--allow-loopback", "-o", "json"),
            *pasted,
            stdin=token,
        )
        assert done.code == code, done.out + done.err
        rows = json.loads(done.out)["Checks"]
        return {row["Check"]: (row["Result"], row["Detail"]) for row in rows}

    return checked


def wrong(found: dict[str, tuple[str, str]]) -> list[str]:
    return [check for check, (result, _) in found.items() if result == "wrong"]


def test_a_provider_that_fits_is_well(checked: Checked) -> None:
    found = checked()

    assert {result for result, _ in found.values()} == {"ok", "note"}
    assert found["redirect URL to allow"][1].endswith(".aws/oauth2/idpresponse")


def test_a_manifest_is_checked_before_anything_is_made(checked: Checked, crowd: str) -> None:
    assert "by its name" in checked("-f", crowd)["redirect URL to allow"][1]


def test_an_endpoint_that_moved_is_found(checked: Checked, provider: Provider) -> None:
    provider.document["token_endpoint"] = f"{provider.url}/v2/token"

    found = checked(code=1)

    assert wrong(found) == ["TokenEndpoint is the provider's"]
    assert "/v2/token there" in found["TokenEndpoint is the provider's"][1]


def test_an_endpoint_that_is_not_told_is_not_held_against_it(
    checked: Checked, provider: Provider
) -> None:
    del provider.document["end_session_endpoint"]

    assert checked()["LogoutEndpoint is the provider's"][0] == "unknown"


@pytest.mark.parametrize(
    ("keys", "check"),
    [
        pytest.param([], "there is a key to check signatures by", id="none"),
        pytest.param({}, "there is a key to check signatures by", id="no-list"),
        pytest.param(
            [{"kty": "oct", "k": "c2VjcmV0"}], "no private key is given away", id="secret"
        ),
        pytest.param(
            [{"kty": "EC", "kid": "a"}] * 2, "each key has a name of its own", id="twice"
        ),
    ],
)
def test_keys_that_prove_nothing_are_found(
    checked: Checked, provider: Provider, keys: Any, check: str
) -> None:
    provider.answers["/jwks"] = lambda: said({"keys": keys})

    assert check in wrong(checked(code=1))


def test_a_provider_that_answers_html_is_said(checked: Checked, provider: Provider) -> None:
    provider.answers[DISCOVERY] = lambda: page("<html>Sign in</html>")

    result, detail = checked(code=1)["the discovery document can be read"]

    assert (result, "web page" in detail) == ("wrong", True)


def test_a_token_is_verified_and_lands_in_its_team(
    checked: Checked, provider: Provider
) -> None:
    found = checked(token=provider.token())

    assert found["the person lands in a team"] == ("ok", "radiology")
    assert found["the signature is the provider's"][0] == "ok"


def test_a_team_of_a_manifest_is_landed_in_too(
    checked: Checked, provider: Provider, crowd: str
) -> None:
    found = checked("-f", crowd, token=provider.token(sagemaker__groups="nurses"))

    assert found["the person lands in a team"] == ("ok", "radiology")


@pytest.mark.parametrize(
    ("claims", "check"),
    [
        pytest.param({"iss": "https://else"}, "it is of this issuer", id="issuer"),
        pytest.param({"aud": ["another"]}, "it is for this client", id="audience"),
        pytest.param({"exp": 1}, "it has not expired", id="expired"),
        pytest.param({"exp": None}, "it has not expired", id="no-expiry"),
        pytest.param({"sagemaker__sub": ""}, "the claim sagemaker:sub is there", id="no-sub"),
        pytest.param(
            {"sagemaker__client_id": "x"}, "sagemaker:client_id is this client", id="client"
        ),
        pytest.param(
            {"sagemaker__groups": ["night shift", "doctors"]},
            "the groups are such as a team can have",
            id="group-name",
        ),
        pytest.param(
            {"sagemaker__groups": [f"g{index}" for index in range(11)] + ["doctors"]},
            "the groups are such as a team can have",
            id="groups",
        ),
        pytest.param(
            {"sagemaker__groups": ["clerks"]}, "the person lands in a team", id="no-team"
        ),
    ],
)
def test_what_is_wrong_with_a_token_is_found(
    checked: Checked, provider: Provider, claims: dict[str, Any], check: str
) -> None:
    assert wrong(checked(token=provider.token(**claims), code=1)) == [check]


def test_a_forged_token_is_found(checked: Checked, provider: Provider) -> None:
    forged = provider.token(ECKey.generate_key("P-256", {"kid": "one"}))

    assert wrong(checked(token=forged, code=1)) == ["the signature is the provider's"]


def test_a_token_without_a_signature_is_found(checked: Checked, provider: Provider) -> None:
    body = provider.token().split(".")[1]

    assert "the signature is the provider's" in wrong(
        checked(token=f"eyJhbGciOiJub25lIn0.{body}.", code=1)
    )


def test_a_userinfo_answer_is_read_with_hyphens_too(
    checked: Checked, provider: Provider
) -> None:
    claims = {name.replace(":", "-"): value for name, value in provider.claims().items()}

    found = checked(token=json.dumps(claims))

    assert found["the answer is signed"][0] == "unknown"
    assert found["the person lands in a team"] == ("ok", "radiology")


@pytest.mark.parametrize("token", ["hello", "a.b.c", "{", "e30"])
def test_what_is_no_token_is_refused(local: Run, crowd: str, token: str) -> None:
    args = ("workforce", "check", "crowd", "--allow-loopback", "--token-file", "-")

    assert local(*args, stdin=token).code == 2


@pytest.mark.parametrize(
    "args",
    [
        pytest.param((), id="nothing"),
        pytest.param(("-f", "none.yaml"), id="no-file"),
        pytest.param(("crowd", "-f", "none.yaml"), id="both"),
        pytest.param(("crowd", "--token-file", "none.txt"), id="no-token"),
    ],
)
def test_what_is_not_there_is_said(local: Run, args: tuple[str, ...]) -> None:
    assert local("workforce", "check", *args).code == 2


def discover(run: Run, issuer: str, *args: str) -> Outcome:
    client = ("--oidc-client-id", "portal", "--oidc-client-secret", "not-to-be-seen")
    return run("workforce", "create", "crowd", "--discover", issuer, *client, *args)


def test_a_workforce_is_made_from_what_the_provider_tells(
    local: Run, provider: Provider
) -> None:
    done = discover(local, provider.url, "--allow-loopback", "--yes")

    assert done.code == 0, done.err
    row = json.loads(local("workforce", "describe", "crowd", "-o", "json").out)["Workforce"]
    wanted = provider.config()
    del wanted["ClientSecret"]
    assert row["OidcConfig"] == wanted


def test_a_flag_wins_over_what_the_provider_tells(local: Run, provider: Provider) -> None:
    end = ("--oidc-logout-endpoint", "https://id.example.com/bye", "--dry-run", "-o", "json")

    done = discover(local, provider.url, "--allow-loopback", *end)

    assert json.loads(done.out)["spec"]["OidcConfig"]["LogoutEndpoint"].endswith("/bye")


def test_a_provider_on_this_machine_needs_leave(local: Run, provider: Provider) -> None:
    done = discover(local, provider.url, "--yes")

    assert (done.code, "--allow-loopback" in done.err) == (2, True)


@pytest.mark.parametrize("member", ["issuer", "jwks_uri"])
def test_a_provider_that_lacks_something_is_refused(
    local: Run, provider: Provider, member: str
) -> None:
    del provider.document[member]

    assert discover(local, provider.url, "--allow-loopback", "--yes").code == 2
