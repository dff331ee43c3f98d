"""A module written down after each phase, for people who debug the compiler."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    from tvm.ir import IRModule

    from sagectl.compiler.schedules import Decision

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")
_ADDRESS = re.compile(r'!"0x[0-9a-f]+')
# The kind of a runtime module -> the forms of it that can be read.
_FORMS = {"llvm": ("ll", "s"), "cuda": ("cu",), "opencl": ("cl",), "c": ("c",)}
_OURS = re.compile(r"\d{3}-[a-z0-9-]+\.(tvm|txt|ll|s|c|cl|cu|ptx)")


class Dump:
    """Numbered files in ``folder``; without one, nothing at all.

    The same model and options give the same files: what an earlier dump left there goes.
    Raises RequestError for a folder that cannot be written to.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._count = 0
        self._decisions: list[Decision] = []
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if _OURS.fullmatch(path.name):
                    path.unlink()
        except OSError as error:
            raise RequestError(
                f"{folder} cannot be used for a dump: {error.strerror or error}",
                stage="import",
                reason="input",
                hint="Name a folder that can be written to; it is made if it is missing.",
            ) from error

    def module(self, name: str, module: IRModule) -> None:
        """Write a module as TVMScript; of constants only their places show."""
        if self.folder is not None:
            self.text(name, "tvm", f"{module.script().rstrip()}\n")

    def decided(self, decision: Decision) -> None:
        """Keep which rule arranged a function, for ``rules``."""
        self._decisions.append(decision)

    def rules(self) -> None:
        """Write what was decided for each function, and why rules declined."""
        lines = []
        for each in sorted(self._decisions, key=lambda each: each.function):
            lines.append(f"{each.function}: {each.rule or 'left as it is'}")
            lines += [f"    {rule} declined: {reason}" for rule, reason in each.declined]
        self.text("rules", "txt", "\n".join(lines) + "\n")

    def sources(self, executable: Any) -> None:
        """Write what a built executable holds: LLVM IR and assembly, sources of kernels."""
        if self.folder is not None:
            self._sources(executable.mod)

    def text(self, name: str, suffix: str, text: str) -> None:
        """Write one file."""
        if self.folder is None:
            return
        word = _NOT_IN_NAMES.sub("-", name).strip("-").lower()
        path = self.folder / f"{self._count:03}-{word}.{suffix}"
        path.write_text(text, encoding="utf-8")
        self._count += 1

    def _sources(self, module: Any) -> None:
        for suffix in _FORMS.get(module.kind, ()):
            name = "llvm" if suffix == "ll" else "assembly" if suffix == "s" else "kernels"
            self.text(name, suffix, _settled(str(module.inspect_source(suffix))))
        for inner in module.imports:
            self._sources(inner)


def _settled(text: str) -> str:
    """Code without the addresses that TVM names its alias scopes by: each is but a name."""
    names: dict[str, str] = {}
    return _ADDRESS.sub(lambda met: names.setdefault(met[0], f'!"buffer{len(names)}'), text)
