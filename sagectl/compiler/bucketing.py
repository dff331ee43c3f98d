"""Packages of several sets of shapes: code for each, put together and taken apart."""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.archive import packed
from sagectl.compiler.comparison import Comparison
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.packaging import Package, require_folder, write_folder
from sagectl.compiler.shapes import refused, words
from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError, InputError
from sagectl.runtime import PackageError, TensorError
from sagectl.runtime import package as layout
from sagectl.runtime.tensors import checked, ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.compiler.divergence import Compile
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def bucketed(request: CompileRequest, compiled: Compile) -> Package:
    """One package with code for each of the request's sets of shapes.

    ``compiled`` makes the package of one, proven like any other. The largest is described
    where a package is described as a whole. Raises what ``compiled`` does, telling for which
    shapes; RequestError where outputs or inputs do not differ in their sizes alone.
    """
    require_folder(request.output)
    with (
        model_file(request.model, request.framework) as model,
        workplace("buckets") as place,
    ):
        asked = replace(request, model=model, buckets=())
        parts, folders = [], []
        for number, shapes in enumerate(request.buckets):
            parts.append(_part(asked, shapes, Path(place, f"package-{number}"), compiled))
            folders.append(Path(place, f"folder-{number}"))
            folders[-1].mkdir()
            layout.unpack(parts[-1].path, folders[-1])
            parts[-1].path.unlink()
        folder = folders[-1]
        write_folder(folder, _joined(folder, folders[:-1], parts))
        path = packed(folder, request.output, parts[-1].path.name)
        meta = layout.meta(folder)
    return Package(
        path,
        f"sha256:{layout.digest(path)}",
        meta,
        _comparison(parts, request.buckets),
        dict(sum((Counter(part.seconds) for part in parts), Counter())),
    )


def buckets(folder: Path) -> tuple[Mapping[str, Any], ...]:
    """The metas of a package's sets of shapes, as if each were a package of its own.

    Raises InputError for an unpacked package that makes no sense.
    """
    meta = layout.meta(folder)
    if not (rows := _rows(folder)):
        return (meta,)
    ours = {name: value for name, value in meta["Sagectl"].items() if name != "Buckets"}
    return tuple(
        {**meta, "Model": row["Model"], "Sagectl": {**ours, **row["Sagectl"]}} for row in rows
    )


def bucket_words(meta: Mapping[str, Any]) -> str:
    """The shapes of the inputs that a meta describes, in words."""
    return words({port.name: port.shape for port in ports(meta, "Inputs")})


@contextmanager
def single(folder: Path, number: int = -1) -> Iterator[Path]:
    """An unpacked package of one set of shapes; ``folder`` itself where it has no other."""
    if not (rows := _rows(folder)):
        yield folder
        return
    with workplace("bucket") as place:
        taken = {name: name for name in (layout.RUNTIME, layout.RUNTIME_MORE)}
        taken[layout.LIBRARY] = rows[number]["Library"]
        if rows[number]["Parameters"]:
            taken[layout.PARAMETERS] = rows[number]["Parameters"]
        for name, source in taken.items():
            if (folder / source).exists():
                (place / name).symlink_to((folder / source).absolute())
        write_folder(place, buckets(folder)[number])
        yield place


def bucket_of(folder: Path, feeds: Mapping[str, Any]) -> int:
    """The number of the set of shapes that arrays have.

    Raises InputError for arrays that are not the model's inputs.
    """
    found = buckets(folder)
    try:
        arrays = checked(feeds, ports(layout.meta(folder), "Inputs"))
    except TensorError as error:
        raise InputError(error.message, hint=error.hint) from error
    if len(found) == 1:
        return 0
    given = [array.shape for array in arrays]
    for number, each in enumerate(found):
        if [port.shape for port in ports(each, "Inputs")] == given:
            return number
    raise InputError(
        "The package holds no code for inputs of the shapes given",
        hint=f"It was compiled for {'; '.join(map(bucket_words, found))}.",
    )


def _rows(folder: Path) -> list[dict[str, Any]]:
    try:
        return layout.buckets(layout.meta(folder), folder)
    except PackageError as error:
        raise InputError(error.message, hint=error.hint) from error


def _part(
    asked: CompileRequest,
    shapes: Mapping[str, tuple[int, ...]],
    output: Path,
    compiled: Compile,
) -> Package:
    dump = (
        asked.dump / "-".join("x".join(map(str, shape)) for shape in shapes.values())
        if asked.dump
        else None
    )
    try:
        return compiled(replace(asked, inputs=shapes, output=output, dump=dump))
    except CompileError as error:
        raise type(error)(
            f"With {words(shapes)}: {error.message}",
            stage=error.stage,
            reason=error.reason,
            details=error.details,
            hint=error.hint,
        ) from error


def _joined(
    folder: Path, others: Sequence[Path], parts: Sequence[Package]
) -> Mapping[str, Any]:
    """The meta of ``folder``, the largest's, with the files of the others moved into it."""
    metas = [part.meta for part in parts]
    base = metas[-1]
    names = [
        (_taken(folder, other, layout.LIBRARY, number), _shared(folder, other, number))
        for number, other in enumerate(others, start=1)
    ]
    held = layout.PARAMETERS if (folder / layout.PARAMETERS).exists() else None
    ours = base["Sagectl"]
    rows = [
        {
            "Library": library,
            "Parameters": parameters,
            "Model": meta["Model"],
            "Sagectl": {
                name: value for name, value in meta["Sagectl"].items() if value != ours[name]
            },
        }
        for (library, parameters), meta in zip(
            [*names, (layout.LIBRARY, held)], metas, strict=True
        )
    ]
    proofs = [meta["Sagectl"]["Verification"] for meta in metas]
    worst = next((each for each in proofs if each["Result"] != "passed"), proofs[-1])
    model = {name: _general(metas, name) for name in ("Inputs", "Outputs")}
    if len({tuple(ports(meta, "Inputs")) for meta in metas}) < len(metas):
        raise refused(
            "The sizes that are asked for are not those of the model's inputs",
            "Compile it for one shape: a package of it takes any of them, or none.",
        )
    return {**base, "Model": model, "Sagectl": {**ours, "Verification": worst, "Buckets": rows}}


def _taken(folder: Path, other: Path, name: str, number: int) -> str:
    stem, _, suffix = name.rpartition(".")
    numbered = f"{stem}-{number}.{suffix}"
    shutil.move(other / name, folder / numbered)
    return numbered


def _shared(folder: Path, other: Path, number: int) -> str | None:
    """The name of a file of weights, which is another's where both are the same."""
    held = other / layout.PARAMETERS
    if not held.exists():
        return None
    wanted = layout.digest(held)
    for path in sorted(folder.glob("*.params")):
        if path.stat().st_size == held.stat().st_size and layout.digest(path) == wanted:
            return path.name
    return _taken(folder, other, layout.PARAMETERS, number)


def _general(metas: Sequence[Mapping[str, Any]], what: str) -> list[dict[str, Any]]:
    """The rows of all inputs or outputs, with -1 for a size that is not always the same."""
    columns = zip(*(ports(meta, what) for meta in metas), strict=True)
    return [_general_row(column) for column in columns]


def _general_row(column: tuple[Port, ...]) -> dict[str, Any]:
    first = column[0]
    if len({(port.name, port.dtype, len(port.shape)) for port in column}) > 1:
        raise refused(
            f"{first.name!r} is not of the same kind for all shapes: "
            f"{', '.join(sorted({str(port) for port in column}))}",
            "Make a package for each of these shapes.",
        )
    sizes = zip(*(port.shape for port in column), strict=True)
    shape = [each[0] if len(set(each)) == 1 else -1 for each in sizes]
    return {"name": first.name, "dtype": first.dtype, "shape": shape}


def _comparison(
    parts: Sequence[Package], shapes: Sequence[Mapping[str, tuple[int, ...]]]
) -> Comparison | None:
    found = [
        (words(each), part.comparison)
        for part, each in zip(parts, shapes, strict=True)
        if part.comparison
    ]
    return joined_comparison(found) if found else None


def joined_comparison(found: Sequence[tuple[str, Comparison]]) -> Comparison:
    """The comparisons of several sets of shapes, each with its words, as one."""
    rows = [
        replace(row, output=f"{row.output} ({said})")
        for said, comparison in found
        for row in comparison.rows
    ]
    _, last = found[-1]
    inputs = ", ".join(dict.fromkeys(each.inputs for _, each in found))
    return Comparison(last.reference, inputs, tuple(rows))
