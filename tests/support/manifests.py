"""Manifests that the planes accept, for tests to vary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WORKFORCE = """\
kind: Workforce
name: crowd
spec:
  OidcConfig:
    ClientId: portal
    ClientSecret: not-to-be-seen
    Issuer: https://id.example.com
    AuthorizationEndpoint: https://id.example.com/authorize
    TokenEndpoint: https://id.example.com/token
    UserInfoEndpoint: https://id.example.com/userinfo
    LogoutEndpoint: https://id.example.com/logout
    JwksUri: https://id.example.com/jwks
  SourceIpConfig:
    Cidrs: [203.0.113.0/24, 198.51.100.0/24]
"""
TEAM = """\
kind: Workteam
name: radiology
spec:
  WorkforceName: crowd
  Description: Reads scans
  MemberDefinitions:
    - OidcMemberDefinition:
        Groups: [doctors, nurses]
"""
JOB = """\
kind: CompilationJob
name: digits
spec:
  RoleArn: arn:aws:iam::123456789012:role/compiler
  InputConfig:
    S3Uri: s3://models/digits.tar.gz
    Framework: ONNX
    DataInputConfig: {image: [1, 64]}
  OutputConfig:
    S3OutputLocation: s3://models/compiled
    TargetPlatform: {Os: LINUX, Arch: X86_64}
  StoppingCondition:
    MaxRuntimeInSeconds: 900
"""


def document_set(*documents: str) -> str:
    """Several documents as one file."""
    return "---\n".join(documents)


def manifest(folder: Path, *documents: str, name: str = "set.yaml") -> str:
    """A file in ``folder`` with these documents; gives its path."""
    path = folder / name
    path.write_text(document_set(*documents), encoding="utf-8")
    return str(path)
