"""A loaded package that runs."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.runtime import package
from sagectl.runtime.cpu import host_machine, missing_features
from sagectl.runtime.errors import PackageError, RunnerError
from sagectl.runtime.library import load_library, load_parameters, use_threads
from sagectl.runtime.tensors import Intake, Port, ports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike

_CPU, _POOLED = 1, 2
# Far above any machine's processors, and far below what brings one down.
_MOST_THREADS = 1024
_THREADS_HINT = f"It is a number of threads from 1 to {_MOST_THREADS}."
_MACHINES = {"X86_64": "x86_64", "ARM64": "aarch64"}


class Runner:
    """A model ready to run; several threads may call ``run``, their calls take turns.

    ``inputs`` and ``outputs`` are the model's own, in its order. For runs side by side, load
    one runner per thread. A process that is forked after a run has no threads but its own, and
    runs with that one; it must leave by ``os._exit``, as those of multiprocessing do.
    """

    def __init__(
        self,
        library: Any,
        described: Mapping[str, Any],
        threads: int,
        parameters: Sequence[Any] = (),
    ) -> None:
        self.meta = described
        self.threads = threads
        self.inputs: tuple[Port, ...] = ports(described, "Inputs")
        self.outputs: tuple[Port, ...] = ports(described, "Outputs")
        self._intake = Intake(self.inputs)
        self._names = tuple(port.name for port in self.outputs)
        self._parameters = tuple(parameters)
        self._lock = threading.Lock()
        try:
            self._machine = library["vm_load_executable"]()
        except AttributeError as error:
            raise PackageError(
                "The package's library holds no compiled model", hint=package.REMAKE
            ) from error
        self._machine["vm_initialization"](_CPU, 0, _POOLED, _CPU, 0, _POOLED)
        self._main = self._machine["main"]

    def run(self, feeds: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
        """The outputs by name for inputs by name; the arrays returned are the caller's own.

        Types and shapes must be the model's exactly. Raises TensorError naming every
        input that is not.
        """
        with self._lock:
            tensors = self._intake.tensors(feeds)
            use_threads(self.threads)
            try:
                result = self._main(*tensors, *self._parameters)
            except (RuntimeError, ValueError, TypeError) as error:
                lines = str(error).strip().splitlines() or [type(error).__name__]
                raise RunnerError(f"The model failed while running: {lines[-1]}") from error
            results = (result,) if hasattr(result, "__dlpack__") else result
            # An output may be a constant of the model, or an input handed through.
            values = [np.array(np.from_dlpack(each)) for each in results]
        if len(values) != len(self._names):
            raise RunnerError(
                f"The model has {len(values)} outputs, compiled.meta lists {len(self._names)}",
                hint=package.REMAKE,
            )
        return dict(zip(self._names, values, strict=True))

    def watch(self, observer: Callable[..., int]) -> None:
        """Have ``observer(function, name, is_before, result, *arguments)`` told of each call.

        It returns 0. What is watched takes a few microseconds more for each call.
        """
        self._machine["set_instrument"](observer)


def loaded(path: str | PathLike[str], threads: int | None) -> Runner:
    """See ``sagectl.runtime.load``."""
    count = _thread_count(threads)
    try:
        place = Path(path)
    except TypeError as error:
        raise PackageError(
            f"The package is a {type(path).__name__}, not a path", hint="Pass its path."
        ) from error
    with package.opened(place) as folder:
        described = package.meta(folder)
        _check_machine(described)
        rows = package.buckets(described, folder)
        if not rows:
            held = package.PARAMETERS if (folder / package.PARAMETERS).exists() else None
            return _runner(folder, package.LIBRARY, held, described, count)
        from sagectl.runtime.buckets import BucketRunner

        runners = [
            _runner(folder, row["Library"], row["Parameters"], {**described, **row}, count)
            for row in rows
        ]
    return BucketRunner(described, runners)


def _runner(
    folder: Path, library: str, held: str | None, described: Mapping[str, Any], threads: int
) -> Runner:
    code = load_library(folder / library)  # and TVM's runtime, which reads weights
    parameters = load_parameters(folder / held) if held else ()
    return Runner(code, described, threads, parameters)


def _thread_count(asked: int | None) -> int:
    variable = os.environ.get("TVM_NUM_THREADS", "")
    if variable and not (variable.isdecimal() and 0 < int(variable) <= _MOST_THREADS):
        raise RunnerError(f"TVM_NUM_THREADS is {variable[:40]!r}", hint=_THREADS_HINT)
    if asked is None:
        return int(variable or len(os.sched_getaffinity(0)))
    is_number = isinstance(asked, int) and not isinstance(asked, bool)
    if not is_number or not 0 < asked <= _MOST_THREADS:
        raise RunnerError(f"threads is {asked!r}", hint=_THREADS_HINT)
    # A pool is made once a thread and never grows: ask for enough before the first run.
    if not variable:
        os.environ["TVM_NUM_THREADS"] = str(max(asked, len(os.sched_getaffinity(0))))
    return asked


def _check_machine(described: Mapping[str, Any]) -> None:
    """Refuse, before any of its code runs, a package for another machine."""
    try:
        target = dict(described["Sagectl"]["Target"])
        features = tuple(map(str, target.get("Features", ())))
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError("compiled.meta does not describe the package's target") from error
    os_name, arch = target.get("Os"), target.get("Arch")
    if os_name != "LINUX" or _MACHINES.get(str(arch)) != host_machine():
        raise PackageError(
            f"The package is for {os_name} {arch}, this machine is Linux {host_machine()}",
            hint="Load it on such a machine, or compile for this one.",
        )
    if accelerator := target.get("Accelerator"):
        raise PackageError(
            f"The package's code runs on {accelerator}, which this loader does not serve",
            hint="Load it with a TVM runtime that was built for it, or compile the model for "
            "the processor alone.",
        )
    if missing := missing_features(features):
        raise PackageError(
            f"The package was compiled for {target.get('Mcpu')}; this machine's processor "
            f"lacks {', '.join(missing)}",
            hint="Compile with --mcpu naming this processor, or on this machine with "
            "--mcpu native.",
        )
