"""Manifest files: what is read, and what is wrong with those that cannot be."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from sagectl.diagnostics import Diagnostic, Severity
from sagectl.manifest.aliases import MAX_NODES
from sagectl.manifest.reader import Draft, read_drafts

if TYPE_CHECKING:
    from pathlib import Path

TEAM = "kind: Workteam\nname: {}\nspec: {{}}\n"


def read(text: str | bytes) -> tuple[list[Draft], list[Diagnostic]]:
    """The drafts and all findings of a text given on standard input."""
    stdin = io.StringIO(text) if isinstance(text, str) else io.BytesIO(text)
    items = list(read_drafts(["-"], stdin=stdin))
    drafts = [item for item in items if isinstance(item, Draft)]
    findings = [item for item in items if isinstance(item, Diagnostic)]
    return drafts, findings + [finding for draft in drafts for finding in draft.findings]


def names(paths: list[Path | str], *, recursive: bool = False) -> list[str]:
    items = read_drafts(paths, recursive=recursive)
    return [item.name if isinstance(item, Draft) else item.summary for item in items]


def write(folder: Path, *files: str) -> None:
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEAM.format(file.stem))


def test_a_folder_gives_its_yaml_files_sorted(tmp_path: Path) -> None:
    write(
        tmp_path, "b.yaml", "a.yml", "c.txt", "d.json", ".e.yaml", "sub/f.yaml", "sub/.g/h.yaml"
    )
    assert names([tmp_path]) == ["a", "b"]
    assert names([tmp_path], recursive=True) == ["a", "b", "f"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    assert names([tmp_path / "a.yaml", tmp_path, f"{tmp_path}/./a.yaml"]) == ["a"]


def test_a_file_is_read_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, "team.conf")
    assert names([tmp_path / "team.conf"]) == ["team"]


def test_paths_are_named_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "set/a.yaml", "set/b.yaml")
    monkeypatch.chdir(tmp_path)
    drafts = list(read_drafts(["./set/", "set/../set/b.yaml"]))
    assert [draft.file for draft in drafts if isinstance(draft, Draft)] == [
        "./set/a.yaml",
        "./set/b.yaml",
    ]


def test_what_cannot_be_read_is_a_finding_and_the_rest_goes_on(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "deep/sub/b.yaml")
    (tmp_path / "empty").mkdir()
    missing = tmp_path / "missing.yaml"
    items = list(
        read_drafts([missing, tmp_path / "empty", tmp_path / "deep", tmp_path / "a.yaml"])
    )
    *findings, draft = items
    assert isinstance(draft, Draft)
    assert [str(finding) for finding in findings] == [
        f"there is no file or folder {missing}",
        f"{tmp_path}/empty holds no *.yaml or *.yml file",
        f"{tmp_path}/deep holds no *.yaml or *.yml file",
    ]
    assert isinstance(findings[1], Diagnostic)
    assert findings[1].hint == "Folders inside it are read with -R."


def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    os.mkfifo(tmp_path / "b.yaml")

    assert [
        draft.span.file for draft in read_drafts([tmp_path]) if isinstance(draft, Draft)
    ] == [f"{tmp_path}/a.yaml"]


def test_an_empty_path_never_means_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.yaml")
    monkeypatch.chdir(tmp_path)

    assert names([""]) == ["an empty path names no file or folder"]


def test_a_name_that_no_file_can_have_is_a_finding() -> None:
    [summary] = names(["x" * 300])
    assert summary.endswith("cannot be read: File name too long")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file; run as a user")
def test_a_file_without_permission_is_a_finding(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml")
    (tmp_path / "a.yaml").chmod(0)
    [summary] = names([tmp_path / "a.yaml"])
    assert summary.endswith("cannot be read: Permission denied")


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    items = list(read_drafts(["-", "-"], stdin=io.BytesIO(TEAM.format("x").encode())))
    assert len(items) == 1


def test_one_file_holds_many_documents_and_empty_ones_are_none() -> None:
    drafts, findings = read(
        f"# head\n---\n{TEAM.format('a')}---\n---\n# nothing\n---\n{TEAM.format('b')}...\n"
    )
    assert [draft.name for draft in drafts] == ["a", "b"]
    assert findings == []
    assert str(drafts[1].span) == "<stdin>:10:1"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n---\n"])
def test_a_file_without_a_document_is_a_warning(text: str) -> None:
    _, [finding] = read(text)
    assert (finding.summary, finding.severity) == ("holds no document", Severity.WARNING)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"\xef\xbb\xbf" + TEAM.format("x").encode(), id="utf-8-with-mark"),
        pytest.param(TEAM.format("x").encode("utf-16"), id="utf-16"),
        pytest.param(TEAM.format("x").replace("\n", "\r\n").encode(), id="crlf"),
        pytest.param(b'{"kind": "Workteam", "name": "x", "spec": {}}', id="json"),
    ],
)
def test_texts_of_other_origin_are_read(text: bytes) -> None:
    [draft], findings = read(text)
    assert (draft.name, findings) == ("x", [])


@pytest.mark.parametrize(
    ("text", "place", "said", "hint"),
    [
        pytest.param("kind: Workteam\nname: a: b\n", "2:8", "mapping values are not allowed",
                     "Quote a text that holds ': '", id="colon-in-text"),
        pytest.param("kind: Workteam\nspec:\n\tname: x\n", "3:1", "cannot start any token",
                     "Indent with spaces", id="tab"),
        pytest.param("kind: @x\n", "1:7", "cannot start any token", "Quote a text",
                     id="at-sign"),
        pytest.param("kind: [a, b\nname: x\n", "2:5", "that begins at line 1",
                     "Close the bracket", id="open-bracket"),
        pytest.param("kind: 'x\nname: y\n", "1:7", "end of stream", "Close the quote",
                     id="open-quote"),
        pytest.param("kind: *x\n", "1:7", "undefined alias", "Define it before",
                     id="no-anchor"),
        pytest.param("kind: x\n  name: y\n", "2:7", "mapping values", "indentation",
                     id="indentation"),
        pytest.param("kind: x\nname: \x01\n", "2:7", "control characters",
                     "Remove the character", id="control-character"),
        pytest.param("é: x\nü: é\x07\n", "2:5", "control characters", "Remove the character",
                     id="control-character-after-others"),
        pytest.param(b"kind: x\nname: caf\xe9\n", "2:10", "is not UTF-8 text (byte 0xe9)",
                     "Save the file as UTF-8.", id="latin-1"),
        pytest.param("a: " + "[" * 100_000, "1:203", "is nested more than 200 deep", "",
                     id="deep-brackets"),
        pytest.param("a: " + "[" * 1001 + "@", "1:1005", "cannot start any token", "Quote",
                     id="deep-and-broken"),
        pytest.param("- " * 100_000 + "x", "1:401", "is nested more than 200 deep", "",
                     id="deep-lists"),
    ],
)  # fmt: skip
def test_broken_yaml_is_found_where_it_breaks(
    text: str | bytes, place: str, said: str, hint: str
) -> None:
    drafts, [finding] = read(text)
    assert drafts == []
    assert str(finding.span) == f"<stdin>:{place}"
    assert said in finding.summary
    assert hint in (finding.hint or "")


def test_after_broken_yaml_the_rest_of_the_file_is_left_and_other_files_are_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(
        f"{TEAM.format('a')}---\nkind: [\n---\n{TEAM.format('lost')}"
    )
    write(tmp_path, "b.yaml")
    first, broken, last = read_drafts([tmp_path])
    assert isinstance(first, Draft)
    assert isinstance(broken, Diagnostic)
    assert isinstance(last, Draft)
    assert (first.name, broken.rule, last.name) == ("a", "yaml.syntax", "b")


@pytest.mark.parametrize(
    ("text", "place", "said", "hint"),
    [
        pytest.param("- a\n", "1:1", "must be a mapping, not a list", "kind, name and spec",
                     id="list"),
        pytest.param("hello\n", "1:1", "must be a mapping, not 'hello'", "kind, name and spec",
                     id="text"),
        pytest.param("name: x\nspec: {}\n", "1:1", "is required, and missing", "",
                     id="no-kind"),
        pytest.param("kind: Workteam\nspec: {}\n", "1:1", "is required, and missing", "",
                     id="no-name"),
        pytest.param("kind: Workteam\nname: x\n", "1:1", "is required, and missing", "",
                     id="no-spec"),
        pytest.param("kind: workteam\nname: x\nspec: {}\n", "1:7", "'workteam' is not a kind",
                     "Did you mean 'Workteam'?", id="kind-in-other-case"),
        pytest.param("kind: Endpoint\nname: x\nspec: {}\n", "1:7", "'Endpoint' is not a kind",
                     "Kinds are Workforce,", id="unknown-kind"),
        pytest.param("kind: [Workteam]\nname: x\nspec: {}\n", "1:7", "must be text, not a list",
                     "", id="kind-of-wrong-type"),
        pytest.param(f"{TEAM.format('x')}speck: 1\n", "4:1", "'speck' is not a key here",
                     "Did you mean 'spec'?", id="unknown-key"),
        pytest.param(f"{TEAM.format('x')}name: y\n", "4:1", "is given twice", "",
                     id="duplicate-key"),
        pytest.param(f"{TEAM.format('x')}? [a]\n: b\n", "4:3", "a key that is not text", "",
                     id="key-that-is-a-list"),
        pytest.param(f"apiVersion: v1\n{TEAM.format('x')}", "1:13",
                     "must be sagectl/v1, not 'v1'", "", id="other-version"),
        pytest.param(f"region: Frankfurt\n{TEAM.format('x')}", "1:9",
                     "'Frankfurt' is not the name of a region", "us-east-1", id="no-region"),
        pytest.param(f"tags: [a]\n{TEAM.format('x')}", "1:7", "must be a mapping, not a list",
                     "one a line", id="tags-in-a-list"),
        pytest.param(f"tags: {{a: }}\n{TEAM.format('x')}", "1:11", "has no value", "",
                     id="empty-tag"),
        pytest.param("kind: Workteam\nname:\nspec: {}\n", "2:6", "has no value", "",
                     id="empty-name"),
        pytest.param("kind: Workteam\nname: x\nspec:\n", "3:6", "has no value", "",
                     id="empty-spec"),
        pytest.param("kind: Workteam\nname: x\nspec: text\n", "3:7",
                     "must be a mapping, not 'text'", "", id="spec-of-wrong-type"),
        pytest.param(f"{TEAM.format('!secret x')}", "2:7", "has a tag, which has no meaning",
                     "Remove the tag, or", id="tag"),
        pytest.param(f"{TEAM.format('!!binary eA==')}", "2:7", "has the tag !!binary",
                     "Remove the tag, or", id="core-tag-of-no-use"),
        pytest.param("kind: Workteam\nname: x\nspec: {<<: [a]}\n", "3:13", "merges what is no",
                     "alias of a mapping", id="merge-of-text"),
        pytest.param("kind: Workteam\nname: x\nspec: &a {b: *a}\n", "3:7", "contains itself",
                     "", id="alias-of-itself"),
        pytest.param("kind: Workteam\nname: x\nspec: &a {<<: *a}\n", "3:7", "contains itself",
                     "", id="merge-of-itself"),
    ],
)  # fmt: skip
def test_a_document_that_is_none_is_found(text: str, place: str, said: str, hint: str) -> None:
    _, [finding] = read(text)
    assert str(finding.span) == f"<stdin>:{place}"
    assert said in finding.summary
    assert hint in (finding.hint or "")


def test_all_findings_of_a_document_are_given() -> None:
    _, findings = read("kind: Workteam\nregion: x y\nextra: 1\ntags: 5\n")
    assert [finding.path for finding in findings] == ["region", "extra", "tags", "name", "spec"]


def test_aliases_and_merge_keys_work() -> None:
    [draft], findings = read(
        "kind: Workteam\nname: x\nspec:\n"
        "  base: &base {a: 1, b: 2}\n"
        "  one: {<<: *base, b: 3}\n"
        "  two: {c: 4, <<: [{b: 5}, *base]}\n"
        "  quoted: {'<<': 6}\n"
        "  same: *base\n"
    )
    assert findings == []
    written = {key.value: value.value for key, value in draft.spec.value}
    merged = {
        name: {key.value: value.value for key, value in pairs}
        for name, pairs in written.items()
    }
    assert merged == {
        "base": {"a": "1", "b": "2"},
        "one": {"a": "1", "b": "3"},
        "two": {"c": "4", "b": "5", "a": "1"},
        "quoted": {"<<": "6"},
        "same": {"a": "1", "b": "2"},
    }


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["  l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 30):
        items = ", ".join([f"*l{level - 1}"] * 10)
        lines.append(f"  l{level}: &l{level} [{items}]")
    _, [finding] = read("kind: Workteam\nname: x\nspec:\n" + "\n".join(lines) + "\n")
    assert finding.rule == "yaml.alias-bomb"
    assert str(MAX_NODES) in finding.summary


def test_a_merge_bomb_is_refused() -> None:
    lines = ["  l0: &l0 {a: x}"]
    lines += [f"  l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 9)]
    drafts, findings = read("kind: Workteam\nname: x\nspec:\n" + "\n".join(lines) + "\n")
    assert len(drafts) == 1
    assert findings == []  # merging the same keys again and again adds nothing
