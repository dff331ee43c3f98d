"""The examples of every command, run as they stand, in a world that has what they name."""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sagectl.cli.main import main
from tests.cli.test_help import COMMANDS, arguments
from tests.support.manifests import WORKFORCE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# Words of an example -> why it is not run here.
ELSEWHERE = {
    "workteam notifications": "it asks Amazon SNS; tests/cli/test_notifications.py does",
    "workforce workers disable": "the local plane disables nobody",
    "workforce workers enable": "the local plane disables nobody",
    "workforce workers resend": "the local plane sends no mail",
    "workforce check": "it asks an OIDC provider; tests/cli/test_provider.py does",
    "--local workforce create crowd --discover": "it asks an OIDC provider",
    "compile matrix": "it takes minutes; tests/targets has it",
    "compile tune": "it takes minutes; tests/compiler has it",
    "--database tuned/": "it uses what tuning has found",
    "compile bench": "it takes half a minute; tests/compiler has it",
    "local serve": "it goes on until it is stopped",
    "local portal": "it goes on until it is stopped",
    "local events --follow": "it goes on until it is stopped",
    "compile logs digits --follow": "it goes on until it is stopped",
    "--local labeling watch": "it goes on until the job ends",
    "compile run out/net": "it is of a model that sees pictures; tests/runtime has them",
    "compile run out/digits-LINUX_X86_64.tar.gz --data inputs": "its archive is made in a test",
}
# A question, which may be answered with no.
ANSWERS = ("labeling verify", "--local diff", "search diff", "compile check", "compile compare")
BUILD = (
    "compile build examples/quickstart/digits.onnx --input image=1,64 "
    "--os LINUX --arch X86_64 -o out/"
)
CREATE = (
    "compile create digits --model examples/quickstart/digits.onnx --input image=1,64 "
    "--os LINUX --arch X86_64 --yes"
)
GONE = re.compile(r"--for[ =]deleted")
TEAM = """\
kind: Workforce
name: crowd
spec:
  CognitoConfig: {UserPool: us-east-1_Ab1Cd2Ef3, ClientId: portal}
  SourceIpConfig: {Cidrs: [203.0.113.0/28]}
---
kind: Workteam
name: radiology
tags: {owner: ann}
spec:
  WorkforceName: crowd
  Description: Chest X-rays
  MemberDefinitions:
    - CognitoMemberDefinition:
        {UserPool: us-east-1_Ab1Cd2Ef3, ClientId: portal, UserGroup: doctors}
    - CognitoMemberDefinition:
        {UserPool: us-east-1_Ab1Cd2Ef3, ClientId: portal, UserGroup: clerks}
"""
PEOPLE = "email,name,groups\nann@example.com,Ann,doctors\n"


def examples() -> Iterator[tuple[str, list[str]]]:
    """A name for each, and its words."""
    met: dict[str, int] = {}
    for ctx in COMMANDS:
        text = (ctx.command.help or "").replace("\\\n", " ").partition("Example")[2]
        for line in text.splitlines():
            for words in arguments(line):
                name = ctx.command_path.removeprefix("sagectl ").replace(" ", "-")
                met[name] = met.get(name, 0) + 1
                yield f"{name}-{met[name]}", words


EXAMPLES = dict(examples())


def run(*words: str, stdin: str = "open-sesame\n") -> int:
    before, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        return main(list(words))
    finally:
        sys.stdin = before


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the examples name, and a home in it with what they act on."""
    place = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("SAGECTL_HOME", str(place / "home"))
        patch.setenv("SAGECTL_BACKEND", "local")
        patch.setenv("SAGECTL_WORKERS", "0")
        files(place)
        make()
        patch.setenv("SAGECTL_WORKERS", "1")
        assert run(*CREATE.split(), "--wait") == 0
        patch.setenv("SAGECTL_HOME", str(place / "home-of-the-set"))
        assert run("apply", "-f", "examples/quickstart", "--yes", "--wait") == 0
        run("local", "stop", "--yes")
        yield place


def files(place: Path) -> None:
    import numpy as np

    shutil.copytree(ROOT / "examples", place / "examples")
    for name, text in {
        "crowd.yaml": TEAM.partition("---\n")[0],
        "team.yaml": TEAM,
        "oidc.yaml": WORKFORCE,
        "people.csv": PEOPLE,
        "people.yaml": "people:\n  - {email: ann@example.com, groups: [doctors]}\n",
        "groups.txt": "nurses\n",
        "offices.txt": "198.51.100.0/24\n",
    }.items():
        (place / name).write_text(text)
    shutil.copy(ROOT / "examples/search/records.jsonl", place)
    shutil.copy(ROOT / "examples/labeling/answers.jsonl", place)
    for name in ("reviews.manifest", "moods.json", "mood.liquid"):
        shutil.copy(ROOT / "examples/labeling" / name, place)
    job = (ROOT / "examples/labeling/job.yaml").read_text()
    (place / "job.yaml").write_text(job.replace("review-readers", "radiology"))
    np.save(place / "image.npy", np.zeros((1, 64), np.float32))


def make() -> None:
    done = [
        run("apply", "-f", "team.yaml", "--yes"),
        run("workforce", "sync", "-f", "people.csv", "--yes"),
        run("local", "load", "records.jsonl"),
        run(
            "local",
            "people",
            "create",
            "ann",
            "--group=doctors",
            *("--password-stdin", "--yes"),
        ),
        run(*BUILD.split()),
    ]
    for name in ("pets", "pets-again", "chest-x-rays", "digits"):
        text = Path("job.yaml").read_text().replace("review-moods", name)
        Path("labeling.yaml").write_text(text)
        done.append(run("labeling", "create", "-f", "labeling.yaml", "--yes"))
        if name.startswith("pets"):
            done.append(run("local", "annotate", name, "answers.jsonl", "--yes"))
    shutil.copy("out/digits-LINUX_X86_64.tar.gz", "out/digits-LINUX_ARM64.tar.gz")
    done.append(run("local", "backup", "monday.tar.gz"))
    assert done == [0] * len(done)


@pytest.fixture
def copied(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The world, for one example to change."""
    place = tmp_path / "world"
    shutil.copytree(world, place)
    monkeypatch.chdir(place)
    monkeypatch.setenv("SAGECTL_HOME", str(place / "home"))
    monkeypatch.setenv("SAGECTL_BACKEND", "local")
    monkeypatch.setenv("SAGECTL_WORKERS", "0")
    return place


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.usefixtures("copied")
def test_an_example_works_when_pasted(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = EXAMPLES[name]
    line = " ".join(words)
    if why := next((ELSEWHERE[one] for one in ELSEWHERE if one in line), None):
        pytest.skip(why)
    if GONE.search(line):
        pytest.skip("it goes on until somebody deletes what it waits for")
    prepare(line, monkeypatch)

    code = run(*words)

    told = capsys.readouterr()
    allowed = (0, 1) if any(one in line for one in ANSWERS) else (0,)
    assert code in allowed, f"sagectl {line}\n{told.err}"


def prepare(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a reader of the example has done, or not yet done, before it."""
    if "create crowd" in line or "create -f crowd" in line or "-f examples/" in line:
        run("local", "reset", "--yes")
    if "workteam create" in line:
        run("local", "reset", "--yes")
        run("apply", "-f", "oidc.yaml", "--yes")
    if "workforce delete" in line:
        run("workteam", "delete", "radiology", "--yes")
    if "invite" in line:
        run("workforce", "workers", "remove", "ann@example.com", "--yes")
    if "remove radiology --group nurses" in line:
        run("workteam", "members", "add", "radiology", "--group", "nurses", "--yes")
    if "remove crowd" in line:
        run("workforce", "addresses", "add", "crowd", "203.0.113.0/24", "--yes")
    if "ImageMultiClass" in line:
        Path("reviews.manifest").write_text('{"source-ref": "s3://scans/1.png"}\n')
    if "-o job.yaml" in line:
        Path("job.yaml").unlink()
    if "labeling wait" in line:
        run("local", "annotate", "chest-x-rays", "answers.jsonl", "--yes")
    of_set = ("local delete ", "wait compilationjob", "wait workteam/")
    if any(word in line for word in of_set):
        monkeypatch.setenv("SAGECTL_HOME", str(Path("home-of-the-set").absolute()))
    if "compile create" in line or "compile stop" in line:
        run("compile", "delete", "digits", "--yes")
    if "compile stop" in line:
        assert run(*CREATE.split()) == 0
    if "--wait" in line or "local start" in line:
        monkeypatch.setenv("SAGECTL_WORKERS", "1")
