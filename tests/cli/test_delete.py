"""``sagectl delete``: by manifests or by names, what needs another first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def path(local: Run, tmp_path: Path) -> str:
    """A file whose three documents are live."""
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB)
    assert local("apply", "-f", path, "--yes").code == 0
    return path


def test_a_set_is_deleted_in_reverse_and_again_is_a_no_op(local: Run, path: str) -> None:
    done = local("delete", "-f", path, "--yes")
    assert done.code == 0
    assert done.err.index("workteam/radiology deleted") < done.err.index(
        "workforce/crowd deleted"
    )
    assert local("workforce", "describe", "crowd").code == 3
    again = local("delete", "-f", path, "-o", "json")
    assert again.code == 0
    reasons = {row["Reason"] for row in json.loads(again.out)["Resources"]}
    assert reasons == {"not there"}


def test_a_running_job_is_stopped_first(local: Run, path: str) -> None:
    done = local("delete", "compilationjob/digits", "--yes")
    assert done.code == 0
    assert "stopped first" in done.err
    assert local("compile", "describe", "digits").code == 3


def test_kinds_are_named_in_any_case(local: Run, path: str) -> None:
    assert local("delete", "WorkTeam/radiology", "--yes").code == 0
    assert local("workteam", "describe", "radiology").code == 3


def test_what_is_named_must_exist(local: Run, path: str) -> None:
    refused = local("delete", "workteam/radiology", "workteam/nobody", "--yes")
    assert refused.code == 3
    assert "workteam/nobody" in refused.err
    assert local("workteam", "describe", "radiology").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("pod/x",), "does not name a resource", id="unknown-kind"),
        pytest.param(("workteam",), "does not name a resource", id="no-name"),
        pytest.param((), "no manifest", id="nothing"),
        pytest.param(("workteam/x", "-f", "x.yaml"), "both -f and names", id="both"),
    ],
)
def test_bad_words_are_refused(local: Run, arguments: tuple[str, ...], message: str) -> None:
    refused = local("delete", *arguments, "--yes")
    assert refused.code == 2
    assert message in refused.err


def test_without_a_terminal_yes_must_be_said(local: Run, path: str) -> None:
    assert local("delete", "-f", path).code == 2
    assert local("workteam", "describe", "radiology").code == 0


def test_a_dry_run_deletes_nothing(local: Run, path: str) -> None:
    shown = local("delete", "-f", path, "--dry-run=server")
    assert shown.code == 0
    assert "3 to delete" in shown.out
    assert local("workteam", "describe", "radiology").code == 0


def test_a_workforce_that_others_use_stays(local: Run, path: str, tmp_path: Path) -> None:
    partly = local("delete", "-f", manifest(tmp_path, WORKFORCE, name="w.yaml"), "--yes")
    assert partly.code == 6
    assert local("workforce", "describe", "crowd").code == 0
