"""A matrix compiled by the machines of a Dask cluster, which share no file with this one."""

from __future__ import annotations

import threading
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagectl.compiler.matrix import Outcome, compiled, compiler_digest, kept_now
from sagectl.compiler.workplace import workplace
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.matrix import Spread, Waiting
    from sagectl.compiler.request import CompileRequest

# A worker may have several threads, TVM's options of a compilation are the process's.
_alone = threading.Lock()


def dask_farm(address: str, model: Path, *, patience_seconds: float = 15) -> Spread:
    """What compiles on the cluster whose scheduler listens at ``dask://HOST:PORT``.

    The model travels once to each worker, packages come back. Raises InputError where
    ``distributed`` is not installed, nobody answers, or the workers' sagectl is another one.
    """
    if find_spec("distributed") is None:
        raise InputError(
            "Dask's distributed is not installed", hint="Run: pip install 'sagectl[farm]'"
        )

    def spread(waiting: Waiting, settle: Callable[[Outcome], None]) -> None:
        from distributed import Client

        url = address.replace("dask://", "tcp://", 1)
        try:
            client = Client(url, timeout=patience_seconds, set_as_default=False)
        except OSError as error:
            raise InputError(
                f"No Dask scheduler answers at {address}",
                hint="Start one with: dask scheduler; and a worker on each machine with: "
                "dask worker HOST:8786 --nthreads 1",
            ) from error
        with client, client.as_current():
            _require_same(client)
            _spread(client, waiting, settle, model)

    return spread


def _require_same(client: Any) -> None:
    """The bytes of a package follow from its compiler: another one would make others."""
    digests: dict[str, str] = client.run(compiler_digest)
    if not digests:
        raise InputError(
            "The Dask cluster has no workers", hint="Start some: dask worker HOST:8786"
        )
    if others := sorted(name for name, each in digests.items() if each != compiler_digest()):
        raise InputError(
            f"Another version of sagectl is installed on {', '.join(others)}",
            hint="Install the same version on all machines.",
        )


def _spread(
    client: Any, waiting: Waiting, settle: Callable[[Outcome], None], model: Path
) -> None:
    from distributed import as_completed

    content = client.scatter(model.read_bytes(), hash=False)
    running = {
        client.submit(made_there, name, asked, model.name, content, pure=False): name
        for name, (asked, _) in waiting.items()
    }
    for future in as_completed(list(running)):
        name = running[future]
        asked, place = waiting[name]
        if error := future.exception():
            settle(Outcome(name, "failed", reason=f"its worker failed: {error}"))
            continue
        outcome, package = future.result()
        place.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place.parent) as folder:
            if outcome.package:
                Path(folder, outcome.package).write_bytes(package)
            settle(kept_now(outcome, Path(folder), place, asked.output))


def made_there(
    name: str, asked: CompileRequest, model: str, content: bytes
) -> tuple[Outcome, bytes]:
    """What a worker does: compile ``content`` in a folder of its own, and send the package."""
    with _alone, workplace("farm") as folder:
        place = folder / model
        place.write_bytes(content)
        outcome = compiled(name, replace(asked, model=place, output=folder / "out"))
        made = Path(folder, "out", outcome.package).read_bytes() if outcome.package else b""
        return outcome, made
