"""A package of several sets of shapes that runs: the code for the shapes given is picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.runtime.errors import PackageError, TensorError
from sagectl.runtime.runner import Runner
from sagectl.runtime.tensors import checked, ports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np


class BucketRunner(Runner):
    """A model ready to run on inputs of the shapes that it was compiled for, and no others.

    Nothing is padded: what a model makes of padding is not what it makes of the input. Of
    ``inputs`` and ``outputs`` a size is -1 where the shapes differ; ``shapes`` lists them.
    """

    def __init__(self, described: Mapping[str, Any], runners: Sequence[Runner]) -> None:
        self.meta = described
        self.threads = runners[0].threads
        self.inputs = ports(described, "Inputs")
        self.outputs = ports(described, "Outputs")
        names = [port.name for port in self.inputs]
        for runner in runners:
            if [port.name for port in runner.inputs] != names:
                raise PackageError("compiled.meta lists other inputs than its buckets")
        self._runners = {
            tuple(port.shape for port in runner.inputs): runner for runner in runners
        }

    @property
    def shapes(self) -> tuple[dict[str, tuple[int, ...]], ...]:
        """The sets of shapes that the inputs may have, by their names."""
        names = [port.name for port in self.inputs]
        return tuple(dict(zip(names, shapes, strict=True)) for shapes in self._runners)

    def run(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """As ``Runner.run``; TensorError lists the sets of shapes where none is the inputs'."""
        arrays = checked(feeds, self.inputs)
        runner = self._runners.get(tuple(array.shape for array in arrays))
        if runner is None:
            names = [port.name for port in self.inputs]
            given = _words(names, [array.shape for array in arrays])
            compiled = "; ".join(_words(names, shapes) for shapes in self._runners)
            raise TensorError(
                f"The package holds no code for inputs of the shapes {given}",
                hint=f"It was compiled for {compiled}.",
            )
        return runner.run(feeds)

    def watch(self, observer: Callable[..., int]) -> None:
        """As ``Runner.watch``, of the calls for all shapes."""
        for runner in self._runners.values():
            runner.watch(observer)


def _words(names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(f"{name}={list(shape)}" for name, shape in zip(names, shapes, strict=True))
