"""Failures as people and programs read them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sagectl.diagnostics import Diagnostic, Severity, SourceSpan
from sagectl.errors import (
    CompileError,
    FindingsError,
    InputError,
    SagectlError,
    ServiceError,
)
from sagectl.render.console import Console
from sagectl.render.problem_view import problem
from sagectl.settings import Home, Settings

HOME = Home(Path("/c"), Path("/s"), Path("/h"))


def said(error: SagectlError, **settings: Any) -> str:
    console = Console(io.StringIO(), io.StringIO(), Settings(HOME, **settings), environ={})
    return problem(error, console)


@pytest.fixture
def source(tmp_path: Path) -> str:
    path = tmp_path / "team.yaml"
    path.write_text("kind: Workteam\nspec:\n\tFramework: Onnx\n" + "x" * 300 + "\n")
    return str(path)


def finding(file: str, line: int, column: int, summary: str = "is wrong", **more: Any) -> Any:
    return Diagnostic(summary, "spec.Framework", SourceSpan(file, line, column), **more)


def test_a_finding_is_what_where_and_what_to_do(source: str) -> None:
    error = FindingsError([finding(source, 3, 13, hint="Did you mean 'ONNX'?")])

    assert said(error).splitlines() == [
        "error: Framework: is wrong",
        f"  {source}:3:13  spec.Framework",
        "  3 |  Framework: Onnx",
        "    |             ^",
        "  hint: Did you mean 'ONNX'?",
    ]


def test_nothing_in_a_failure_can_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2J.yaml"
    path.write_text("name: \x1b[31mred\n")
    error = FindingsError([finding(str(path), 1, 8, "'\x1b[31m' is wrong", hint="Not \x07.")])

    assert said(error).splitlines() == [
        "error: Framework: '\\x1b[31m' is wrong",
        f"  {tmp_path}/\\x1b[2J.yaml:1:8  spec.Framework",
        "  1 | name: \N{REPLACEMENT CHARACTER}[31mred",
        "    |        ^",
        "  hint: Not \\x07.",
    ]
    assert "\x1b" not in said(InputError("there is no file \x1b[31m"))


@pytest.mark.parametrize("value", ["hunter2", "'hunter2'", "[hunter2]", "{env: hunter2}"])
def test_an_excerpt_shows_no_secret(tmp_path: Path, value: str) -> None:
    path = tmp_path / "oidc.yaml"
    path.write_text(f"OidcConfig: {{Bogus: 1, ClientSecret: {value}, Issuer: x}}\n")

    text = said(FindingsError([finding(str(path), 1, 14, "'Bogus' is not a field here")]))

    assert "{Bogus: 1, ClientSecret: " in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("form", "is_shown"),
    [
        pytest.param("{env: CROWD_SECRET}", True, id="variable"),
        pytest.param("{file: ../crowd.secret}", True, id="file"),
        pytest.param("{env: CROWD_SECRET} # was hunter2", False, id="remark"),
        pytest.param("{secret: hunter2}", False, id="perhaps-a-misunderstanding"),
        pytest.param('"{env: hunter2}"', False, id="quoted-text"),
    ],
)
def test_an_excerpt_shows_where_a_secret_is_kept(
    tmp_path: Path, form: str, is_shown: bool
) -> None:
    path = tmp_path / "oidc.yaml"
    path.write_text(f"  ClientSecret: {form}\n")

    text = said(FindingsError([finding(str(path), 1, 17)]))

    assert (form in text) == is_shown
    assert "hunter2" not in text


def test_all_findings_are_listed_errors_first_in_file_order(source: str) -> None:
    warning = finding(source, 1, 1, "first", severity=Severity.WARNING)
    error = FindingsError(
        [finding(source, 3, 1, "third"), warning, finding(source, 2, 1, "second")]
    )

    text = said(error)

    assert text.index("second") < text.index("third") < text.index("first")
    assert text.endswith("2 errors and 1 warning.")


def test_a_long_line_is_shown_around_the_place(source: str) -> None:
    lines = said(FindingsError([finding(source, 4, 200)])).splitlines()

    assert max(map(len, lines[2:])) < 100
    assert lines[3].index("^") < len(lines[2])


@pytest.mark.parametrize("line", [99, 1], ids=["past-the-end", "gone"])
def test_a_finding_stands_without_its_excerpt(source: str, line: int) -> None:
    if line == 1:
        Path(source).unlink()

    assert "|" not in said(FindingsError([finding(source, line, 1)]))


def test_verbose_names_the_rule(source: str) -> None:
    error = FindingsError([finding(source, 1, 1, rule="compile.nvidia-options")])

    assert "compile.nvidia-options" in said(error, verbose=True)
    assert "compile.nvidia-options" not in said(error)


def test_a_service_error_has_its_code_operation_and_request() -> None:
    error = ServiceError(
        "ResourceInUse",
        "taken",
        operation="CreateWorkteam",
        request_id="1-2",
        hint="Rename it.",
    )

    assert said(error).splitlines() == [
        "error: ResourceInUse: taken",
        "  CreateWorkteam, request 1-2",
        "  hint: Rename it.",
    ]


def test_a_compile_error_has_its_stage() -> None:
    error = CompileError("no such operator", stage="import", reason="operator")

    assert said(error).splitlines() == ["error: no such operator", "  stage import"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            InputError("bad", hint="Mend it."),
            {"type": "InputError", "message": "bad", "exit_code": 2, "hint": "Mend it."},
            id="input",
        ),
        pytest.param(
            ServiceError("Throttled", "slow", operation="Search"),
            {
                "type": "ServiceError",
                "message": "slow",
                "exit_code": 3,
                "code": "Throttled",
                "operation": "Search",
            },
            id="service",
        ),
        pytest.param(
            CompileError("no", stage="link", reason="linker", details={"a": 1}),
            {
                "type": "CompileError",
                "message": "no",
                "exit_code": 5,
                "stage": "link",
                "reason": "linker",
                "details": {"a": 1},
            },
            id="compile",
        ),
    ],
)
def test_json_says_it_to_programs(error: SagectlError, expected: dict[str, Any]) -> None:
    assert json.loads(said(error, output="json")) == {"error": expected}


def test_json_names_the_public_type_of_an_error() -> None:
    class PrivateError(ServiceError):
        pass

    error = json.loads(said(PrivateError("Code", "text"), output="json"))["error"]

    assert error["type"] == "ServiceError"


def test_findings_in_json_have_their_places(source: str) -> None:
    error = FindingsError([finding(source, 3, 13, rule="schema.enum")])

    (found,) = json.loads(said(error, output="json"))["error"]["findings"]

    assert found == {
        "severity": "error",
        "summary": "is wrong",
        "file": source,
        "line": 3,
        "column": 13,
        "path": "spec.Framework",
        "rule": "schema.enum",
    }
