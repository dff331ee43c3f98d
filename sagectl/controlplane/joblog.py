"""What a local compilation job writes, and the stages that it went through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.controlplane.stages import LOG, stages_in

if TYPE_CHECKING:
    from pathlib import Path


class JobLog:
    """The log of the job with this directory, read on from where the last look ended."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._at = 0
        self._told = 0

    def more(self) -> list[str]:
        """The lines since the last look, whole ones; then the stages that have ended."""
        return [*self._written(), *self._stages()]

    def _written(self) -> list[str]:
        try:
            with (self._directory / LOG).open("rb") as file:
                file.seek(self._at)
                new = file.read()
        except FileNotFoundError:
            return []
        whole = new[: new.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole.decode("utf-8", "replace").splitlines()

    def _stages(self) -> list[str]:
        ended = [stage for stage in stages_in(self._directory) if stage.ended is not None]
        new, self._told = ended[self._told :], len(ended)
        return [
            f"{stage.name}: {(stage.ended or stage.started) - stage.started:.2f} s"
            for stage in new
        ]
