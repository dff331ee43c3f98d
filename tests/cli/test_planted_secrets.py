"""Secrets are planted wherever one may be given, and then looked for in all that is left."""

from __future__ import annotations

import gzip
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Outcome, Run

PLANTED = "pl4nted/Secret+Value=="
OTHER = "an0ther/Secret+Value=="
PASSWORD = "op3n-sesame-Secret"
CLEAR = WORKFORCE.replace("not-to-be-seen", PLANTED)
NAMED = WORKFORCE.replace("not-to-be-seen", "{env: PLANTED}")
CREATE = (
    *("workforce", "create", "crowd", "--oidc-client-id", "portal"),
    *("--oidc-client-secret", PLANTED, "--oidc-issuer", "https://id.example.com"),
    *("--oidc-authorization-endpoint", "https://id.example.com/authorize"),
    *("--oidc-token-endpoint", "https://id.example.com/token"),
    *("--oidc-user-info-endpoint", "https://id.example.com/userinfo"),
    *("--oidc-logout-endpoint", "https://id.example.com/logout"),
    *("--oidc-jwks-uri", "https://id.example.com/jwks"),
)


class Watched:
    """A shell whose output is kept, and a folder in which all that it writes ends."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self.folder = folder
        self.said = ""

    def __call__(self, *args: str, stdin: str | None = None) -> Outcome:
        done = self._run(*args, stdin=stdin)
        self.said += f"\n$ {args[:3]}\n{done.out}{done.err}"
        return done

    def leaks(self, *given: str) -> list[str]:
        """Where a secret is to be read, but for the files that it was written in."""
        found = [secret for secret in (PLANTED, OTHER, PASSWORD) if secret in self.said]
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and str(path) not in given:
                for name, content in contents(path):
                    found += [
                        f"{name}: {secret}"
                        for secret in (PLANTED, OTHER, PASSWORD)
                        if secret.encode() in content
                    ]
        return found


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    yield str(path), path.read_bytes()
    if path.name.endswith(".tar.gz"):
        yield str(path), gzip.decompress(path.read_bytes())
    if path.name.endswith((".tar", ".tar.gz")):
        with tarfile.open(path) as archive:
            yield f"{path} (names)", "\n".join(archive.getnames()).encode()


@pytest.fixture
def shell(local: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setenv("PLANTED", PLANTED)
    return Watched(local, tmp_path)


@pytest.mark.parametrize("form", [CLEAR, NAMED], ids=["written", "named"])
def test_a_set_goes_all_its_ways(
    shell: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    path = manifest(tmp_path, form, TEAM)
    plan, events = str(tmp_path / "plan.json"), str(tmp_path / "events.jsonl")
    reports = [f"--report={kind}={tmp_path / kind}" for kind in ("junit", "sarif")]

    shell("validate", "-f", path, *reports, "--debug")
    shell("diff", "-f", path, "-o", "json", "--full", "--save-plan", plan)
    assert shell("apply", "-f", path, "--yes", "--events", events, *reports, "-v").code == 0
    for output in ("table", "wide", "json", "yaml", "jsonl", "csv", "tsv"):
        shell("workforce", "describe", "crowd", "-o", output)
        shell("workforce", "list", "-o", output)
        shell("diff", "-f", path, "-o", output, "--full")
    monkeypatch.setenv("PLANTED", OTHER)
    changed = manifest(tmp_path, form.replace(PLANTED, OTHER), TEAM, name="changed.yaml")
    shell("diff", "-f", changed, "--full")
    shell("apply", "-f", changed, "--yes", "--recreate")
    shell("export", "--all")
    shell("local", "events")
    shell("local", "status", "-o", "json")
    assert shell("local", "backup", str(tmp_path / "backup.tar.gz")).code == 0
    shell("delete", "-f", changed, "--yes", "-o", "json")

    assert "workforce/crowd" in shell.said
    assert shell.leaks(path, changed) == []


def test_flags_go_all_their_ways(shell: Watched) -> None:
    for output in ("yaml", "json"):
        shell(*CREATE, "--dry-run", "-o", output)
        shell(*CREATE, "--dry-run=server", "-o", output)
    shell(*CREATE, "--oidc-issuer", "no-url", "--yes", "--debug")
    shell(*CREATE, "--no-such-flag", "--yes")
    shell(*CREATE)
    assert shell(*CREATE, "--yes").code == 0
    shell(*CREATE, "--yes", "--debug")
    shell("workforce", "update", "crowd", "--oidc-client-secret", OTHER, "--yes", "--debug")

    assert shell.leaks() == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(f"{PLANTED}: x", id="a-key-of-that-name"),
        pytest.param(f"{{secret: {PLANTED}, env: x}}", id="two-forms"),
        pytest.param(f"[{PLANTED}]", id="a-list"),
        pytest.param(f"{PLANTED * 200}", id="too-long"),
        pytest.param(f"{PLANTED} é", id="letters"),
        pytest.param(f'"{PLANTED}', id="a-quote-that-does-not-end"),
        pytest.param(f"*{PLANTED}", id="an-alias"),
        pytest.param(f"!{PLANTED} x", id="a-tag"),
    ],
)
def test_mistakes_are_told_without_the_secret_beside_them(
    shell: Watched, tmp_path: Path, broken: str
) -> None:
    path = manifest(
        tmp_path, WORKFORCE.replace("ClientSecret: not-to-be-seen", "ClientSecret: " + broken)
    )
    reports = [f"--report={kind}={tmp_path / kind}" for kind in ("junit", "sarif")]

    refused = shell("validate", "-f", path, *reports)
    shell("validate", "-f", path, "-o", "json")
    shell("apply", "-f", path, "--yes", "--debug")

    assert refused.code == 2
    assert shell.leaks(path) == []


def test_passwords_of_people_are_kept_as_hashes(shell: Watched, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email,name,groups\nann@example.com,Ann,doctors\n")
    line = f"{PASSWORD}\n"

    shell(
        "local", "people", "create", "bob", "--group=x", "--password-stdin", "--yes", stdin=line
    )
    shell("workforce", "sync", "-f", str(people), "--password-stdin", "--yes", stdin=line)
    shell("local", "people", "list", "-o", "json")

    assert "ann@example.com" in shell.said
    assert shell.leaks() == []


def test_the_wire_leaves_nothing_behind(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Watched(run, tmp_path)
    monkeypatch.setenv("PLANTED", PLANTED)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", OTHER)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    with served(tmp_path) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER", url)
        path = manifest(tmp_path, NAMED, TEAM)
        assert shell("apply", "-f", path, "--yes", "--debug", "-v").code == 0
        shell("doctor")
        shell("config", "view", "--show-origin")
        shell("workforce", "describe", "crowd", "-o", "json")

    assert shell.leaks(path) == []
