from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import model_digest, model_file
from sagectl.compiler.frontends.detection import recognised

if TYPE_CHECKING:
    from pathlib import Path


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            info.size = len(content) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(content))
    return path


def file(name: str, content: bytes = b"model") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def special(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def test_a_plain_file_is_itself(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"model")

    with model_file(tmp_path / "m.onnx", "ONNX") as path:
        assert path == tmp_path / "m.onnx"


def test_an_archive_gives_its_model_with_the_data_beside_it(tmp_path: Path) -> None:
    packed = archive(
        tmp_path / "m.tar.gz",
        file("./net/m.onnx"),
        file("./net/weights.bin", b"weights"),
        file("./net/._m.onnx", b"attributes"),
    )

    with model_file(packed, "ONNX") as path:
        assert path.read_bytes() == b"model"
        assert path.with_name("weights.bin").read_bytes() == b"weights"
        unpacked = path
    assert not unpacked.exists()


def test_a_folder_gives_its_one_model(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"model")

    with model_file(tmp_path, "ONNX") as path:
        assert path.name == "m.onnx"


@pytest.mark.parametrize(
    ("members", "reason", "said"),
    [
        ([file("readme.txt")], "no-model", "holds no .onnx file"),
        (
            [file("a.onnx"), file("b/c.onnx")],
            "several-models",
            "2 .onnx files: a.onnx, b/c.onnx",
        ),
        ([file("../a.onnx")], "archive", "would leave its folder"),
        ([file("/etc/a.onnx")], "archive", "would leave its folder"),
        ([file("a.onnx"), file("a.onnx")], "archive", "there twice"),
        ([file("a"), file("a/b.onnx")], "archive", "there twice"),
        ([special("a.onnx", tarfile.SYMTYPE, "/etc/passwd")], "archive", "a link or a device"),
        ([special("a.onnx", tarfile.LNKTYPE, "b")], "archive", "a link or a device"),
        ([special("a.onnx", tarfile.FIFOTYPE)], "archive", "a link or a device"),
        ([special("a.onnx", tarfile.CHRTYPE)], "archive", "a link or a device"),
    ],
    ids=[
        "no-model",
        "several-models",
        "parent",
        "absolute",
        "twice",
        "file-and-folder",
        "symbolic-link",
        "hard-link",
        "pipe",
        "device",
    ],
)
def test_an_archive_that_cannot_be_used_is_refused(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], reason: str, said: str
) -> None:
    packed = archive(tmp_path / "m.tar.gz", *members)

    with pytest.raises(RequestError, match=said) as caught, model_file(packed, "ONNX"):
        pass

    assert caught.value.reason == reason
    assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [b"", b"not an archive", gzip.compress(b"no tar"), gzip.compress(b"x" * 4096)[:-9]],
    ids=["empty", "text", "gzip-of-text", "cut-off"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.tar.gz"
    path.write_bytes(content)

    with pytest.raises(RequestError) as caught, model_file(path, "ONNX"):
        pass

    assert caught.value.reason == "archive"
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path) -> None:
    packed = archive(tmp_path / "m.tar.gz", file("a.onnx", bytes(80 << 20)))

    with (
        pytest.raises(RequestError, match="far more than its size"),
        model_file(packed, "ONNX"),
    ):
        pass


def carrier(kind: bytes, size: int, content: bytes) -> bytes:
    """A header that carries a name or attributes, in tar's bytes."""
    info = tarfile.TarInfo("carrier")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (carrier(tarfile.XHDTYPE, 12, b"12 path=aaa\n") * 3000, "headers upon headers"),
        (carrier(tarfile.GNUTYPE_LONGNAME, 4, b"aaa\0") * 3000, "headers upon headers"),
        (carrier(tarfile.XHDTYPE, 3 << 30, bytes(5 << 20)), "a header of 3221225472 bytes"),
        (carrier(tarfile.XHDTYPE, 12, b"12 size=-99\n"), "has a negative size"),
        (
            carrier(tarfile.XHDTYPE, 25, b"25 GNU.sparse.map=a,b,c,\n"),
            "or a damaged one",
        ),
    ],
    ids=["attributes-chained", "names-chained", "huge", "negative", "no-numbers"],
)
def test_headers_that_no_tool_writes_are_refused(
    tmp_path: Path, headers: bytes, said: str
) -> None:
    (tmp_path / "m.tar.gz").write_bytes(
        gzip.compress(headers + tarfile.TarInfo("a.onnx").tobuf() + bytes(1024), 1)
    )

    with (
        pytest.raises(RequestError, match=said) as caught,
        model_file(tmp_path / "m.tar.gz", "ONNX"),
    ):
        pass

    assert caught.value.reason == "archive"
    assert recognised(tmp_path / "m.tar.gz") in (None, "ONNX")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a" * 300 + "/a.onnx", "is too long a name"),
        ("d/" * 2500 + "a.onnx", "is too long a name"),
        ("m\udce9.onnx", "is not UTF-8"),
    ],
    ids=["long", "deep", "latin-1"],
)
def test_names_that_no_folder_takes_are_refused(tmp_path: Path, name: str, said: str) -> None:
    packed = archive(tmp_path / "m.tar.gz", file(name))

    with pytest.raises(RequestError, match=said), model_file(packed, "ONNX"):
        pass


@pytest.mark.parametrize(
    ("framework", "model", "companion"),
    [
        ("XGBOOST", ("xgb.json", b'{"learner":{}}'), ("metadata.json", b"{}")),
        ("LIGHTGBM", ("lgb.txt", b"tree\nversion=v4\n"), ("requirements.txt", b"numpy\n")),
    ],
    ids=["xgboost", "lightgbm"],
)
def test_a_file_that_is_only_named_like_a_model_is_no_second_one(
    tmp_path: Path, framework: str, model: tuple[str, bytes], companion: tuple[str, bytes]
) -> None:
    packed = archive(tmp_path / "m.tar.gz", file(*companion), file(*model))

    with model_file(packed, framework) as path:
        assert path.name == model[0]


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(RequestError, match="does not exist"),
        model_file(tmp_path / "m", "ONNX"),
    ):
        pass


def test_a_saved_model_is_one_model_though_more_files_end_like_it(tmp_path: Path) -> None:
    for name in ("saved_model.pb", "fingerprint.pb", "keras_metadata.pb"):
        (tmp_path / name).write_bytes(b"x")

    with model_file(tmp_path, "TENSORFLOW") as path:
        assert path.name == "saved_model.pb"


def test_a_folder_of_another_framework_says_which(tmp_path: Path) -> None:
    (tmp_path / "net.tflite").write_bytes(b"\x1c\0\0\0TFL3")

    with (
        pytest.raises(RequestError, match="it looks like TFLITE") as caught,
        model_file(tmp_path, "KERAS"),
    ):
        pass

    assert caught.value.reason == "no-model"


def test_a_folders_digest_follows_from_every_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    (tmp_path / "weights").write_bytes(b"first")
    first = model_digest(tmp_path)
    same = model_digest(tmp_path / "saved_model.pb")
    (tmp_path / "weights").write_bytes(b"other")

    assert first == same
    assert model_digest(tmp_path) != first
