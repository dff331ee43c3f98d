"""``sagectl local upload``: files that become objects of the embedded control plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.app import App


@click.command(cls=Command)
@takes(
    click.Argument(("paths",), type=click.Path(path_type=Path), nargs=-1, required=True),
    click.Argument(("uri",), metavar="S3URI"),
)
@pass_app
def upload(app: App, paths: Sequence[Path], uri: str) -> None:
    """Make objects of the local plane from files, and from all files in folders.

    A folder's files keep their places below S3URI; so do files where S3URI ends with a slash,
    or where there are several. What is there already is replaced. Jobs then find the objects
    where AWS would have them, as input manifests name them.

    \b
    Examples:
      sagectl local upload examples/labeling s3://shop/reviews
      sagectl local upload examples/quickstart/digits.onnx s3://models/digits.onnx
    """
    from sagectl.catalog.kinds import Column
    from sagectl.render.views import Listing

    is_folder = uri.endswith("/") or len(paths) > 1
    rows = []
    for file, key in [each for path in paths for each in _files(path, is_folder)]:
        target = f"{uri.rstrip('/')}/{key}" if key else uri
        app.local.objects.put(target, file)
        rows.append({"Uri": target, "SizeBytes": file.stat().st_size})
    columns = (Column("OBJECT", "Uri"), Column("BYTES", "SizeBytes"))
    app.show(Listing("Objects", rows, columns, "object", "Uri", "objects"))


def _files(path: Path, is_folder: bool) -> Iterator[tuple[Path, str]]:
    """The files that ``path`` stands for, with their keys below a folder of objects."""
    if path.is_dir():
        found = [file for file in sorted(path.rglob("*")) if file.is_file()]
        if not found:
            raise InputError(f"{path} has no files in it")
        yield from ((file, file.relative_to(path).as_posix()) for file in found)
    elif path.is_file():
        yield path, path.name if is_folder else ""
    else:
        raise InputError(f"there is no file or folder {path}")
