"""Annotation consolidation as the control plane's labeling jobs know it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Consolidation:
    """Annotation consolidation as the control plane's labeling jobs know it."""

    def check(
        self,
        task: str,
        content: Mapping[str, Any],
        labels: Sequence[str],
        beside: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> None:
        """Raises InputError for an answer that could not be consolidated."""
        from sagectl.consolidation.contents import ContentError, readable

        try:
            readable(task, content, labels, beside, text)
        except ContentError as error:
            raise InputError(str(error)) from error

    def labels(
        self,
        task: str,
        answers: Sequence[Sequence[tuple[str, Mapping[str, Any]]]],
        labels: Sequence[str],
        short_names: Mapping[str, str] = MappingProxyType({}),
    ) -> list[tuple[Any, Mapping[str, Any]] | None]:
        """One value and its metadata for each object; None where nobody answered."""
        from sagectl.consolidation.tasks import Annotation, consolidated

        given = [[Annotation(*one) for one in each] for each in answers]
        return list(consolidated(task, given, labels, short_names))
