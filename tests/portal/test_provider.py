"""Signing in to the portal through a workforce's OpenID Connect provider."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import ECKey

from sagectl.controlplane.portal.provider import ATTEMPT_SECONDS, Attempts
from sagectl.errors import InputError
from sagectl.identity.sign_in import Invitation
from tests.portal.conftest import opened, party
from tests.support.provider import SECRET, moved, said
from tests.support.visitors import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run
    from tests.portal.conftest import MakeJob
    from tests.support.provider import Provider

RETURN = "/oauth2/idpresponse"


@pytest.fixture
def client(make_job: MakeJob, provider: Provider) -> Iterator[Client]:
    with opened(make_job([{"source": "purrs"}]), party(provider)) as url:
        provider.allowed = [url + RETURN]
        yield Client(url)


def begun(client: Client, provider: Provider) -> dict[str, str]:
    """Go to the provider and give what it was asked."""
    status, url, _ = client.ask("GET", "/sign-in/provider")
    assert status == 303
    assert url.startswith(f"{provider.url}/authorize?")
    return dict(parse_qsl(urlsplit(url).query))


def returned(client: Client, provider: Provider, asked: dict[str, str]) -> tuple[int, str, str]:
    """Come back with the provider's answer to what was asked."""
    code = f"code-{len(provider.codes)}"
    provider.codes[code] = asked
    return client.ask("GET", f"{RETURN}?code={code}&state={asked['state']}")


def signed_in(client: Client, provider: Provider) -> tuple[int, str, str]:
    return returned(client, provider, begun(client, provider))


def test_a_worker_signs_in_at_the_provider(client: Client, provider: Provider) -> None:
    assert provider.url in client.ask("GET", "/sign-in")[2]
    asked = begun(client, provider)
    assert asked["scope"] == "openid"
    assert asked["redirect_uri"] == f"http://{client.place}{RETURN}"
    assert signed_in(client, provider)[0] == 200
    text = client.ask("GET", "/")[2]
    assert "Ann" in text
    assert "pets" in text
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43


def test_cookies_are_hidden_from_scripts_and_other_sites(
    client: Client, provider: Provider
) -> None:
    signed_in(client, provider)
    assert all("HttpOnly" in held for held in client.held)
    sites = {held.partition("=")[0]: "SameSite=Strict" in held for held in client.held}
    assert sites == {"sagectl-portal-sign-in": False, "sagectl-portal": True}
    assert all("SameSite=" in held for held in client.held)


def test_the_local_table_signs_nobody_in_beside_a_provider(client: Client) -> None:
    assert client.ask("POST", "/sign-in", {"name": "ann", "password": "open-sesame"})[:2] == (
        303,
        "/sign-in",
    )
    assert client.ask("GET", "/")[:2] == (303, "/sign-in")


def test_the_groups_of_the_claim_decide_the_teams(client: Client, provider: Provider) -> None:
    provider.person = {"sagemaker:groups": ["drivers"]}
    assert signed_in(client, provider)[0] == 200
    assert "No team of yours" in client.ask("GET", "/")[2]
    assert client.ask("GET", "/jobs/pets")[:2] == (303, "/?done")


def test_claims_may_come_from_userinfo(client: Client, provider: Provider) -> None:
    provider.told = {**provider.claims(), "sagemaker:groups": ["radiologists"]}
    provider.person = dict.fromkeys(
        ("sagemaker:groups", "sagemaker:name", "sagemaker:sub", "sagemaker:client_id")
    )
    assert signed_in(client, provider)[0] == 200
    assert "pets" in client.ask("GET", "/")[2]


def test_a_userinfo_answer_of_somebody_else_is_refused(
    client: Client, provider: Provider
) -> None:
    provider.person = {"sagemaker:groups": None}
    provider.told = {**provider.claims(), "sub": "bob"}
    status, _, text = signed_in(client, provider)
    assert status == 400
    assert "somebody else" in text


OTHER_KEY = ECKey.generate_key("P-256", {"kid": "one"})


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        pytest.param({"nonce": "stale"}, "nonce differs", id="nonce"),
        pytest.param({"nonce": None}, "nonce differs", id="no-nonce"),
        pytest.param({"iss": "https://evil.example"}, "iss", id="issuer"),
        pytest.param({"aud": "another"}, "aud", id="audience"),
        pytest.param({"aud": ["portal", "x"], "azp": "x"}, "made for x", id="authorized-party"),
        pytest.param({"exp": 1}, "expired", id="expired"),
        pytest.param({"exp": None}, "exp", id="no-expiry"),
        pytest.param({"sub": ""}, "sub", id="no-subject"),
        pytest.param({"key": OTHER_KEY}, "proves nothing", id="signature"),
        pytest.param({"sagemaker:name": ""}, "sagemaker:name", id="no-name"),
        pytest.param({"sagemaker:client_id": "x"}, "client_id is x", id="client"),
    ],
)
def test_a_token_that_proves_nothing_signs_nobody_in(
    client: Client, provider: Provider, claims: dict[str, Any], words: str
) -> None:
    provider.person |= claims
    status, _, text = signed_in(client, provider)
    assert status == 400
    assert words in text
    assert client.ask("GET", "/")[:2] == (303, "/sign-in")


def test_an_unsigned_token_signs_nobody_in(client: Client, provider: Provider) -> None:
    head, claims, _ = provider.token(nonce="x").split(".")
    bare = "eyJhbGciOiJub25lIn0"
    assert head != bare
    provider.answers["/token"] = lambda: said({"id_token": f"{bare}.{claims}."})
    assert signed_in(client, provider)[0] == 400
    provider.answers["/token"] = lambda: said({"access_token": "x"})
    assert "no ID token" in signed_in(client, provider)[2]


def test_a_sign_in_is_good_for_one_answer_of_one_browser(
    client: Client, provider: Provider
) -> None:
    asked = begun(client, provider)
    stranger = Client(f"http://{client.place}")
    assert returned(stranger, provider, asked)[0] == 400
    assert client.ask("GET", f"{RETURN}?code=code-0&state=guessed")[0] == 400
    assert client.ask("GET", RETURN)[0] == 400
    assert returned(client, provider, asked)[0] == 200
    assert returned(client, provider, asked)[0] == 400


def test_a_sign_in_ends_by_itself() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    browser = attempts.begin(Invitation("", "state", "", "", ""))
    now[0] = ATTEMPT_SECONDS + 1
    with pytest.raises(InputError, match="too long"):
        attempts.take("state", browser)


def test_sign_ins_that_never_end_do_not_pile_up() -> None:
    attempts = Attempts(lambda: 0.0)
    held = [attempts.begin(Invitation("", f"s{n}", "", "", "")) for n in range(1200)]
    with pytest.raises(InputError, match="not begun here"):
        attempts.take("s0", held[0])
    assert attempts.take("s1199", held[1199]).state == "s1199"


def test_a_refusal_of_the_provider_is_told_and_escaped(
    client: Client, provider: Provider
) -> None:
    state = begun(client, provider)["state"]
    query = f"error=access_denied&error_description=%3Cb%3Eno&state={state}"
    status, _, text = client.ask("GET", f"{RETURN}?{query}")
    assert status == 403
    assert "&lt;b&gt;no" in text


def test_the_code_is_exchanged_with_the_secret_and_its_proof(
    client: Client, provider: Provider
) -> None:
    asked = begun(client, provider)
    returned(client, provider, asked)
    [form] = provider.used
    assert form["client_secret"] == SECRET
    assert form["code_verifier"] not in asked.values()
    returned(client, provider, begun(client, provider) | {"code_challenge": "another"})
    assert client.ask("GET", "/sign-in")[0] == 200


def test_a_wrong_secret_is_the_providers_to_refuse(
    make_job: MakeJob, provider: Provider
) -> None:
    with opened(make_job([{"source": "purrs"}]), party(provider, "wrong")) as url:
        client = Client(url)
        status, _, text = signed_in(client, provider)
    assert status == 400
    assert "invalid_client" in text
    assert "wrong" not in text


def test_the_secret_goes_nowhere_else(client: Client, provider: Provider) -> None:
    provider.answers["/token"] = lambda: moved("https://evil.example/token")
    status, _, text = signed_in(client, provider)
    assert status == 400
    assert "must answer itself" in text


def test_another_name_of_this_machine_is_led_to_the_one_that_cookies_are_for(
    client: Client,
) -> None:
    other = f"localhost:{client.place.rpartition(':')[2]}"
    found = client.ask("GET", "/sign-in/provider", Host=other)
    assert found[:2] == (303, f"http://{client.place}/sign-in/provider")


def test_signing_out_ends_both_sessions(client: Client, provider: Provider) -> None:
    signed_in(client, provider)
    before = dict(client.cookies)
    place = client.ask("POST", "/sign-out", {"csrf": client.csrf()})[1]
    text = client.ask("GET", place)[2]
    assert f"{provider.url}/logout?client_id=portal&amp;post_logout_redirect_uri=" in text
    client.cookies = before
    assert client.ask("GET", "/")[:2] == (303, "/sign-in")


# --- the command


@pytest.fixture
def crowd(local: Run, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET", SECRET)
    flags = ("--discover", provider.url, "--oidc-client-id", "portal", "--allow-loopback")
    secret = ("--oidc-client-secret", "env:PORTAL_SECRET")
    done = local("workforce", "create", "crowd", *flags, *secret, "--yes")
    assert done.code == 0, done.err


@pytest.mark.usefixtures("crowd")
def test_the_command_takes_only_the_secret_of_the_workforce(
    local: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_SECRET", "forgotten")
    done = local("local", "portal", "--oidc-client-secret", "env:PORTAL_SECRET")
    assert done.code == 2
    assert "not the one that the workforce was made with" in done.err
    assert "forgotten" not in done.err


def test_the_command_needs_a_workforce_with_a_provider(local: Run) -> None:
    done = local("local", "portal", "--oidc-client-secret", "x")
    assert done.code == 2
    assert "no workforce in us-east-1 has an OidcConfig" in done.err


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("has_secret", [True, False], ids=["secret", "no-secret"])
def test_the_command_says_where_people_sign_in(
    home: Path, provider: Provider, has_secret: bool
) -> None:
    command = [sys.executable, "-m", "sagectl", "local", "portal", "--allow-loopback"]
    if has_secret:
        command += ["--oidc-client-secret", "env:PORTAL_SECRET"]
    environ = os.environ | {"SAGECTL_HOME": str(home)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = Client(url)
        provider.allowed = [url + RETURN]
        text = client.ask("GET", "/sign-in")[2]
        if has_secret:
            assert signed_in(client, provider)[0] == 200
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=10)[1]
    assert (provider.url in text) is has_secret
    assert ("has to allow" in told) is has_secret
    assert ("keeps no client secret" in told) is not has_secret
    assert SECRET not in told
