"""Input manifests, line by line."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.schema.data.input_manifest import check_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.data.input_manifest import ManifestReport

IMAGE = '{"source-ref": "s3://scans/1.png"}\n'


def report(
    folder: Path, content: str | bytes, task: str | None = "BoundingBox", **more: Any
) -> ManifestReport:
    path = folder / "in.manifest"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return check_manifest(path, "in.manifest", TASK_TYPES[task] if task else None, **more)


def told(found: ManifestReport) -> list[str]:
    return [f"{one.span}: {one.summary}" for one in found.findings]


def test_a_manifest_in_order_tells_its_size_and_keys(tmp_path: Path) -> None:
    lines = [{"source-ref": f"s3://scans/{n}.png", "ward": n} for n in range(3)]
    found = report(tmp_path, "\n".join(map(json.dumps, lines)))
    assert found == ((), 3, frozenset(("source-ref", "ward")))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("nope", ":1: is not JSON: Expecting value", id="no-json"),
        pytest.param('{"a": 1,}', ":9: is not JSON: ", id="trailing-comma"),
        pytest.param("", ":1: is empty", id="blank"),
        pytest.param("[1]", ":1: is a list, not a JSON object", id="list"),
        pytest.param("{}", ":1: has no source and no source-ref", id="neither"),
        pytest.param(
            '{"source": "a", "source-ref": "s3://b/c"}',
            ":1: has both source and source-ref",
            id="both",
        ),
        pytest.param('{"source": "a"}', ":1: has source, and BoundingBox takes", id="text"),
        pytest.param(
            '{"source-ref": "scans/1.png"}',
            ":1: source-ref must be s3://BUCKET/KEY, not 'scans/1.png'",
            id="no-uri",
        ),
        pytest.param('{"source-ref": 3}', ":1: source-ref must be s3://", id="number"),
        pytest.param(IMAGE.strip(), ":1: names 's3://scans/1.png' again", id="duplicate"),
        pytest.param(
            json.dumps({"source-ref": "s3://b/" + "k" * 100_000}),
            ":1: has more than 100000 characters",
            id="long",
        ),
        pytest.param("[" * 99_000, ":1: is n", id="deep"),
        pytest.param(f'{{"a": {"[" * 101}{"]" * 101}}}', ":1: is nested too deep", id="nested"),
        pytest.param(
            '{"source-ref": "s3://b/1", "source-ref": "s3://b/3"}',
            ":1: has the key 'source-ref' twice",
            id="key-twice",
        ),
        pytest.param(
            '{"source-ref": "s3://b/3", "a": {"b": 1, "b": 2}}',
            ":1: has the key 'b' twice",
            id="inner-key-twice",
        ),
        pytest.param(
            '{"source-ref": "s3://b/3", "a": NaN}', ":1: has NaN, which is no", id="nan"
        ),
        pytest.param(
            '{"source-ref": "s3://b/3", "a": -Infinity}', ":1: has -Infinity", id="infinity"
        ),
        pytest.param('{"source-ref": "s3://b/3", "a": 1e999}', ":1: has 1e999", id="beyond"),
        pytest.param(
            f'{{"source-ref": "s3://b/3", "a": {"9" * 5000}}}',
            ":1: has a number of 5000 digits",
            id="digits",
        ),
        pytest.param(
            r'{"source-ref": "s3://b/\ud83d"}', r":1: has \ud83d, half a letter", id="surrogate"
        ),
        pytest.param('{"source-ref": "s3://b/"}', ":1: source-ref must be s3://", id="no-key"),
        pytest.param(
            '{"source-ref": "s3:// b/3"}', ":1: source-ref must be s3://", id="bucket-name"
        ),
        pytest.param(
            json.dumps({"source-ref": "s3://b/" + "k" * 1025}),
            ":1: the key of source-ref has more than 1024 bytes",
            id="long-key",
        ),
    ],
)
def test_a_bad_line_is_told_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    [only] = told(report(tmp_path, f'{IMAGE}{line}\n{{"source-ref": "s3://scans/2.png"}}\n'))
    assert only.startswith(f"in.manifest:2{said}")


def test_a_line_of_exactly_the_limit_is_in_order_whatever_ends_it(tmp_path: Path) -> None:
    line = '{"source": "a", "b": "%s"}'
    full = line % ("b" * (100_000 - len(line) + 2))
    for end in ("", "\n", "\r\n"):
        assert told(report(tmp_path, full + end, "TextMultiClass")) == []
    assert len(told(report(tmp_path, f"{full} \n", "TextMultiClass"))) == 1


def test_a_letter_in_two_halves_is_one(tmp_path: Path) -> None:
    assert told(report(tmp_path, r'{"source": "\ud83d\ude00"}', "TextMultiClass")) == []


def test_every_bad_line_is_told_at_once(tmp_path: Path) -> None:
    assert len(told(report(tmp_path, f"{IMAGE}nope\n\n[]\n{IMAGE}"))) == 4


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    assert told(report(tmp_path, IMAGE.encode() + b'{"source-ref": "\xff"}\n')) == [
        "in.manifest:2:1: is not UTF-8: invalid start byte"
    ]


def test_a_byte_order_mark_is_told(tmp_path: Path) -> None:
    assert told(report(tmp_path, b"\xef\xbb\xbf" + IMAGE.encode())) == [
        "in.manifest:1:1: begins with a byte order mark"
    ]


def test_an_empty_manifest_is_told(tmp_path: Path) -> None:
    assert told(report(tmp_path, "")) == ["in.manifest:1:1: names nothing to label"]


def test_text_may_stand_in_the_line_where_text_is_labeled(tmp_path: Path) -> None:
    assert told(report(tmp_path, '{"source": "a cat"}\n', "TextMultiClass")) == []
    long = json.dumps({"source": "x" * 20_001})
    assert told(report(tmp_path, long, "TextMultiClass")) == [
        "in.manifest:1:1: source has 20001 characters, and may have 20000"
    ]


def test_more_objects_than_the_task_takes_are_told_once(tmp_path: Path) -> None:
    lines = (f'{{"source-ref": "s3://b/{n}"}}' for n in range(20_005))
    found = told(report(tmp_path, "\n".join(lines), "SemanticSegmentation"))
    assert found == [
        "in.manifest:20001:1: is object 20001; SemanticSegmentation takes 20000 at most"
    ]


def test_many_findings_of_a_sort_are_counted(tmp_path: Path) -> None:
    found = told(report(tmp_path, "nope\n" * 500))
    assert len(found) == 11
    assert found[-1].endswith("and 490 more lines like the 10 above (manifest.json)")


def test_a_label_that_is_there_already_is_a_warning(tmp_path: Path) -> None:
    found = report(tmp_path, '{"source-ref": "s3://b/k", "box": {}}', attribute="box").findings
    assert [one.is_error for one in found] == [False]
    half = report(tmp_path, '{"source-ref": "s3://b/k", "box-metadata": {}}', attribute="box")
    assert [one.is_error for one in half.findings] == [False]


def test_objects_that_are_not_there_are_told_if_asked(tmp_path: Path) -> None:
    lines = "".join(f'{{"source-ref": "s3://b/{n}"}}\n' for n in range(1200))
    asked: list[int] = []

    def exist(uris: list[str]) -> list[bool]:
        asked.append(len(uris))
        return [not uri.endswith("/7") for uri in uris]

    assert told(report(tmp_path, lines, exists=exist)) == [
        "in.manifest:8:1: s3://b/7 does not exist"
    ]
    assert asked == [512, 512, 176]


def test_memory_does_not_grow_with_the_length_of_lines(tmp_path: Path) -> None:
    peaks = []
    for width in (10, 2000):
        lines = (f'{{"source-ref": "s3://b/{n}{"k" * width}"}}\n' for n in range(5000))
        content = "".join(lines)
        (tmp_path / "in.manifest").write_text(content)
        del content
        tracemalloc.start()
        check_manifest(tmp_path / "in.manifest", "m", TASK_TYPES["BoundingBox"])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000
