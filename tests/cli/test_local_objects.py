"""Files that become objects of the local plane."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Run


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    (folder / "0.png").write_bytes(b"zero")
    (folder / "more" / "1.png").write_bytes(b"one")
    return folder


@pytest.mark.parametrize(
    ("args", "uris"),
    [
        pytest.param(
            ("pictures", "s3://shop/p"),
            ["s3://shop/p/0.png", "s3://shop/p/more/1.png"],
            id="folder",
        ),
        pytest.param(("pictures/0.png", "s3://shop/a.png"), ["s3://shop/a.png"], id="file"),
        pytest.param(("pictures/0.png", "s3://shop/p/"), ["s3://shop/p/0.png"], id="below"),
        pytest.param(
            ("pictures/0.png", "pictures/more/1.png", "s3://shop"),
            ["s3://shop/0.png", "s3://shop/1.png"],
            id="several",
        ),
    ],
)
def test_files_become_objects(
    run: Run, pictures: Path, args: tuple[str, ...], uris: list[str]
) -> None:
    found = run("local", "upload", *args, "-o", "json")
    assert [row["Uri"] for row in json.loads(found.out)["Objects"]] == uris
    kept = Path(run("local", "path", uris[0]).out.strip())
    assert kept.read_bytes() == b"zero"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("missing", "s3://shop/p"), "no file or folder missing", id="missing"),
        pytest.param(("empty", "s3://shop/p"), "empty has no files", id="empty"),
        pytest.param(("pictures", "shop/p"), "shop/p", id="no-uri"),
        pytest.param(("pictures/0.png", "s3://shop"), "s3://shop", id="no-key"),
    ],
)
def test_what_cannot_become_an_object_is_refused(
    run: Run, pictures: Path, args: tuple[str, ...], said: str
) -> None:
    Path("empty").mkdir()
    found = run("local", "upload", *args)
    assert found.code == 2, found.err
    assert said in found.err
