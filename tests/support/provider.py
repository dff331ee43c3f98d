"""A small OpenID Connect provider on this machine, over TLS with a certificate of its own."""

from __future__ import annotations

import json
import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CLIENT = "portal"
DISCOVERY = "/.well-known/openid-configuration"
Answer = tuple[int, dict[str, str], bytes]


class Provider:
    """Signs tokens; ``answers`` maps paths to what is said there, for tests to change."""

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
        self.answers: dict[str, Callable[[], Answer]] = {
            DISCOVERY: lambda: said(self.document),
            "/jwks": lambda: said({"keys": [self.key.as_dict(private=False)]}),
        }

    def config(self) -> dict[str, str]:
        """The provider as OidcConfig."""
        return {
            "ClientId": CLIENT,
            "ClientSecret": "not-to-be-seen",
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
            "sagemaker:groups": ["doctors"],
            "sagemaker:sub": "ann",
            "sagemaker:client_id": CLIENT,
            "sagemaker:name": "Ann",
        } | {name.replace("__", ":"): value for name, value in other.items()}

    def token(self, key: ECKey | None = None, **other: Any) -> str:
        header = {"alg": "ES256", "kid": "one"}
        return jwt.encode(header, self.claims(**other), key or self.key)


def said(value: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


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
    server.RequestHandlerClass = _handler(provider.answers)
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


def _handler(answers: Mapping[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = answers.get(self.path, lambda: (404, {}, b""))()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

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
