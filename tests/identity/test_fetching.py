"""Documents of servers that are not to be trusted."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from sagectl.identity.fetching import FetchError, Limits, fetched
from tests.support.provider import DISCOVERY, moved, page, said

if TYPE_CHECKING:
    from tests.support.provider import Answer, Provider

HERE = Limits(seconds=5, allows_loopback=True)


def test_an_object_is_fetched(provider: Provider) -> None:
    assert fetched(provider.url + DISCOVERY, HERE)["issuer"] == provider.url


def test_a_redirect_is_followed(provider: Provider) -> None:
    provider.answers["/old"] = lambda: moved(DISCOVERY)

    assert fetched(f"{provider.url}/old", HERE)["issuer"] == provider.url


@pytest.mark.parametrize(
    ("answer", "said_"),
    [
        pytest.param(moved("/here"), "redirects more than 3 times", id="redirects-in-a-circle"),
        pytest.param(moved("http://127.0.0.1/"), "not an https", id="redirect-to-http"),
        pytest.param(moved("https://10.0.0.1/"), "a private network", id="redirect-inside"),
        pytest.param(moved("https://169.254.169.254/"), "private network", id="metadata"),
        pytest.param(page("<!doctype html><p>Sign in"), "a web page", id="html"),
        pytest.param(page("not json"), "not with JSON", id="text"),
        pytest.param(page("[" * 100_000), "not with JSON", id="nested-json"),
        pytest.param(said([1]), "no object", id="json-list"),
        pytest.param((500, {}, b"oh"), "answers 500", id="an-error"),
        pytest.param(said({"x": "y" * (1 << 20)}), "more than 1048576 bytes", id="too-large"),
    ],
)
def test_what_is_no_answer_is_said(provider: Provider, answer: Answer, said_: str) -> None:
    provider.answers["/here"] = lambda: answer

    with pytest.raises(FetchError, match=said_):
        fetched(f"{provider.url}/here", HERE)


@pytest.mark.parametrize(
    ("url", "said_"),
    [
        pytest.param("http://id.example.com/", "not an https", id="http"),
        pytest.param("file:///etc/passwd", "not an https", id="file"),
        pytest.param("https://10.1.2.3/", "a private network", id="private"),
        pytest.param("https://[fd00::1]/", "a private network", id="private-ipv6"),
        pytest.param("https://169.254.169.254/", "a private network", id="link-local"),
        pytest.param("https://user:word@127.0.0.1/", "a user name", id="user"),
        pytest.param("https://127.0.0.1:99999/", "cannot be reached", id="port"),
        pytest.param("https://127.0.0.1:1/", "cannot be reached", id="closed"),
    ],
)
def test_where_not_to_go_is_said(url: str, said_: str) -> None:
    with pytest.raises(FetchError, match=said_):
        fetched(url, HERE)


def test_this_machine_is_reached_only_if_that_is_allowed(provider: Provider) -> None:
    with pytest.raises(FetchError, match="on this machine") as caught:
        fetched(provider.url + DISCOVERY, Limits())

    assert "--allow-loopback" in (caught.value.hint or "")


def test_a_certificate_that_is_not_trusted_is_refused(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(FetchError, match="CERTIFICATE_VERIFY_FAILED"):
        fetched(provider.url + DISCOVERY, HERE)


def test_a_slow_answer_is_given_up(provider: Provider) -> None:
    provider.answers["/slow"] = lambda: time.sleep(1.5) or said({})

    with pytest.raises(FetchError, match=r"did not answer in 0\.3 seconds"):
        fetched(f"{provider.url}/slow", HERE._replace(seconds=0.3))


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"

        with pytest.raises(FetchError, match="did not answer"):
            fetched(url, HERE._replace(seconds=0.3))
