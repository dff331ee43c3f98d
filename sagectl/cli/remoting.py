"""``sagectl compile bench --rpc``: a package's speed on the board that it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.app import App

RPC = click.Option(
    ("--rpc",),
    metavar="HOST:PORT[,tracker,KEY]",
    help="Measure a package on a board, through the TVM RPC server that runs there.",
)
_HERE_ALONE = ("against", "profile", "report", "threads")


def bench_there(
    app: App,
    path: Path,
    *,
    rpc: str,
    model: Path | None,
    runs: int,
    data: tuple[str, ...],
    **others: Any,
) -> None:
    """Measure a package over RPC, and show it; ``others`` are flags that it does not take."""
    from sagectl.compiler.arrays import read_arrays
    from sagectl.compiler.packaging import model_inputs
    from sagectl.compiler.remote import bench_remotely, place
    from sagectl.render.remote_view import remote

    if given := [name for name in _HERE_ALONE if others.get(name)]:
        raise InputError(
            f"--{given[0]} is for measuring here, not over --rpc", hint="Leave one out."
        )
    server = place(rpc)
    feeds = read_arrays(data, model_inputs(path), app.say) if data else None
    found = bench_remotely(path, server, model=model, runs=runs, data=feeds)
    app.show(remote(found))
    if found["Passed"] is False:
        raise VerificationError(
            f"{path} does not compute on {server} what {model} does",
            hint="Was it made from this model?",
        )
