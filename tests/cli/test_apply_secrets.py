"""Secrets in manifests: sent once, told from others, shown never."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


def keeping(form: str) -> str:
    return WORKFORCE.replace("ClientSecret: not-to-be-seen", f"ClientSecret: {form}")


def everything_below(home: Path) -> bytes:
    files = (item for item in home.rglob("*") if item.is_file() and "cache" not in item.parts)
    return b"".join(item.read_bytes() for item in files)


@pytest.mark.parametrize("form", ["{env: CROWD_SECRET}", "{file: secret.txt}"])
def test_a_secret_is_read_where_it_is_kept_and_told_from_another(
    local: Run, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def set_to(value: str) -> None:
        monkeypatch.setenv("CROWD_SECRET", value)
        (tmp_path / "secret.txt").write_text(f"{value}\n")

    path = manifest(tmp_path, keeping(form))
    set_to("first-value")
    said = [local("apply", "-f", path, "--yes", "-v")]
    assert said[0].code == 0
    said.append(local("diff", "-f", path, "-v"))
    assert said[1].code == 0
    set_to("second-value")
    said.append(local("diff", "-f", path, "-o", "json"))
    assert said[2].code == 1
    assert json.loads(said[2].out)["Changes"][0]["Fields"] == [
        {"Path": "OidcConfig.ClientSecret", "Before": "(secret)", "After": "(secret)"}
    ]
    said.append(local("apply", "-f", path, "--yes"))
    assert local("diff", "-f", path).code == 0
    assert "-value" not in "".join(outcome.out + outcome.err for outcome in said)
    assert b"-value" not in everything_below(home)


def test_what_is_remembered_is_readable_by_the_user_alone(
    local: Run, tmp_path: Path, home: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    assert stat.S_IMODE((home / "secrets" / "key").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700


def test_a_variable_that_is_not_set_stops_a_create(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "-f", manifest(tmp_path, keeping("{env: CROWD_SECRET}")), "--yes")
    assert refused.code == 2
    assert "CROWD_SECRET is not set" in refused.err
    assert "set.yaml:6:19" in refused.err
    assert local("workforce", "describe", "crowd").code == 3


def test_a_variable_that_is_not_set_is_a_warning_where_nothing_else_changed(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = manifest(tmp_path, keeping("{env: CROWD_SECRET}"))
    monkeypatch.setenv("CROWD_SECRET", "a-value")
    local("apply", "-f", path, "--yes")
    monkeypatch.delenv("CROWD_SECRET")
    unset = local("diff", "-f", path)
    assert unset.code == 0
    assert "warning" in unset.err
    other = manifest(tmp_path, keeping("{env: CROWD_SECRET}").replace("portal", "desk"))
    assert local("diff", "-f", other).code == 2


def test_a_secret_of_which_nothing_is_known_is_left_alone_unless_told(
    local: Run, tmp_path: Path, home: Path
) -> None:
    path = manifest(tmp_path, WORKFORCE)
    local("apply", "-f", path, "--yes")
    (home / "secrets" / "applied.json").unlink()
    unknown = local("diff", "-f", path, "-v")
    assert unknown.code == 0
    assert "OidcConfig.ClientSecret cannot be read back and is left alone" in unknown.out
    assert local("diff", "-f", path, "--set-secrets").code == 1
    assert local("apply", "-f", path, "--set-secrets", "--yes").code == 0
    assert "cannot be read back" not in local("diff", "-f", path, "-v").out


def test_a_new_secret_is_a_new_sign_in_and_waits_for_no_team(
    local: Run, tmp_path: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    refused = local("diff", "-f", manifest(tmp_path, keeping("another")))
    assert refused.code == 2
    assert "work teams: radiology" in refused.err


def test_the_local_plane_has_no_secrets_manager(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "-f", manifest(tmp_path, keeping("{secret: crowd}")), "--yes")
    assert refused.code == 2
    assert "Secrets Manager" in refused.err


def test_a_reference_to_a_secret_is_shown_as_it_was_written(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, keeping("{env: CROWD_SECRET}"))
    shown = local("apply", "-f", path, "--dry-run")
    assert "env: CROWD_SECRET" in shown.out


def test_a_secret_form_stands_only_where_a_secret_does(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, TEAM.replace("Reads scans", "{env: DESCRIPTION}"))
    refused = local("validate", "-f", path)
    assert refused.code == 2
    assert "does not take {env: …}" in refused.err


def test_a_single_workforce_takes_its_secret_the_same_way(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROWD_SECRET", "a-value")
    path = manifest(tmp_path, keeping("{env: CROWD_SECRET}"))
    assert local("workforce", "create", "-f", path, "--yes").code == 0
    assert local("diff", "-f", path).code == 0
    monkeypatch.setenv("CROWD_SECRET", "another-value")
    assert local("diff", "-f", path).code == 1
    assert local("workforce", "update", "-f", path, "--yes").code == 0
    assert local("diff", "-f", path).code == 0
