"""Plans as people and programs read them."""

from __future__ import annotations

from pathlib import Path

from sagectl.catalog.kinds import COMPILATION_JOB_KIND, WORKFORCE_KIND, WORKTEAM_KIND
from sagectl.manifest.document import Document
from sagectl.plan.change import ABSENT, Action, Change, FieldChange, Plan, Transfer
from sagectl.render.plan_view import plan_lines, report

PLAN = Plan(
    (
        Change(
            Action.UPDATE,
            WORKFORCE_KIND,
            Document("Workforce", "crowd"),
            "us-east-1",
            fields=(
                FieldChange("SourceIpConfig.Cidrs", ["10.0.0.0/8"], ["10.1.0.0/16"]),
                FieldChange("OidcConfig.Scope", ABSENT, "openid"),
                FieldChange("OidcConfig.ClientSecret", "old", "new", is_secret=True),
            ),
        ),
        Change(Action.UNCHANGED, WORKTEAM_KIND, Document("Workteam", "r"), "us-east-1"),
        Change(
            Action.CREATE,
            COMPILATION_JOB_KIND,
            Document("CompilationJob", "digits"),
            "us-east-1",
            uploads=(Transfer(Path("/m/digits.onnx"), "s3://b/abc/digits.tar.gz"),),
        ),
        Change(
            Action.FAILED,
            COMPILATION_JOB_KIND,
            Document("CompilationJob", "old"),
            "us-east-1",
            reason="FAILED: no memory",
        ),
    )
)


def plain(text: str, _: str) -> str:
    return text


def test_a_plan_shows_each_change_and_counts_them() -> None:
    assert list(plan_lines(PLAN, plain)) == [
        "~ workforce/crowd",
        '    SourceIpConfig.Cidrs: ["10.0.0.0/8"] -> ["10.1.0.0/16"]',
        '    OidcConfig.Scope: (none) -> "openid"',
        "    OidcConfig.ClientSecret: (secret) -> (secret)",
        "+ compilationjob/digits",
        "    digits.onnx -> s3://b/abc/digits.tar.gz",
        "! compilationjob/old  (FAILED: no memory)",
        "1 to create, 1 to update, 1 unchanged, 1 failed before.",
    ]


def test_verbose_shows_what_stays() -> None:
    assert "= workteam/r" in list(plan_lines(PLAN, plain, verbose=True))


def test_an_empty_plan_says_so() -> None:
    assert list(plan_lines(Plan(()), plain)) == ["Nothing to do."]


def test_a_program_gets_the_fields_without_secrets() -> None:
    value = report(PLAN).value()

    fields = value["Changes"][0]["Fields"]
    assert fields[0]["Before"] == ["10.0.0.0/8"]
    assert "Before" not in fields[1]
    assert fields[2] == {
        "Path": "OidcConfig.ClientSecret",
        "Before": "(secret)",
        "After": "(secret)",
    }
    assert value["Summary"]["unchanged"] == 1
