"""The table of rules as a whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sagectl.catalog.kinds import KINDS
from sagectl.schema.pruning import MANAGED
from sagectl.schema.rules import RULES, broken_rules, rules_of
from sagectl.schema.walk import INVALID


def test_every_create_and_update_has_rules() -> None:
    changing = {name for kind in KINDS.values() for name in (kind.create, kind.update) if name}
    assert changing <= set(RULES) <= set(MANAGED)


def test_rules_are_named_once_and_in_words() -> None:
    rules = {rule.id: rule for operation in RULES for rule in rules_of(operation)}
    for operation in RULES:
        for rule in rules_of(operation):
            assert rules[rule.id].check is rule.check
            assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*", rule.id)
            assert rule.sentence.endswith(".")
            assert rule.source


def test_operations_without_rules_have_none() -> None:
    assert rules_of("ListWorkteams") == ()


@pytest.mark.parametrize("operation", sorted(RULES))
@pytest.mark.parametrize("value", [INVALID, None, {}, [], "", 0], ids=repr)
def test_rules_bear_any_value_anywhere(operation: str, value: Any) -> None:
    fields = (
        *("CognitoConfig", "OidcConfig", "SourceIpConfig", "MemberDefinitions", "Tags"),
        *("InputConfig", "OutputConfig", "StoppingCondition", "HumanTaskConfig"),
        *("LabelAttributeName", "IpAddressType"),
    )
    inner = ("Cidrs", "DataInputConfig", "CompilerOptions", "TargetPlatform", "DataSource")
    for params in (
        dict.fromkeys(fields, value),
        {field: dict.fromkeys(inner, value) for field in fields},
        {field: [value] for field in fields},
        {field: [{"OidcMemberDefinition": value, "Key": value}] for field in fields},
    ):
        list(broken_rules(operation, params))
