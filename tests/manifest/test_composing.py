"""PyYAML without libyaml reads the same, only more slowly."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import io, json, sys
import yaml
if sys.argv[1] == "pure":
    yaml.__with_libyaml__ = False
from sagectl.manifest.nodes import core_value
from sagectl.manifest.reader import Draft, read_drafts
told = []
for text in json.load(sys.stdin):
    for item in read_drafts(["-"], stdin=io.StringIO(text)):
        if isinstance(item, Draft):
            findings = [str(finding) for finding in item.findings]
            places = {path: str(span) for path, span in item.spans.items()}
            spec = core_value(item.spec) if item.spec is not None else None
            told.append([item.kind, item.name, item.tags, spec, findings, places])
        else:
            told.append([item.rule, str(item.span)])
json.dump(told, sys.stdout)
"""
HEAD = "kind: Workteam\nname: x\n"
TEXTS = {
    "plain": f"{HEAD}tags: {{a: 1.10, b: NO}}\nspec: {{a: 012, b: '012', c: true, d: ~}}\n",
    "several": f"{HEAD}spec: {{}}\n---\n---\n{HEAD}spec:\n  a: |\n    b\n  c: >-\n    d\n",
    "aliases": f"{HEAD}spec: {{a: &a {{b: c}}, d: *a, e: {{<<: *a, f: g}}}}\n",
    "tag": f"{HEAD}spec: {{a: !x b, c: !!str 5}}\n",
    "unicode": f"{HEAD}spec: {{ü: 'é', 部署: 😀}}\n",
    "duplicate": f"{HEAD}name: y\nspec: {{}}\n",
    "colon": "kind: a: b\n",
    "tab": "kind: x\nspec:\n\ta: b\n",
    "quote": "kind: 'x\n",
    "alias": "kind: *x\n",
    "control": "kind: \x01\n",
}


def told(parser: str, texts: list[str]) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, parser],
        input=json.dumps(texts), capture_output=True, text=True, check=True,
    )  # fmt: skip
    read: list[Any] = json.loads(done.stdout)
    return read


def test_both_parsers_read_the_same() -> None:
    pytest.importorskip("yaml._yaml", reason="PyYAML here was built without libyaml")
    texts = list(TEXTS.values())
    assert told("pure", texts) == told("libyaml", texts)


def test_the_pure_parser_bears_depth() -> None:
    [[rule, _], *rest] = told("pure", ["a: " + "[" * 900 + "]" * 900])
    assert (rule, rest) == ("yaml.depth", [])
