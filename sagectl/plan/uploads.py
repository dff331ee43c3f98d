"""Local files on their way to S3, under a name that says what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic
from sagectl.errors import InputError
from sagectl.manifest.document import Upload
from sagectl.plan.change import Transfer
from sagectl.plan.order import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sagectl.catalog.kinds import Kind
    from sagectl.manifest.document import Document

LOCAL_PREFIX = "s3://sagectl-local/uploads"
_ARCHIVES = (".tar.gz", ".tgz")
_CHUNK = 1 << 20


class Objects(Protocol):
    """Where uploads go."""

    def put(self, uri: str, source: Path, /) -> None: ...

    def exists(self, uri: str, /) -> bool: ...


class Uploads:
    """The ``{upload}`` values of one set, each file read once however often it is named.

    ``prefix`` is ``s3://bucket/path``, or None where none is configured.
    """

    def __init__(self, prefix: str | None) -> None:
        self._prefix = prefix.rstrip("/") if prefix else None
        self._names: dict[tuple[Path, bool], str] = {}

    def resolved(
        self, document: Document, kind: Kind, params: Any, live: Any
    ) -> tuple[Any, tuple[Transfer, ...], tuple[Diagnostic, ...]]:
        """``params`` with URIs for uploads, the files to send, and what stands in the way.

        A live resource that reads the same content from elsewhere keeps reading it there.
        """
        if not any(uploads_of(document)):
            return params, (), ()
        transfers: list[Transfer] = []
        findings: list[Diagnostic] = []

        def uri(path: str, upload: Upload, live: Any) -> Any:
            finding, name = self._name(kind, path, upload)
            if name is None:
                findings.extend(finding)
                return upload
            if isinstance(live, str) and live.endswith(f"/{name}"):
                target = live
            elif self._prefix is None:
                findings.append(_no_prefix(path, upload))
                return upload
            else:
                target = f"{self._prefix}/{name}"
            transfers.append(
                Transfer(upload.path, target, is_packed=_packs(kind, path, upload))
            )
            return target

        return _replaced(params, "", live, uri), tuple(transfers), tuple(findings)

    def _name(
        self, kind: Kind, path: str, upload: Upload
    ) -> tuple[tuple[Diagnostic, ...], str | None]:
        is_packed = _packs(kind, path, upload)
        known = self._names.get((upload.path, is_packed))
        if known is not None:
            return (), known
        if problem := unusable(kind, path, upload):
            return (problem,), None
        content = digest(upload.path, is_packed=is_packed)
        name = f"{content}/{_file_name(upload.path, kind, path)}"
        self._names[upload.path, is_packed] = name
        return (), name


def unusable(kind: Kind, path: str, upload: Upload) -> Diagnostic | None:
    """Why the file of an ``{upload}`` at field ``path`` cannot be sent, None if it can."""
    source = upload.path
    field = f"spec.{path}"
    if source.is_dir():
        if not _packs(kind, path, upload):
            return Diagnostic(
                f"{source} is a folder, and {path} takes one file", field, upload.span,
                rule="upload.folder",
            )  # fmt: skip
        if not any(item.is_file() for item in source.rglob("*")):
            return Diagnostic(
                f"{source} holds no file", field, upload.span, rule="upload.empty"
            )
        return None
    try:
        with source.open("rb") as content:
            magic = content.read(2)
    except OSError as error:
        return Diagnostic(
            f"{source}: {(error.strerror or str(error)).lower()}",
            field,
            upload.span,
            hint="The path is relative to the file that says it.",
            rule="upload.file",
        )
    if path in kind.packed_uploads and is_archive(source):
        return _broken_archive(source, magic, field, upload)
    return None


def _broken_archive(
    source: Path, magic: bytes, field: str, upload: Upload
) -> Diagnostic | None:
    import tarfile
    import zlib

    problem = "it is not gzip-compressed"
    if magic == b"\x1f\x8b":
        try:
            with tarfile.open(source, "r:gz") as archive:
                if archive.next() is not None:
                    return None
            problem = "it is empty"
        except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
            problem = str(error)
    return Diagnostic(
        f"{source} is not a tar.gz: {problem}",
        field,
        upload.span,
        hint="Name the model file itself and sagectl packs it, or make the archive with "
        "`tar -czf model.tar.gz FILE`.",
        rule="upload.archive",
    )


def _no_prefix(path: str, upload: Upload) -> Diagnostic:
    return Diagnostic(
        f"there is no place to upload {upload.path.name} to",
        f"spec.{path}",
        upload.span,
        hint="Give --upload-to s3://BUCKET/PREFIX, or set SAGECTL_UPLOAD_TO; the bucket must "
        "exist.",
        rule="upload.prefix",
    )


def send(transfer: Transfer, objects: Objects) -> bool:
    """Have the file at its URI; False if it was there already.

    The name says what the content is, so what is there need not be sent again. Raises
    InputError if the file is no longer what was planned.
    """
    if objects.exists(transfer.uri):
        return False
    if not transfer.is_packed:
        _check(transfer, digest(transfer.source, is_packed=False))
        objects.put(transfer.uri, transfer.source)
        return True
    from pathlib import Path
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="sagectl-") as folder:
        package = Path(folder) / "package.tar.gz"
        with package.open("wb") as target:
            _check(transfer, digest(transfer.source, is_packed=True, copy=target.write))
        objects.put(transfer.uri, package)
    return True


def _check(transfer: Transfer, found: str) -> None:
    if found != transfer.uri.split("/")[-2]:
        raise InputError(
            f"{transfer.source} changed since the plan was made", hint="Run it again."
        )


def digest(
    source: Path, *, is_packed: bool, copy: Callable[[bytes], object] | None = None
) -> str:
    """The SHA-256 of what is sent: the file as it is, or packed; ``copy`` gets it all too."""
    import hashlib

    sha256 = hashlib.sha256()

    def sink(chunk: bytes) -> None:
        sha256.update(chunk)
        if copy is not None:
            copy(chunk)

    if is_packed:
        from sagectl.plan.packing import pack

        pack(source, sink)
    else:
        with source.open("rb") as content:
            while chunk := content.read(_CHUNK):
                sink(chunk)
    return sha256.hexdigest()


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(_ARCHIVES)


def uploads_of(document: Document) -> Iterator[tuple[str, Upload]]:
    """Every ``{upload}`` in ``document``, with the dotted path of its field."""
    for path in KINDS[document.kind].uploads:
        if isinstance(value := at(document.spec, path), Upload):
            yield path, value


def _packs(kind: Kind, path: str, upload: Upload) -> bool:
    return path in kind.packed_uploads and not is_archive(upload.path)


def _file_name(source: Path, kind: Kind, path: str) -> str:
    if path not in kind.packed_uploads:
        return source.name
    if source.is_dir():
        return f"{source.name}.tar.gz"
    ending = next(
        (end for end in _ARCHIVES if source.name.lower().endswith(end)), source.suffix
    )
    return f"{source.name[: len(source.name) - len(ending)]}.tar.gz"


def _replaced(value: Any, path: str, live: Any, uri: Callable[[str, Upload, Any], Any]) -> Any:
    if isinstance(value, Upload):
        return uri(path, value, live)
    if isinstance(value, dict):
        inner = live if isinstance(live, dict) else {}
        return {
            name: _replaced(item, f"{path}.{name}" if path else name, inner.get(name), uri)
            for name, item in value.items()
        }
    return value
