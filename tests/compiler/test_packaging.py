from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.elf import oldest_glibc, read_elf
from sagectl.compiler.packaging import described, open_package, write_folder
from sagectl.errors import InputError
from sagectl.runtime.package import meta, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package


def test_the_digest_is_that_of_the_archive(package: Package) -> None:
    found = hashlib.sha256(package.path.read_bytes()).hexdigest()

    assert package.digest == f"sha256:{found}"


def test_a_package_describes_itself(package: Package) -> None:
    row = described(package.path)

    assert row["Model"]["Inputs"] == [
        {"name": "image.0", "dtype": "float32", "shape": [1, 3, 12, 12]},
        {"name": "side", "dtype": "float32", "shape": [1, 4]},
    ]
    assert row["Requirements"]["TargetDeviceType"] == "cpu"
    assert row["Sagectl"]["Target"]["Features"]
    assert row["Digest"] == package.digest
    assert set(row["Files"]) == {"compiled.meta", "compiled.params", "compiled.so"}
    assert row["Library"]["Functions"]
    assert not [name for name in row["Library"]["Imports"] if name.startswith("TVMBackend")]


def test_the_oldest_glibc_is_measured(package: Package) -> None:
    minimum = package.meta["Sagectl"]["System"]["MinimumGlibc"]

    assert minimum is None or minimum.startswith("2.")


def test_a_library_tells_its_imports(package: Package) -> None:
    with open_package(package.path) as folder:
        elf = read_elf(folder / "compiled.so")

    assert "TVMFFIErrorSetRaisedFromCStrParts" in elf.imports
    assert ".text" in elf.sections
    assert all(size >= 0 for size in elf.functions.values())


def test_versions_that_are_no_release_do_not_count_for_the_oldest_glibc() -> None:
    versions = ["GLIBC_2.4", "GLIBC_2.17", "GLIBC_ABI_DT_RELR", "GLIBC_PRIVATE", "GLIBC_"]
    assert oldest_glibc(versions) == "2.17"


def test_a_package_whose_library_is_none_is_an_input_error(
    package: Package, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    (tmp_path / "compiled.so").write_bytes(b"text")
    write_folder(tmp_path, meta(tmp_path))

    with pytest.raises(InputError, match="is not a little-endian ELF file"):
        described(tmp_path)


def test_what_is_no_elf_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_bytes(b"MZ")

    with pytest.raises(ValueError, match="not a little-endian ELF file"):
        read_elf(tmp_path / "x.so")


def test_what_is_no_package_is_an_input_error(model: Path) -> None:
    with pytest.raises(InputError, match="not a package"), open_package(model):
        pass
