"""Values to YAML text that the reader takes back unchanged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.manifest.nodes import core_scalar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Paragraphs that a block can hold as they are: no line begins or ends in white space.
_BLOCK = re.compile(r"[!-~](?:[ -~]*[!-~])?(?:\n+[!-~](?:[ -~]*[!-~])?)+\n?")


def to_yaml(value: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> str:
    """One document, or of a list each with ``---`` before it; keys keep their order.

    Text that YAML 1.1 or 1.2 would read as something else is quoted, dates are ISO 8601 in
    UTC, with milliseconds if they have any.
    """
    import yaml

    documents = [value] if isinstance(value, Mapping) else list(value)
    text: str = yaml.dump_all(
        documents,
        Dumper=_dumper(),
        allow_unicode=True,
        default_flow_style=False,
        explicit_start=len(documents) > 1,
        sort_keys=False,
        width=100,
    )
    return text


@cache
def _dumper() -> type[Any]:
    """PyYAML's safe dumper with our words for text, dates and read-only mappings."""
    from datetime import datetime

    import yaml

    base: Any = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper

    class Dumper(base):  # type: ignore[misc]
        """Writes a value out wherever it stands: readers need no anchors."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.add_representer(str, _text)
    Dumper.add_multi_representer(str, _text)
    Dumper.add_representer(MappingProxyType, _mapping)
    Dumper.add_multi_representer(dict, _mapping)  # rows of lists may know more than a dict
    Dumper.add_representer(datetime, _moment)
    return Dumper


def _text(dumper: Any, text: str) -> Any:
    style = None
    if _BLOCK.fullmatch(text):
        style = "|"
    elif not isinstance(core_scalar(text), str):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style=style)


def _mapping(dumper: Any, mapping: Mapping[str, Any]) -> Any:
    return dumper.represent_dict(dict(mapping))


def _moment(dumper: Any, moment: datetime) -> Any:
    from datetime import UTC

    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    text = in_utc.isoformat(timespec="milliseconds" if in_utc.microsecond else "seconds")
    return dumper.represent_scalar("tag:yaml.org,2002:timestamp", f"{text}Z")
