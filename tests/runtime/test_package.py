from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler.packaging import write_folder
from sagectl.runtime import PackageError, load
from sagectl.runtime.cpu import host_machine
from sagectl.runtime.package import meta, unpack

if TYPE_CHECKING:
    from sagectl.compiler.packaging import Package


def listing(**files: bytes) -> bytes:
    rows = {
        name.replace("_", "."): {"Size": len(data), "Sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
    }
    return json.dumps({"Files": rows}).encode()


def archive(path: Path, *members: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    return path


def link(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


def announced(size: int) -> bytes:
    row = {"Size": size, "Sha256": hashlib.sha256().hexdigest()}
    return json.dumps(
        {"Files": {"compiled.so": row, "compiled.meta": row | {"Size": 0}}}
    ).encode()


SOUND = listing(compiled_so=b"code", compiled_meta=b"{}")
LIST = ("manifest.json", SOUND)
CODE = ("compiled.so", b"code")
META = ("compiled.meta", b"{}")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ([CODE, META], "no package of sagectl"),
        ([LIST, CODE], "lacks compiled.meta"),
        ([LIST, CODE, META, CODE], "not in the manifest once"),
        ([LIST, CODE, META, ("extra", b"")], "not in the manifest once"),
        ([LIST, ("../compiled.so", b"code"), META], "would leave its folder"),
        ([LIST, ("/compiled.so", b"code"), META], "would leave its folder"),
        ([LIST, (link("compiled.so"), b""), META], "no plain file"),
        ([LIST, ("compiled.so", b"codes"), META], "has 5 bytes, its manifest says 4"),
        ([LIST, ("compiled.so", b"c0de"), META], "is damaged"),
        ([("manifest.json", announced(1 << 60)), CODE, META], "unpacks to 1152921504606846976"),
        ([("manifest.json", announced(-1)), CODE, META], "lacks size or digest"),
        ([("manifest.json", b"{"), CODE, META], "not JSON"),
        ([("manifest.json", b"[]"), CODE, META], "not a JSON object"),
        ([("manifest.json", b"{}"), CODE, META], "does not list a package's files"),
        (
            [
                ("manifest.json", b'{"Files": {"compiled.so": 1, "compiled.meta": 2}}'),
                CODE,
                META,
            ],
            "lacks size or digest",
        ),
    ],
    ids=[
        "no-manifest",
        "missing-member",
        "member-twice",
        "unannounced-member",
        "parent",
        "absolute",
        "link",
        "size",
        "digest",
        "larger-than-the-disk",
        "negative-size",
        "broken-manifest",
        "manifest-list",
        "empty-manifest",
        "manifest-of-numbers",
    ],
)
def test_an_unsound_archive_is_refused(tmp_path: Path, members: Any, said: str) -> None:
    path = archive(tmp_path / "p.tar.gz", *members)
    (tmp_path / "into").mkdir()

    with pytest.raises(PackageError, match=said):
        unpack(path, tmp_path / "into")


@pytest.mark.parametrize("content", [b"", b"text", b"\x1f\x8b\x08", b"\x1f\x8b\x08 cut"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.tar.gz").write_bytes(content)

    with pytest.raises(PackageError, match="not a package") as caught:
        load(tmp_path / "p.tar.gz")

    assert "\n" not in str(caught.value)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(PackageError, match="is a pipe"):
        load(tmp_path / "pipe")


def with_library(package: Package, folder: Path, content: bytes) -> Path:
    """The package with another library, and a manifest that knows no better."""
    folder.mkdir()
    unpack(package.path, folder)
    (folder / "compiled.so").write_bytes(content)
    write_folder(folder, meta(folder))
    return folder


def test_a_library_that_was_cut_short_is_refused_and_ends_no_process(
    package: Package, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    whole = (tmp_path / "compiled.so").read_bytes()

    for kept in (0, 40, 64, len(whole) // 3):
        with pytest.raises(PackageError, match="is no library"):
            load(with_library(package, tmp_path / str(kept), whole[:kept]))


def test_a_library_without_a_model_is_refused(package: Package, tmp_path: Path) -> None:
    with Path("/proc/self/maps").open() as maps:
        libc = next(line.split()[-1] for line in maps if "/libc.so" in line)

    with pytest.raises(PackageError, match="holds no compiled model"):
        load(with_library(package, tmp_path / "libc", Path(libc).read_bytes()))


def for_target(package: Package, folder: Path, **target: Any) -> Path:
    """The package, saying that it is for another target."""
    unpack(package.path, folder)
    meta = json.loads((folder / "compiled.meta").read_text())
    meta["Sagectl"]["Target"] |= target
    content = json.dumps(meta).encode()
    listed = json.loads((folder / "manifest.json").read_text())
    listed["Files"]["compiled.meta"] = {
        "Size": len(content),
        "Sha256": hashlib.sha256(content).hexdigest(),
    }
    (folder / "compiled.meta").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(listed))
    return folder


def test_a_package_for_another_machine_is_refused(package: Package, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="The package is for ANDROID ARM64"):
        load(for_target(package, tmp_path, Os="ANDROID", Arch="ARM64"))


@pytest.mark.skipif(host_machine() != "x86_64", reason="names a feature of x86-64 processors")
def test_a_package_for_a_newer_processor_is_refused_before_it_runs(
    package: Package, tmp_path: Path
) -> None:
    made_up = for_target(
        package, tmp_path, Mcpu="madeup", Features=["sse2", "fma4", "amx-int8"]
    )

    with pytest.raises(PackageError, match=r"compiled for madeup; .* lacks amx-int8, fma4"):
        load(made_up)
