"""The engines that run a model: a package of ours, and what else a user might pick."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    Feeds = Mapping[str, Any]
    Loader = Callable[[Path, int, Feeds], "Engine"]

OURS = "sagectl"


@dataclass(frozen=True, slots=True)
class Engine:
    """A model loaded and ready: ``run`` gives the outputs by name for inputs by name."""

    name: str
    version: str
    run: Callable[[Feeds], Mapping[str, Any]]

    def __str__(self) -> str:
        return self.name if self.name == OURS else f"{self.name} {self.version}"


def require(names: Sequence[str]) -> None:
    """Raise InputError for an engine that is unknown, MissingExtraError for one not there."""
    for name in names:
        if name not in OTHERS:
            raise InputError(
                f"{name!r} is no engine to compare with",
                hint=f"Known are {', '.join(OTHERS)}.",
            )
        if find_spec(name) is None:
            raise MissingExtraError(
                f"{name} is not installed", hint="Run: pip install 'sagectl[bench]'"
            )


def loaded(name: str, path: Path, threads: int, feeds: Feeds) -> Engine:
    """An engine with the model at ``path``; raises InputError where it cannot take it."""
    try:
        return LOADERS[name](path, threads, feeds)
    except InputError:
        raise
    except _refusals(name) as error:
        raise refused(name, error) from error


def refused(name: str, error: Exception) -> InputError:
    """What to say where an engine does not run a model."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[-1] if lines else type(error).__name__
    return InputError(
        f"{name} cannot run the model: {reason[:300]}",
        hint=f"Leave {name} out of --against, or give it inputs that it takes by --data.",
    )


def answer(engine: Engine, feeds: Feeds) -> Mapping[str, Any]:
    """The outputs of one run; raises InputError where the engine refuses the inputs."""
    try:
        return engine.run(feeds)
    except _refusals(engine.name) as error:
        raise refused(engine.name, error) from error


def _package(path: Path, threads: int, feeds: Feeds) -> Engine:
    from sagectl import __version__
    from sagectl.runtime import RunnerError, load

    try:
        runner = load(path, threads=threads)
        runner.run(feeds)
    except RunnerError as error:
        raise InputError(error.message, hint=error.hint) from error
    return Engine(OURS, __version__, runner.run)


def _onnxruntime(path: Path, threads: int, feeds: Feeds) -> Engine:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_outputs()]
    taken = {each.name: feeds[each.name] for each in session.get_inputs() if each.name in feeds}

    def run(given: Feeds) -> Mapping[str, Any]:
        chosen = taken if given is feeds else {name: given[name] for name in taken}
        return dict(zip(names, session.run(names, chosen), strict=True))

    return Engine("onnxruntime", onnxruntime.__version__, run)


def _openvino(path: Path, threads: int, feeds: Feeds) -> Engine:
    import openvino

    model = openvino.Core().read_model(str(path))
    ports = {name: each for each in model.inputs for name in each.names}
    taken = {name: value for name, value in feeds.items() if name in ports}
    if any(ports[name].partial_shape.is_dynamic for name in taken):
        model.reshape({name: list(value.shape) for name, value in taken.items()})
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
        # Where the processor has bfloat16, OpenVINO would compute in that.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    request = compiled.create_infer_request()
    outputs = [(next(iter(each.names), str(i)), i) for i, each in enumerate(compiled.outputs)]

    def run(given: Feeds) -> Mapping[str, Any]:
        request.infer({name: given[name] for name in taken})
        return {name: request.get_output_tensor(index).data for name, index in outputs}

    version = openvino.get_version().partition("-")[0]
    return Engine("openvino", version, run)


def _refusals(name: str) -> tuple[type[Exception], ...]:
    """What an engine raises for a model or inputs that it does not take."""
    from sagectl.runtime import RunnerError

    kinds: tuple[type[Exception], ...] = (RunnerError, RuntimeError, TypeError, ValueError)
    if name != "onnxruntime":
        return kinds
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = (kind for kind in vars(state).values() if isinstance(kind, type))
    return (*kinds, *(kind for kind in own if issubclass(kind, Exception)))


# What a package can be compared with; each is called as its Python package.
OTHERS: dict[str, Loader] = {"onnxruntime": _onnxruntime, "openvino": _openvino}
LOADERS: dict[str, Loader] = {OURS: _package, **OTHERS}
