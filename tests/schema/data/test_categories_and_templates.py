"""Label category files and worker templates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.errors import InputError
from sagectl.schema.data.categories import check_categories, labels
from sagectl.schema.data.template import check_template, rendered

if TYPE_CHECKING:
    from pathlib import Path

VERSION = '"document-version": "2018-11-28"'
SCRIPT = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'


def categories(folder: Path, text: str, task: str | None = "ImageMultiClass") -> list[str]:
    path = folder / "labels.json"
    path.write_text(text)
    found = check_categories(path, "labels.json", TASK_TYPES[task] if task else None)
    return [f"{one.span}: {one.summary}" for one in found]


def template(folder: Path, text: str, task: str | None = None, **more: object) -> list[str]:
    path = folder / "t.liquid"
    path.write_text(text)
    row = TASK_TYPES[task] if task else None
    found = check_template(path, "t.liquid", row, **more)  # type: ignore[arg-type]
    return [f"{one.span}: {one.summary}" for one in found]


def form(inside: str) -> str:
    return f"{SCRIPT}\n<crowd-form>\n{inside}\n</crowd-form>\n"


def test_a_file_in_order_gives_its_labels(tmp_path: Path) -> None:
    text = f'{{{VERSION}, "labels": [{{"label": "cat"}}, {{"label": "dog"}}]}}'
    assert categories(tmp_path, text) == []
    assert labels(tmp_path / "labels.json") == ("cat", "dog")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "1:2: is not JSON: ", id="no-json"),
        pytest.param("[]", "1:1: is a list", id="list"),
        pytest.param("[" * 5000, "1:1: is nested too deep", id="deep"),
        pytest.param(f"[{'9' * 5000}]", "1:1: has a number of 5000 digits", id="digits"),
        pytest.param("[NaN]", "1:1: has NaN, which is no number", id="nan"),
        pytest.param("\ufeff{}", "1:1: begins with a byte order mark", id="byte-order-mark"),
        pytest.param(
            f'{{{VERSION}, "labels": [], "labels": []}}',
            "1:1: has the key 'labels' twice",
            id="key-twice",
        ),
        pytest.param(
            f'{{{VERSION}, "labels": [{{"label": "a"}}, {{"label": "\\ud800"}}]}}',
            "1:1: has \\ud800, half a letter",
            id="half-a-letter",
        ),
        pytest.param(
            '{"labels": [{"label": "a"}, {"label": "b"}]}',
            "1:1: has no document-version",
            id="no-version",
        ),
        pytest.param(f"{{{VERSION}}}", "1:1: has no labels", id="no-labels"),
        pytest.param(
            f'{{{VERSION},\n"labels": {{}}}}', "2:1: labels must be a list", id="labels-no-list"
        ),
        pytest.param(
            f'{{{VERSION}, "labels": [{{"label": "a"}}]}}',
            "1:36: has 1 label, and a choice needs 2",
            id="one-label",
        ),
        pytest.param(
            f'{{{VERSION}, "labels": [{{"label": "a"}},\n{{"label": "a"}}]}}',
            "2:11: has the label 'a' twice",
            id="duplicate",
        ),
        pytest.param(
            f'{{{VERSION}, "labels": [{{"label": "a"}}, {{"label": ""}}]}}',
            "1:36: labels[1] has no label",
            id="empty-label",
        ),
    ],
)
def test_a_bad_category_file_is_told_with_the_place(
    tmp_path: Path, text: str, said: str
) -> None:
    [only] = categories(tmp_path, text)
    assert only.startswith(f"labels.json:{said}")


def test_more_labels_than_the_task_takes_are_told(tmp_path: Path) -> None:
    rows = [{"label": str(n)} for n in range(51)]
    text = json.dumps({"document-version": "2018-11-28", "labels": rows})
    [only] = categories(tmp_path, text, "BoundingBox")
    assert only.endswith("has 51 labels, and BoundingBox takes 50")


def test_very_many_equal_labels_are_told_in_no_time(tmp_path: Path) -> None:
    rows = [{"label": "a"}] * 20_000
    found = categories(tmp_path, json.dumps({"document-version": "2018-11-28", "labels": rows}))
    assert len(found) == 11
    assert found[0].startswith("labels.json:1:73: has the label 'a' twice")


def test_a_box_needs_only_one_label(tmp_path: Path) -> None:
    text = f'{{{VERSION}, "labels": [{{"label": "car"}}]}}'
    assert categories(tmp_path, text, "BoundingBox") == []


def test_a_template_in_order_is_passed(tmp_path: Path) -> None:
    inside = "{{ task.input.taskObject | grant_read_access }} {{ task.input.labels | to_json }}"
    assert template(tmp_path, form(inside), "BoundingBox") == []


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        pytest.param("{{ task.input.x", "3:1: is not Liquid: ", id="syntax"),
        pytest.param("{% if task.input.x %}", "4:14: is not Liquid: ", id="open-tag"),
        pytest.param(
            "{{ task.input.x | grant_acess }}",
            "3:19: uses the filter 'grant_acess'",
            id="filter",
        ),
        pytest.param("<p>{{ image }}", "3:7: image is never set", id="variable"),
        pytest.param("{{ task.data }}", "3:4: task.data is never set", id="below-task"),
    ],
)
def test_a_bad_template_is_told_with_the_place(tmp_path: Path, inside: str, said: str) -> None:
    [only] = template(tmp_path, form(inside))
    assert only.startswith(f"t.liquid:{said}")


def test_a_template_without_a_form_is_told(tmp_path: Path) -> None:
    assert template(tmp_path, f"{SCRIPT}<!-- <crowd-form> -->") == [
        "t.liquid:1:1: has no crowd-form"
    ]
    assert template(tmp_path, f"{SCRIPT}\n<crowd-form>") == [
        "t.liquid:2:1: has a crowd-form that does not end"
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{% comment %}<crowd-form></crowd-form>{% endcomment %}", id="liquid"),
        pytest.param("<!-- a --><!-- <crowd-form></crowd-form> -->", id="html"),
    ],
)
def test_a_form_in_a_comment_is_none(tmp_path: Path, text: str) -> None:
    assert template(tmp_path, SCRIPT + text) == ["t.liquid:1:1: has no crowd-form"]


def test_a_form_that_ends_before_it_begins_does_not_end(tmp_path: Path) -> None:
    assert template(tmp_path, f"{SCRIPT}</crowd-form>\n<crowd-form>") == [
        "t.liquid:2:1: has a crowd-form that does not end"
    ]


def test_a_template_of_openings_is_told_in_no_time(tmp_path: Path) -> None:
    [only] = template(tmp_path, "<!--" * 200_000)
    assert only.endswith("has no crowd-form")


def test_a_template_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    [only] = template(tmp_path, form("x" * (1 << 20)))
    assert only.startswith("t.liquid:1:1: has 1048")


def test_variables_are_held_against_the_keys_of_the_manifest(tmp_path: Path) -> None:
    text = form("{{ task.dataObject.source-ref }} {{ task.dataObject.wrd }}")
    keys = frozenset(("source-ref", "ward"))
    assert template(tmp_path, text, keys=keys) == [
        "t.liquid:3:37: task.dataObject.wrd is not among what the manifest has"
    ]


def test_a_variable_that_no_built_in_function_sets_is_told(tmp_path: Path) -> None:
    assert template(tmp_path, form("{{ task.input.image }}"), "BoundingBox") == [
        "t.liquid:3:4: task.input.image is not among what BoundingBox sets"
    ]


def test_a_template_of_a_correction_reads_the_earlier_label(tmp_path: Path) -> None:
    line = "{{ task.input.manifestLine.boxes.annotations | to_json }}"
    assert template(tmp_path, form(line), "AdjustmentBoundingBox") == []


def test_rendering_escapes_unless_told_otherwise() -> None:
    task = {"input": {"taskObject": "s3://b/<k>", "labels": ["a", "</script>"]}}

    def shown(text: str) -> str:
        return rendered(text, task, lambda uri: uri.replace("s3:/", "/objects"))

    assert shown("{{ task.input.taskObject }}") == "s3://b/&lt;k&gt;"
    assert shown("{{ task.input.taskObject | grant_read_access }}") == "/objects/b/&lt;k&gt;"
    assert shown("{{ task.input.taskObject | skip_autoescape }}") == "s3://b/<k>"
    assert shown("{{ task.input.labels | to_json | escape }}").startswith("[&#34;a&#34;, ")
    assert "</script>" not in shown("{{ task.input.labels | to_json | skip_autoescape }}")
    with pytest.raises(InputError, match="cannot be rendered"):
        shown("{% if %}")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{% for i in (1..1000000000) %}{% endfor %}", id="long-loop"),
        pytest.param(
            "{% for i in (1..100000) %}{% for j in (1..100000) %}{% endfor %}{% endfor %}",
            id="loop-in-loop",
        ),
        pytest.param("{{ (1..1000000000) | join: '' }}", id="join"),
        pytest.param("{% assign a = (1..100000000) | reverse %}", id="reverse"),
        pytest.param(
            "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | append: a %}" * 40, id="append"
        ),
        pytest.param(
            "{% assign a = 'aaaaaaaaaa' %}" + "{% assign a = a | replace: 'a', a %}" * 5,
            id="replace",
        ),
        pytest.param(
            "{% assign n = 9999999999 %}" + "{% assign n = n | times: n %}" * 40, id="times"
        ),
    ],
)
def test_a_template_without_end_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be rendered"):
        rendered(text, {}, str)


def test_what_is_not_there_is_null_in_json() -> None:
    assert rendered("{{ task.input.nothing | to_json }}", {}, str) == "null"
    assert rendered("{{ (1..3) | to_json }}", {}, str) == "[1, 2, 3]"


def test_numbers_that_are_none_are_told_of() -> None:
    with pytest.raises(InputError, match=r"sum: .* is no number"):
        rendered("{{ task.labels | sum }}", {"labels": ["a", "b"]}, str)
