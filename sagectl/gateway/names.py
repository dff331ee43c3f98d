"""Names of resources that AWS has told, kept a while for the TAB key, which asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.schema import cachefile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sagectl.catalog.kinds import Kind
    from sagectl.gateway.client import Caller

LASTS_SECONDS = 7 * 86400
# Of more than this nobody completes a name.
MOST = 1000
# What a list may be asked for and still be all there is.
_PAGING = frozenset(("MaxResults", "NextToken"))


class Names:
    """What is known of one place: ``place`` is whatever tells whose names they are, and where.

    Nothing is read or written before ``known`` or ``save``; files are small, one for a kind.
    """

    def __init__(self, cache: Path, place: Iterable[str | None], now: float) -> None:
        from hashlib import sha256

        words = "\0".join(word or "" for word in place)
        self._folder = cache / "names" / sha256(words.encode()).hexdigest()[:16]
        self._now = now
        self._heard: dict[Kind, dict[str, bool]] = {}  # name -> whether it is there
        self._listed: set[Kind] = set()  # kinds of which all names were told

    def known(self, kind: Kind) -> list[str]:
        """The names of ``kind`` that were told lately, the latest first."""
        found = cachefile.kept(self._file(kind))
        if found is None or not 0 <= self._now - found["At"] < LASTS_SECONDS:
            return []
        return list(found["Names"])

    def hear(
        self, operation: str, params: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> None:
        """Take the names out of one answer of the service."""
        for kind in KINDS.values():
            if operation == kind.list:
                rows = answer.get(kind.list_member, ())
                self._tell(kind, (row[kind.name_field] for row in rows))
                # The last page; the ones before it were heard too.
                if params.keys() <= _PAGING and "NextToken" not in answer:
                    self._listed.add(kind)
            elif operation in (kind.create, kind.describe):
                self._tell(kind, [params[kind.name_field]])
            elif operation == kind.delete:
                self._tell(kind, [params[kind.name_field]], is_there=False)

    def save(self) -> None:
        """Keep what was heard; a cache that cannot be written is done without."""
        for kind, heard in self._heard.items():
            names = [name for name, is_there in heard.items() if is_there]
            if kind not in self._listed:
                names += [name for name in self.known(kind) if name not in heard]
            cachefile.keep(self._file(kind), {"At": self._now, "Names": names[:MOST]})

    def _tell(self, kind: Kind, names: Iterable[str], *, is_there: bool = True) -> None:
        heard = self._heard.setdefault(kind, {})
        for name in names:
            if len(heard) < MOST:  # a list of any size stays in flat memory
                heard[name] = is_there

    def _file(self, kind: Kind) -> Path:
        return self._folder / f"{kind.word}.json"


class ListeningCaller:
    """A caller whose answers ``names`` hears."""

    def __init__(self, caller: Caller, names: Names) -> None:
        self._caller = caller
        self._names = names

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._caller.call(operation, params)
        self._names.hear(operation, params, answer)
        return answer
