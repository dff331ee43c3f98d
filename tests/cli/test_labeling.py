"""Labeling jobs from the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

FLAGS = (
    *("--label-attribute", "box", "--manifest", "s3://scans/in.manifest"),
    *("--output-to", "s3://scans/out", "--role-arn", "arn:aws:iam::123456789012:role/labeler"),
    *("--workteam", "radiology", "--template", "s3://scans/box.liquid"),
    *("--title", "Draw boxes", "--instructions", "Draw a box around each nodule."),
)


def test_task_types_lists_every_task_with_its_arns(local: Run) -> None:
    found = local("labeling", "task-types", "--region", "eu-west-1", "-o", "json")
    rows = json.loads(found.out)["TaskTypes"]
    assert len(rows) == 22
    assert rows[0]["PreHumanTaskLambdaArn"].startswith("arn:aws:lambda:eu-west-1:568282634449:")


def test_task_types_names_the_regions_where_there_are_any(local: Run) -> None:
    found = local("labeling", "task-types", "--region", "eu-north-1")
    assert found.code == 2
    assert "there are no built-in tasks in eu-north-1" in found.err


def test_a_task_type_flag_sets_what_other_flags_do_not(local: Run) -> None:
    found = local(
        *("labeling", "create", "boxes", *FLAGS, "--task-type", "BoundingBox"),
        *("--workers-per-object", "2", "--dry-run", "-o", "json"),
    )
    task = json.loads(found.out)["spec"]["HumanTaskConfig"]
    assert task["NumberOfHumanWorkersPerDataObject"] == 2
    assert task["TaskTimeLimitInSeconds"] == 3600
    assert task["PreHumanTaskLambdaArn"].endswith(":PRE-BoundingBox")


def test_a_task_type_flag_brings_a_template_where_none_is_given(local: Run) -> None:
    at = FLAGS.index("--template")
    bare = (*FLAGS[:at], *FLAGS[at + 2 :])
    for flags, ending in ((bare, "BoundingBox.liquid"), (FLAGS, "s3://scans/box.liquid")):
        found = local(
            *("labeling", "create", "boxes", *flags, "--task-type", "BoundingBox"),
            *("--dry-run", "-o", "json"),
        )
        assert found.code == 0, found.err
        shown = json.loads(found.out)["spec"]["HumanTaskConfig"]["UiConfig"]["UiTemplateS3Uri"]
        assert (shown["upload"] if isinstance(shown, dict) else shown).endswith(ending)


def test_a_wrong_task_type_flag_is_refused(local: Run) -> None:
    found = local("labeling", "create", "boxes", *FLAGS, "--task-type", "BoundigBox", "--yes")
    assert found.code == 2
    assert "Did you mean 'BoundingBox'?" in found.err


def test_apply_and_diff_take_the_shorthand(local: Run, tmp_path: Path) -> None:
    from tests.support.manifests import TEAM, WORKFORCE, manifest

    job = """\
kind: LabelingJob
name: boxes
spec:
  LabelAttributeName: box
  InputConfig: {DataSource: {S3DataSource: {ManifestS3Uri: s3://scans/in.manifest}}}
  OutputConfig: {S3OutputPath: s3://scans/out}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  HumanTaskConfig:
    TaskType: BoundingBox
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: s3://scans/box.liquid}
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule.
"""
    path = manifest(tmp_path, WORKFORCE, TEAM, job)
    assert local("apply", "-f", path, "--yes").code == 0
    assert local("diff", "-f", path).code == 0


BAD = """\
kind: LabelingJob
name: boxes
spec:
  LabelAttributeName: box
  InputConfig: {DataSource: {S3DataSource: {ManifestS3Uri: {upload: in.manifest}}}}
  OutputConfig: {S3OutputPath: s3://scans/out}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  LabelCategoryConfigS3Uri: {upload: labels.json}
  HumanTaskConfig:
    TaskType: BoundingBox
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: {upload: box.liquid}}
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule.
"""
VERBS = {
    "validate": ("validate", "-f", "job.yaml"),
    "apply": ("apply", "-f", "team.yaml", "-f", "job.yaml", "--yes"),
    "create": ("labeling", "create", "-f", "job.yaml", "--yes"),
}


def with_bad_data(folder: Path) -> None:
    from tests.support.manifests import TEAM, WORKFORCE, manifest

    manifest(folder, WORKFORCE, TEAM, name="team.yaml")
    manifest(folder, BAD, name="job.yaml")
    (folder / "in.manifest").write_text('{"source-ref": "s3://scans/1.png"}\nnope\n')
    (folder / "labels.json").write_text('{"document-version": "2018-11-28", "labels": []}')
    (folder / "box.liquid").write_text("{{ foo }}")


@pytest.mark.parametrize("verb", VERBS)
def test_bad_data_is_found_before_anything_is_sent(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    with_bad_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    if verb == "create":
        local("apply", "-f", "team.yaml", "--yes")
    found = local(*VERBS[verb])
    assert found.code == 2
    for place in ("in.manifest:2:1", "labels.json:1:", "box.liquid:1:1", "box.liquid:1:4"):
        assert place in found.err
    assert local("labeling", "list", "-o", "name").out == ""


def test_validate_asks_for_the_objects_if_told_to(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_bad_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    found = local("validate", "-f", "job.yaml", "--check-objects")
    assert "s3://scans/1.png does not exist" in found.err


def test_files_in_s3_are_read_before_a_job_is_made(local: Run, home: Path) -> None:
    from sagectl.controlplane.objects import ObjectStore

    source = home.parent / "in.manifest"
    source.write_text("nope\n")
    ObjectStore(home).put("s3://scans/in.manifest", source)
    found = local("labeling", "create", "boxes", *FLAGS, "--task-type", "BoundingBox", "--yes")
    assert found.code == 2
    assert "s3://scans/in.manifest:1:1" in found.err


TEXTS = """\
kind: LabelingJob
name: pets
spec:
  LabelAttributeName: pet
  InputConfig: {DataSource: {S3DataSource: {ManifestS3Uri: {upload: texts.manifest}}}}
  OutputConfig: {S3OutputPath: s3://pets/out}
  RoleArn: arn:aws:iam::123456789012:role/labeler
  LabelCategoryConfigS3Uri: {upload: pets.json}
  HumanTaskConfig:
    TaskType: TextMultiClass
    WorkteamArn: {ref: Workteam/radiology}
    UiConfig: {UiTemplateS3Uri: {upload: pets.liquid}}
    TaskTitle: Which pet?
    TaskDescription: Say which pet does this.
    NumberOfHumanWorkersPerDataObject: 2
"""
TEMPLATE = """\
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-classifier name="pet" categories="{{ task.input.labels | to_json | escape }}">
    <classification-target>{{ task.input.taskObject }}</classification-target>
  </crowd-classifier>
</crowd-form>
"""


@pytest.fixture
def pets(local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local job with two texts to label, two workers each."""
    from tests.support.manifests import TEAM, WORKFORCE, manifest

    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.manifest").write_text('{"source": "purrs"}\n{"source": "barks"}\n')
    rows = [{"label": "cat"}, {"label": "dog"}]
    (tmp_path / "pets.json").write_text(
        json.dumps({"document-version": "2018-11-28", "labels": rows})
    )
    (tmp_path / "pets.liquid").write_text(TEMPLATE)
    manifest(tmp_path, WORKFORCE, TEAM, TEXTS)
    assert local("apply", "-f", "set.yaml", "--yes").code == 0
    return tmp_path


def answers(folder: Path, *rows: tuple[object, str, str]) -> None:
    lines = (
        json.dumps({"object": what, "worker": who, "answer": {"label": label}, "seconds": 4})
        for what, who, label in rows
    )
    (folder / "answers.jsonl").write_text("\n".join(lines))


def test_annotate_takes_a_job_to_its_end(local: Run, pets: Path) -> None:
    answers(pets, (0, "ann", "cat"), ("barks", "ann", "dog"), (0, "bob", "cat"))
    found = local("local", "annotate", "pets", "answers.jsonl", "--yes", "-o", "json")
    assert "3 answers taken, 1 objects left" in found.err
    assert json.loads(found.out)["LabelCounters"]["HumanLabeled"] == 1
    answers(pets, (1, "bob", "dog"))
    found = local("local", "annotate", "pets", "answers.jsonl", "--yes", "-o", "json")
    assert json.loads(found.out)["LabelingJobStatus"] == "Completed"
    assert local("wait", "labelingjob/pets").code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("nope", "Expecting value", id="no-json"),
        pytest.param("[]", "not a JSON object", id="list"),
        pytest.param("{}", "there is no object and no worker and no answer", id="empty"),
        pytest.param(
            '{"object": "meows", "worker": "ann", "answer": {}}',
            "the job has no object 'meows'",
            id="unknown-object",
        ),
        pytest.param(
            '{"object": 0, "worker": "", "answer": {}}', "worker must be a name", id="nobody"
        ),
        pytest.param(
            '{"object": 0, "worker": "ann", "answer": 3}',
            "answer must be an object",
            id="answer",
        ),
        pytest.param(
            '{"object": 0, "worker": "ann", "answer": {"label": "fish"}}',
            "'fish' is not one of the labels",
            id="label",
        ),
        pytest.param(
            '{"object": 0, "worker": "ann", "answer": {}, "seconds": -1}',
            "seconds must be a number",
            id="seconds",
        ),
        pytest.param(
            '{"object": 0, "worker": "ann", "answer": {}, "seconds": 1e300}',
            "seconds must be a number",
            id="ages",
        ),
        pytest.param(
            '{"object": 0, "worker": "ann", "answer": {"label": "cat"}, "seconds": NaN}',
            "has NaN",
            id="no-number",
        ),
        pytest.param(
            f'{{"object": {10**30}, "worker": "ann", "answer": {{"label": "cat"}}}}',
            "there is no object 1000",
            id="vast-object",
        ),
        pytest.param(
            '{"object": 0, "worker": "a\\nb", "answer": {}}', "must be a name", id="two-lines"
        ),
        pytest.param("[" * 90_000, "is nested too deep", id="deep"),
    ],
)
def test_annotate_says_which_line_is_wrong(
    local: Run, pets: Path, line: str, said: str
) -> None:
    (pets / "answers.jsonl").write_text(line)
    found = local("local", "annotate", "pets", "answers.jsonl", "--yes")
    assert found.code == 2
    assert said in found.err
    assert "\n  answers.jsonl:1:1\n" in found.err


def test_annotate_tells_all_that_is_wrong_with_a_file(local: Run, pets: Path) -> None:
    answers(pets, (0, "ann", "cat"), (7, "ann", "cat"), (1, "ann", "fish"), (0, "ann", "dog"))
    with (pets / "answers.jsonl").open("a") as lines:
        lines.write("\nnope")
    found = local("local", "annotate", "pets", "answers.jsonl")
    assert found.code == 2
    places = [row.strip() for row in found.err.splitlines() if ".jsonl:" in row]
    assert places == [f"answers.jsonl:{line}:1" for line in (2, 3, 4, 5)]
    assert local("labeling", "list", "--query", "*[].LabelCounters.HumanLabeled").out == "0\n"


def test_annotate_counts_what_is_too_much_to_tell(local: Run, pets: Path) -> None:
    (pets / "answers.jsonl").write_text("nope\n" * 500)
    found = local("local", "annotate", "pets", "answers.jsonl", "--yes")
    assert found.err.count("Expecting value") == 20
    assert "and 480 more like these" in found.err


def test_annotate_reads_a_file_that_windows_wrote(local: Run, pets: Path) -> None:
    row = {"object": 0, "worker": "ann", "answer": {"label": "cat", "note": "a\u2028b"}}
    line = json.dumps(row, ensure_ascii=False)
    (pets / "answers.jsonl").write_bytes(f"\ufeff{line}\r\n\r\n".encode())
    found = local("local", "annotate", "pets", "answers.jsonl", "--yes")
    assert "1 answers taken" in found.err


def test_annotate_needs_consent_and_a_file_that_is_there(local: Run, pets: Path) -> None:
    assert local("local", "annotate", "pets", "missing.jsonl", "--yes").code == 2
    answers(pets, (0, "ann", "cat"))
    assert local("local", "annotate", "pets", "answers.jsonl").code == 2
    assert local("local", "annotate", "others", "answers.jsonl", "--yes").code == 3


def test_people_are_made_listed_and_deleted(local: Run) -> None:
    make = ("local", "people", "create", "ann", "--password-stdin", "--yes")
    assert local(*make, "--group", "doctors", stdin="open\n").code == 0
    assert local("local", "people", "list", "-o", "name").out == "person/ann\n"
    assert local("local", "people", "delete", "ann", "--yes").code == 0
    assert local("local", "people", "delete", "ann", "--yes").code == 3
    assert local(*make, stdin="open\n").code == 2
    assert local(*make, "--group", "doctors", stdin="\n").code == 2
    assert local("local", "people", "create", "ann", "--group", "doctors").code == 2
