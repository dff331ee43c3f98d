"""The rules of workforce requests."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.schema.rules.rule import Rule

_NAMES = (
    *("CreateWorkforce", "UpdateWorkforce", "CreateWorkteam", "UpdateWorkteam"),
    *("CreateCompilationJob", "CreateLabelingJob", "AddTags"),
)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(dict.fromkeys(_NAMES, ()))
