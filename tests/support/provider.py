"""A small OpenID Connect provider on this machine, over TLS with a certificate of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CLIENT, SECRET = "portal", "not-to-be-seen"
DISCOVERY = "/.well-known/openid-configuration"
Answer = tuple[int, dict[str, str], bytes]


class Asked(NamedTuple):
    """A request: the fields of its query and of its form, and its bearer token."""

    query: dict[str, str]
    form: dict[str, str]
    bearer: str


class Provider:
    """Signs people in; ``answers`` maps paths to what is said there, for tests to change.

    ``person`` overrides what tokens say, ``told`` is what userinfo does; ``allowed`` are the
    redirect URLs of the client. A page asks for consent unless ``is_silent``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.document = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "end_session_endpoint": f"{url}/logout",
            "jwks_uri": f"{url}/jwks",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "email"],
        }
        self.allowed: list[str] = []
        self.person: dict[str, Any] = {}
        self.told: dict[str, Any] = {"sub": "ann"}
        self.is_silent = True
        self.codes: dict[str, dict[str, str]] = {}
        self.used: list[dict[str, str]] = []
        self.doors: dict[tuple[str, str], Callable[[Asked], Answer]] = {
            ("GET", "/authorize"): self.authorize,
            ("POST", "/token"): self.exchange,
            ("GET", "/userinfo"): self.userinfo,
            ("GET", "/logout"): self.logout,
        }
        self.answers: dict[str, Callable[[], Answer]] = {
            "/favicon.ico": lambda: (204, {}, b""),
            DISCOVERY: lambda: said(self.document),
            "/jwks": lambda: said({"keys": [self.key.as_dict(private=False)]}),
        }

    def config(self) -> dict[str, str]:
        """The provider as OidcConfig."""
        return {
            "ClientId": CLIENT,
            "ClientSecret": SECRET,
            "Issuer": self.url,
            "AuthorizationEndpoint": f"{self.url}/authorize",
            "TokenEndpoint": f"{self.url}/token",
            "UserInfoEndpoint": f"{self.url}/userinfo",
            "LogoutEndpoint": f"{self.url}/logout",
            "JwksUri": f"{self.url}/jwks",
        }

    def claims(self, **other: Any) -> dict[str, Any]:
        """What a token says of Ann, a doctor."""
        return {
            "iss": self.url,
            "aud": CLIENT,
            "exp": int(time.time()) + 600,
            "sub": "ann",
            "sagemaker:groups": ["doctors"],
            "sagemaker:sub": "ann",
            "sagemaker:client_id": CLIENT,
            "sagemaker:name": "Ann",
        } | {name.replace("__", ":"): value for name, value in other.items()}

    def token(self, key: ECKey | None = None, **other: Any) -> str:
        header = {"alg": "ES256", "kid": "one"}
        return jwt.encode(header, self.claims(**other), key or self.key)

    # --- authorization codes, as OpenID Connect Core 1.0 has them

    def authorize(self, asked: Asked) -> Answer:
        query = asked.query
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != CLIENT or redirect not in self.allowed:
            return 400, {}, b"that address is not allowed"
        if query["response_type"] != "code" or query["code_challenge_method"] != "S256":
            return moved(f"{redirect}?{urlencode({'error': 'invalid_request'})}")
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        back = f"{redirect}?{urlencode({'code': code, 'state': query['state']})}"
        if self.is_silent:
            return moved(back)
        return page(f'<h1>Provider</h1><a id="consent" href="{escape(back)}">Yes, I am Ann</a>')

    def exchange(self, asked: Asked) -> Answer:
        form = asked.form
        self.used.append(form)
        begun = self.codes.pop(form.get("code", ""), None)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return refused("invalid_client")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            begun is None
            or begun["redirect_uri"] != form["redirect_uri"]
            or begun["code_challenge"] != proof
        ):
            return refused("invalid_grant")
        token = self.token(**{"nonce": begun["nonce"], **self.person})
        return said({"id_token": token, "access_token": "let-me-in", "token_type": "Bearer"})

    def userinfo(self, asked: Asked) -> Answer:
        return said(self.told) if asked.bearer == "Bearer let-me-in" else (401, {}, b"")

    def logout(self, asked: Asked) -> Answer:
        back = asked.query["post_logout_redirect_uri"]
        return page(f'<h1>Signed out</h1><a id="back" href="{escape(back)}">Back</a>')


def said(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def refused(error: str) -> Answer:
    return 400, {"Content-Type": "application/json"}, json.dumps({"error": error}).encode()


def page(text: str) -> Answer:
    return 200, {"Content-Type": "text/html"}, text.encode()


def moved(url: str) -> Answer:
    return 302, {"Location": url}, b""


@contextmanager
def served(folder: Path) -> Iterator[tuple[Provider, Path]]:
    """A provider that answers until the end, and the certificate to trust it by."""
    certificate, key = _certificate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = Provider(f"https://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(provider)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider, certificate
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", "")

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._answer("POST", self.rfile.read(length).decode())

        def _answer(self, method: str, body: str) -> None:
            path, _, query = self.path.partition("?")
            if door := provider.doors.get((method, path)):
                bearer = self.headers.get("Authorization", "")
                given = Asked(dict(parse_qsl(query)), dict(parse_qsl(body)), bearer)
                status, headers, content = provider.answers.get(path, lambda: door(given))()
            else:
                answer = provider.answers.get(self.path, lambda: (404, {}, b""))
                status, headers, content = answer()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    return Handler


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "provider of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "provider.pem", folder / "provider.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret
