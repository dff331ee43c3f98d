"""A package measured on another machine, through TVM's own RPC server there."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.bucketing import bucket_of, single
from sagectl.compiler.comparison import difference
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.inputs import DRAWS, drawn
from sagectl.compiler.packaging import open_package
from sagectl.errors import InputError
from sagectl.runtime import TensorError, package
from sagectl.runtime.tensors import checked, ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from sagectl.compiler.comparison import Difference
    from sagectl.runtime.tensors import Port

WARM_UP = 3
# Long enough for the clock of any board, short enough to see how runs differ.
_SAMPLE_MS = 5
_SESSION_SECONDS = 600
_LEGEND = "Write it as HOST:PORT, or HOST:PORT,tracker,KEY to have a tracker choose the board."


@dataclass(frozen=True, slots=True)
class Place:
    """Where an RPC server listens, or the tracker that knows one for ``key``."""

    host: str
    port: int
    key: str | None = None

    def __str__(self) -> str:
        place = f"{self.host}:{self.port}"
        return place if self.key is None else f"{self.key} of {place}"


def place(word: str) -> Place:
    """The place that ``HOST:PORT[,tracker,KEY]`` names. Raises InputError."""
    address, *rest = word.split(",")
    host, _, port = address.rpartition(":")
    is_tracked = len(rest) == 2 and rest[0] == "tracker" and bool(rest[1])
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise InputError(f"{word!r} names no RPC server", hint=_LEGEND)
    if rest and not is_tracked:
        raise InputError(f"{word!r} names no tracker and key", hint=_LEGEND)
    return Place(host.strip("[]"), int(port), rest[1] if rest else None)


def bench_remotely(
    path: Path,
    server: Place,
    *,
    model: Path | None = None,
    runs: int = 30,
    data: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """How long runs of a package take there, and with ``model`` how far its outputs are off.

    The server's machine must be what the package is for. Raises InputError where the package
    cannot be sent, loaded or run there, or no server answers.
    """
    with open_package(path) as whole, _session(server) as session, ExitStack() as stack:
        number = bucket_of(whole, data) if data is not None else -1
        folder = stack.enter_context(single(whole, number))
        meta = package.meta(folder)
        _require_processor(meta)
        inputs, outputs = ports(meta, "Inputs"), ports(meta, "Outputs")
        feeds = dict(data) if data is not None else drawn(inputs, DRAWS[-1])
        machine, arguments = _loaded(folder, session, _checked(feeds, inputs))
        rows = _differences(_run(machine, arguments), outputs, model, feeds) if model else ()
        seconds = _timed(machine, arguments, session, runs)
    return {
        "Package": str(path),
        "Server": str(server),
        "Engines": [_measurement(str(server), seconds)],
        "Outputs": [row.as_dict() for row in rows],
        "Passed": all(row.passed for row in rows) if model else None,
    }


@contextmanager
def _session(server: Place) -> Iterator[Any]:
    from tvm import rpc

    try:
        if server.key is None:
            session = rpc.connect(server.host, server.port, session_timeout=_SESSION_SECONDS)
        else:
            tracker = rpc.connect_tracker(server.host, server.port)
            session = tracker.request(server.key, session_timeout=_SESSION_SECONDS, max_retry=1)
    except (RuntimeError, OSError, ValueError) as error:
        raise InputError(
            f"No RPC server answers at {server}: {_last_line(error)}",
            hint="Start it on the board: pip install apache-tvm cloudpickle; "
            "python -m tvm.exec.rpc_server --host 0.0.0.0 --port 9090",
        ) from error
    try:
        yield session
    except RuntimeError as error:
        raise InputError(
            f"The board at {server} cannot run the package: {_last_line(error)}",
            hint="Is the package for that machine? compile inspect tells its target.",
        ) from error
    finally:
        # A server serves one session at a time, and this one lives as long as its last tensor.
        session.get_function("CloseRPCConnection")()


def _require_processor(meta: Mapping[str, Any]) -> None:
    if accelerator := meta["Sagectl"]["Target"].get("Accelerator"):
        raise InputError(
            f"The package's code runs on {accelerator}, which is not measured over RPC",
            hint="Measure a package for the board's processor.",
        )


def _checked(feeds: Mapping[str, Any], inputs: Sequence[Port]) -> list[Any]:
    try:
        return checked(feeds, inputs)
    except TensorError as error:
        raise InputError(error.message, hint=error.hint) from error


def _loaded(folder: Path, session: Any, arrays: Sequence[Any]) -> tuple[Any, list[Any]]:
    """The virtual machine over there, and what its main function takes, over there."""
    from tvm import relax, runtime

    device = session.cpu()
    session.upload(str(folder / package.LIBRARY))
    library = session.load_module(package.LIBRARY)
    weights = folder / package.PARAMETERS
    held = runtime.load_param_dict_from_file(str(weights)) if weights.exists() else {}
    values = [*arrays, *(held[name].numpy() for name in sorted(held))]
    return relax.VirtualMachine(library, device), [
        runtime.tensor(value, device) for value in values
    ]


def _run(machine: Any, arguments: Sequence[Any]) -> list[Any]:
    machine.set_input("main", *arguments)
    machine.invoke_stateful("main")
    found = machine.get_outputs("main")
    return [each.numpy() for each in ([found] if hasattr(found, "numpy") else found)]


def _timed(machine: Any, arguments: Sequence[Any], session: Any, runs: int) -> list[float]:
    # Its result stays over there: bringing it here would be measured too.
    machine.save_function("main", "measured", *arguments, include_return=False)
    device = session.cpu()
    machine.time_evaluator("measured", device, number=1, repeat=WARM_UP)()
    timer = machine.time_evaluator(
        "measured", device, number=1, repeat=runs, min_repeat_ms=_SAMPLE_MS
    )
    return list(timer().results)


def _differences(
    found: Sequence[Any],
    outputs: Sequence[Port],
    model: Path,
    feeds: Mapping[str, Any],
) -> tuple[Difference, ...]:
    import onnxruntime

    names = [port.name for port in outputs]
    with model_file(model, "ONNX") as path:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    taken = {each.name: feeds[each.name] for each in session.get_inputs() if each.name in feeds}
    expected = session.run(names, taken)
    return tuple(map(difference, names, found, expected))


def _measurement(server: str, seconds: Sequence[float]) -> dict[str, Any]:
    import numpy as np

    p50, p90, p99 = (float(value) * 1e3 for value in np.quantile(seconds, (0.5, 0.9, 0.99)))
    return {
        "engine": f"sagectl on {server}",
        "runs": len(seconds),
        "p50_ms": p50,
        "p90_ms": p90,
        "p99_ms": p99,
        "fastest_ms": min(seconds) * 1e3,
    }


def _last_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
