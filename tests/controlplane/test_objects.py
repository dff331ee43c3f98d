"""The object store: S3's names on a folder tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.objects import ObjectStore
from sagectl.errors import InputError, NotFoundError, StateError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(tmp_path / "state")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(b"model")
    return path


KEYS = {
    "flat": "model.tar.gz",
    "nested": "a/b/model.tar.gz",
    "space": "my models/v 1.bin",
    "not ascii": "modèles/数字.bin",
    "dotted": ".hidden/..a/b..",
    "empty part": "a//b",
    "leading slash": "/a",
    "trailing slash": "folder/",
    "parent": "../../../etc/passwd",
    "current": "./a/./b",
    "only dots": "..",
    "nul": "a\0b",
    "long part": "x" * 300,
    "longest": "é" * 512,
    "percent": "a%2Fb/100%",
    "looks escaped": "a+/b=",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_every_key_of_s3_is_kept_inside_the_tree_and_listed(
    store: ObjectStore, source: Path, tmp_path: Path, key: str
) -> None:
    uri = f"s3://models/{key}"
    assert not store.exists(uri)
    store.put(uri, source)
    assert store.exists(uri)
    assert store.path(uri).read_bytes() == b"model"
    assert (tmp_path / "state" / "objects") in store.path(uri).resolve().parents
    (row,) = store.listing("s3://models/")
    assert (row.uri, row.key, row.size_bytes) == (uri, key, 5)


def test_an_ordinary_key_is_its_own_path(
    store: ObjectStore, source: Path, tmp_path: Path
) -> None:
    store.put("s3://models/vision/digits.tar.gz", source)
    assert (tmp_path / "state/objects/models/vision/digits.tar.gz").read_bytes() == b"model"


@pytest.mark.parametrize("first", ["a/b", "a/b/c"])
def test_a_key_may_also_be_the_folder_of_another(
    store: ObjectStore, source: Path, first: str
) -> None:
    keys = [first, *({"a", "a/b", "a/b/c"} - {first})]
    for key in keys:
        source.write_text(key)
        store.put(f"s3://models/{key}", source)
    assert {key: store.path(f"s3://models/{key}").read_text() for key in keys} == {
        key: key for key in keys
    }
    assert [row.key for row in store.listing("s3://models/")] == ["a", "a/b", "a/b/c"]


def test_a_second_write_replaces_the_first_and_leaves_nothing_beside(
    store: ObjectStore, source: Path, tmp_path: Path
) -> None:
    for key in ("plain", "not//plain"):
        store.put(f"s3://models/{key}", source)
    source.write_bytes(b"other")
    for key in ("plain", "not//plain"):
        store.put(f"s3://models/{key}", source)
        assert store.path(f"s3://models/{key}").read_bytes() == b"other"
    assert len(store.listing("s3://models/")) == 2
    assert list((tmp_path / "state/objects/.incoming").iterdir()) == []


def test_a_listing_takes_the_prefix_as_text_in_byte_order(
    store: ObjectStore, source: Path
) -> None:
    for key in ("b", "ab/2", "ab/1", "a", "B"):
        store.put(f"s3://models/{key}", source)
    assert [row.key for row in store.listing("s3://models/a")] == ["a", "ab/1", "ab/2"]
    assert [row.key for row in store.listing("s3://models")] == ["B", "a", "ab/1", "ab/2", "b"]


def test_a_bucket_exists_from_the_first_write(store: ObjectStore, source: Path) -> None:
    assert not store.bucket_exists("models")
    assert store.buckets() == []
    store.put("s3://models/a//b", source)
    assert store.bucket_exists("models")
    assert store.buckets() == ["models"]


def test_a_missing_bucket_and_a_missing_object_are_different_failures(
    store: ObjectStore, source: Path
) -> None:
    with pytest.raises(NotFoundError) as missing:
        store.path("s3://models/a")
    assert missing.value.code == "NoSuchBucket"
    store.put("s3://models/b", source)
    with pytest.raises(NotFoundError) as missing:
        store.path("s3://models/a")
    assert missing.value.code == "NoSuchKey"
    with pytest.raises(NotFoundError):
        store.listing("s3://other/")


BAD_URIS = {
    "no scheme": "models/a",
    "another scheme": "https://models.s3.amazonaws.com/a",
    "no bucket": "s3:///a",
    "parent bucket": "s3://../a",
    "hidden bucket": "s3://.incoming/a",
    "upper case": "s3://Models/a",
    "underscore": "s3://my_models/a",
    "too short": "s3://ab/a",
    "too long": f"s3://{'a' * 64}/a",
    "two dots": "s3://my..models/a",
    "an address": "s3://192.168.5.4/a",
    "reserved prefix": "s3://xn--models/a",
    "reserved suffix": "s3://models-s3alias/a",
    "no key": "s3://models",
    "empty key": "s3://models/",
    "key too long": "s3://models/" + "a" * 1025,
    "surrogate": "s3://models/\udc80",
}


@pytest.mark.parametrize("uri", BAD_URIS.values(), ids=BAD_URIS)
def test_what_s3_would_not_take_is_refused(store: ObjectStore, source: Path, uri: str) -> None:
    for attempt in (store.path, store.exists, lambda uri: store.put(uri, source)):
        with pytest.raises(InputError):
            attempt(uri)


def test_a_missing_source_is_the_users_mistake(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        store.put("s3://models/a", tmp_path / "nowhere")


def test_a_full_disk_is_said_and_leaves_nothing(
    store: ObjectStore, source: Path, tmp_path: Path
) -> None:
    import resource
    import signal

    source.write_bytes(b"x" * (1 << 20))
    # A file size limit fails the write midway, as a full disk does.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        with pytest.raises(StateError, match="s3://models/a cannot be kept"):
            store.put("s3://models/a", source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not store.exists("s3://models/a")
    assert list((tmp_path / "state/objects/.incoming").iterdir()) == []


def test_a_state_directory_that_is_a_file_is_said(tmp_path: Path, source: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError):
        ObjectStore(tmp_path / "state").put("s3://models/a", source)


def test_a_removed_state_directory_is_not_made_again(tmp_path: Path, source: Path) -> None:
    store = ObjectStore(tmp_path / "state", makes_state=False)
    with pytest.raises(StateError):
        store.put("s3://models/a", source)
    assert not (tmp_path / "state").exists()


def test_objects_are_their_owners_alone(
    store: ObjectStore, source: Path, tmp_path: Path
) -> None:
    store.put("s3://models/a/b", source)
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert store.path("s3://models/a/b").stat().st_mode & 0o777 == 0o600


def test_a_sweep_takes_only_what_was_abandoned(
    store: ObjectStore, source: Path, tmp_path: Path
) -> None:
    store.sweep()
    store.put("s3://models/a", source)
    incoming = tmp_path / "state/objects/.incoming"
    (incoming / "old").write_text("")
    os.utime(incoming / "old", (0, 0))
    (incoming / "new").write_text("")
    store.sweep()
    assert [path.name for path in incoming.iterdir()] == ["new"]
