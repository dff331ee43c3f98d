"""The JavaScript SDK, under node, against the server."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.conftest import fetched, serving
from tests.clients.scenarios import JOB, OIDC, RECORDS, TEAM

if TYPE_CHECKING:
    from tests.conftest import Run

pytestmark = pytest.mark.clients
SCENARIOS = Path(__file__).with_name("scenarios.mjs")
KEY = "123456789012"


def seen(endpoint: str, tmp_path: Path, secret: str = "any") -> Any:
    """What the scenarios saw."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on the PATH: install Node.js 18 or newer")
    # Node looks for packages from where a script lies.
    (tmp_path / "node_modules").symlink_to(fetched("js/node_modules"))
    script = shutil.copy(SCENARIOS, tmp_path)
    said = [json.dumps(value) for value in (OIDC, TEAM, JOB)]
    done = subprocess.run(
        [node, script, endpoint, KEY, secret, *said],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_as_expected(found: Any) -> None:
    assert found["workforceArn"] == f"arn:aws:sagemaker:us-east-1:{KEY}:workforce/crowd"
    assert found["createdIsDate"]
    assert not found["secret"]
    name, message, status = found["second"]
    assert (name, status) == ("ValidationException", 400)
    assert message.startswith("Cannot create more than one workforce")
    assert found["tags"] == [{"Key": "owner", "Value": "é 雪"}]
    assert [name for page in found["pages"] for name in page] == ["a", "b", "c"]
    assert found["typed"] == [True, True]
    assert found["stopped"] == "STOPPED"
    assert found["results"] == ["train-2", "train-1", "train-0"]
    assert found["requestId"] == 36


def test_the_sdk_finds_what_it_expects(endpoint: str, tmp_path: Path) -> None:
    found = seen(endpoint, tmp_path)
    assert_as_expected(found)
    assert found["pages"] == [["a", "b"], ["c"]]
    assert found["attempts"] == 1


def test_the_sdk_outlasts_trouble_and_signs_what_is_asked(run: Run, tmp_path: Path) -> None:
    lines = "".join(f"{json.dumps(record)}\n" for record in RECORDS)
    assert run("local", "load", stdin=lines).code == 0
    keys = tmp_path / "keys"
    keys.write_text(f"[a]\naws_access_key_id={KEY}\naws_secret_access_key=right\n")
    keys.chmod(0o600)
    trouble = "seed=11,throttle=0.2,errors=0.1,empty-pages=0.4"
    with serving("--chaos", trouble, "--require-signature", str(keys)) as url:
        assert_as_expected(seen(url, tmp_path, "right"))
