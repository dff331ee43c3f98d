"""``sagectl config`` and ``sagectl help``: which settings are in force, and what they mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.cli.topics import TOPICS
from sagectl.errors import EXIT_CODES
from sagectl.settings import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

FILE = """\
region = "eu-central-1"
output = "json"
[profiles.staging]
region = "eu-west-1"
profile = "acme"
[profiles.sandbox]
backend = "local"
"""


@pytest.fixture
def written(home: Path) -> Path:
    home.mkdir()
    (home / "config.toml").write_text(FILE)
    return home / "config.toml"


def settings(run: Run, *args: str) -> dict[str, tuple[object, str]]:
    done = run("config", "view", "--show-origin", "-o", "json", *args)
    assert done.code == 0, done.err
    rows = json.loads(done.out)["Settings"]
    return {row["Setting"]: (row.get("Value"), row["Origin"]) for row in rows}


def test_each_value_tells_where_it_comes_from(
    run: Run, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGECTL_STRICT", "true")

    found = settings(run, "--color", "never")

    assert found["region"] == ("eu-central-1", str(written))
    assert found["strict"] == (True, "SAGECTL_STRICT")
    assert found["color"] == ("never", "--color")
    assert found["progress"] == ("auto", "default")


def test_a_profile_of_the_file_goes_before_its_top(run: Run, written: Path) -> None:
    found = settings(run, "--profile", "staging")

    assert found["region"] == ("eu-west-1", f"{written} [profiles.staging]")
    assert found["profile"][0] == "acme"


def test_a_profile_of_the_file_may_come_from_the_environment(
    run: Run, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGECTL_PROFILE", "sandbox")

    found = settings(run)

    assert found["backend"] == ("local", f"{written} [profiles.sandbox]")
    assert found["profile"][0] is None


def test_flags_and_environment_go_before_a_profile(
    run: Run, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")

    assert settings(run, "--profile", "staging")["region"] == ("us-west-2", "AWS_REGION")
    flagged = settings(run, "--profile", "staging", "--region", "us-east-2")
    assert flagged["region"] == ("us-east-2", "--region")


def test_any_other_profile_is_one_of_aws(run: Run, written: Path) -> None:
    assert settings(run, "--profile", "other")["profile"] == ("other", "--profile")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("regon = 'x'", "'regon' is not a setting", id="setting"),
        pytest.param("[profiles.a]\nregon = 'x'", "'regon' is not a setting", id="profile"),
        pytest.param("profiles = 1", "profiles are tables", id="no-table"),
        pytest.param("profiles = [1]", "profiles are tables", id="list"),
        pytest.param("[profiles]\na = 1", "profiles are tables", id="no-tables"),
        pytest.param("[", "TOML", id="toml"),
    ],
)
def test_a_file_that_says_nonsense_is_refused(
    run: Run, home: Path, text: str, said: str
) -> None:
    home.mkdir()
    (home / "config.toml").write_text(text)

    refused = run("config", "view")

    assert (refused.code, said in refused.err) == (2, True), refused.err


def test_the_places_are_told(run: Run, home: Path) -> None:
    found = json.loads(run("config", "path", "-o", "json").out)

    assert found["ConfigFile"] == str(home / "config.toml")


def test_topics_are_listed_and_told(run: Run) -> None:
    listed = run("help", "topics")
    assert listed.code == 0
    assert run("help").out == listed.out
    for name in TOPICS:
        assert name in listed.out
        told = run("help", name)
        assert (told.code, len(told.out.splitlines()) > 5) == (0, True)
        assert all(len(line) <= 100 for line in told.out.splitlines())


def test_topics_say_what_the_code_goes_by(run: Run) -> None:
    environment, codes = run("help", "environment").out, run("help", "exit-codes").out

    assert all(name in environment for names in ENVIRONMENT.values() for name in names)
    assert all(f"  {code} " in codes for code in EXIT_CODES)


def test_the_prose_of_a_topic_fits_the_screen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = run("help", "local").out

    prose, commands, _ = text.split("\n\n")
    assert max(map(len, prose.splitlines())) <= 58
    assert "  sagectl local status       what is in it, and where it is" in commands


def test_help_of_a_command_is_what_its_flag_shows(run: Run) -> None:
    assert run("help", "workteam", "create").out == run("workteam", "create", "--help").out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param(("manifest",), "Did you mean manifests?", id="topic"),
        pytest.param(("workteam", "creat"), "Did you mean create?", id="command"),
        pytest.param(("zzz",), "See sagectl help topics.", id="neither"),
    ],
)
def test_what_is_no_topic_gets_the_nearest(run: Run, words: tuple[str, ...], hint: str) -> None:
    refused = run("help", *words)

    assert (refused.code, hint in refused.err) == (2, True)
