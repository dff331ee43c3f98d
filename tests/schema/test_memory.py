"""What is remembered of manifests that were read before, and what never is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.schema.documents import read_documents
from sagectl.schema.memory import FEWEST, SetMemory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sagectl.schema.documents import Read
    from sagectl.schema.model import ServiceModel

    Reader = Callable[..., Read]

TEAM = """\
kind: Workteam
name: team-{number}
tags: {{unit: radiology}}
spec:
  Description: Reads scans.
  MemberDefinitions:
  - OidcMemberDefinition: {{Groups: [readers]}}
"""
COMPILE = """\
kind: CompilationJob
name: scans-${{model}}
matrix:
  model: [faces, digits]
spec:
  RoleArn: arn:aws:iam::123456789012:role/compiler
  InputConfig:
    S3Uri: s3://models/${{model}}.tar.gz
    Framework: ONNX
    DataInputConfig: {{x: [1]}}
  OutputConfig: {{S3OutputLocation: s3://models/out, TargetDevice: ml_c5}}
  StoppingCondition: {{MaxRuntimeInSeconds: 900}}
"""
WORKFORCE = """\
kind: Workforce
name: hospital
spec:
  OidcConfig:
    ClientId: labels
    ClientSecret: hush-hush
    Issuer: https://login.example/
    AuthorizationEndpoint: https://login.example/authorize
    TokenEndpoint: https://login.example/token
    UserInfoEndpoint: https://login.example/userinfo
    LogoutEndpoint: https://login.example/logout
    JwksUri: https://login.example/jwks
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "set.yaml"


@pytest.fixture
def reader(model: ServiceModel, tmp_path: Path, file: Path) -> Reader:
    """Reads ``file`` as a command does, with a memory in ``tmp_path/cache``."""

    def read(*paths: Path, lenient: bool = False, cache: Path = tmp_path / "cache") -> Read:
        named = [str(path) for path in paths or (file,)]
        memory = SetMemory(cache, named, lenient=lenient)
        found = read_documents(named, model=model, lenient=lenient, memory=memory)
        memory.close()
        return found

    return read


def teams(count: int, *more: str) -> str:
    return "---\n".join([*(TEAM.format(number=number) for number in range(count)), *more])


def remembered(folder: Path) -> list[str]:
    cache = folder / "cache"
    return sorted(file.name for file in cache.iterdir()) if cache.exists() else []


def test_what_is_remembered_equals_what_was_read(
    reader: Reader, file: Path, tmp_path: Path
) -> None:
    file.write_text("# Teams.\n" + teams(FEWEST))

    first, second = reader(), reader()

    assert remembered(tmp_path)
    assert second == first
    assert str(second.documents[1].spans["spec.Description"]) == f"{file}:14:16"
    assert [document.span for document in second.documents] == [
        document.span for document in first.documents
    ]


def test_a_remembered_file_needs_no_model(reader: Reader, file: Path, tmp_path: Path) -> None:
    file.write_text(teams(FEWEST))
    first = reader()
    memory = SetMemory(tmp_path / "cache", [str(file)], lenient=False)

    nothing: ServiceModel = None  # type: ignore[assignment]
    again = read_documents([str(file)], model=nothing, memory=memory)

    assert again.documents == first.documents


def test_a_changed_file_is_read_again(reader: Reader, file: Path) -> None:
    file.write_text(teams(FEWEST))
    reader()
    file.write_text(teams(FEWEST).replace("Reads scans.", "Reads films."))

    assert reader().documents[-1].spec["Description"] == "Reads films."


def test_only_the_changed_file_of_a_folder_is_read_again(
    reader: Reader, model: ServiceModel, tmp_path: Path
) -> None:
    folder = tmp_path / "teams"
    folder.mkdir()
    for number in range(FEWEST):
        (folder / f"{number:03}.yaml").write_text(TEAM.format(number=number))
    reader(folder)
    (folder / "007.yaml").write_text(TEAM.format(number="new"))

    names = [document.name for document in reader(folder).documents]
    [kept] = (tmp_path / "cache").glob("documents-*")

    assert names[7] == "team-new"
    assert b"team-new" in kept.read_bytes()
    assert b"team-7\xda" not in kept.read_bytes()


def test_a_file_of_another_name_has_its_own_places(
    reader: Reader, file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "teams"
    folder.mkdir()
    (folder / "old.yaml").write_text(teams(FEWEST))
    reader(folder)
    (folder / "old.yaml").rename(folder / "new.yaml")

    span = reader(folder).documents[0].span

    assert str(span) == f"{folder}/new.yaml:1:1"


def test_what_a_matrix_makes_is_remembered(reader: Reader, file: Path) -> None:
    file.write_text(teams(FEWEST, COMPILE.format()))

    first, second = reader(), reader()

    assert not first.findings
    assert [document.name for document in second.documents[-2:]] == [
        "scans-faces",
        "scans-digits",
    ]
    assert second == first


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(WORKFORCE, id="secret"),
        pytest.param(TEAM.format(number="x").replace("Reads scans.", "''"), id="error"),
        pytest.param("name: nobody\n", id="no-kind"),
        pytest.param(
            TEAM.format(number="x") + "  WorkforceName: {ref: Workforce/hospital}\n", id="ref"
        ),
    ],
)
def test_a_file_is_forgotten_that(
    last: str, reader: Reader, file: Path, tmp_path: Path
) -> None:
    file.write_text(teams(FEWEST, last))

    first, second = reader(), reader()

    assert second == first
    assert not remembered(tmp_path)


def test_a_small_set_is_not_worth_remembering(
    reader: Reader, file: Path, tmp_path: Path
) -> None:
    file.write_text(teams(FEWEST - 1))
    reader()

    assert not remembered(tmp_path)


def test_a_repeated_document_is_found_among_remembered_ones(
    reader: Reader, file: Path, tmp_path: Path
) -> None:
    file.write_text(teams(FEWEST))
    other = tmp_path / "other.yaml"
    other.write_text(TEAM.format(number="other"))
    reader(file, other)
    other.write_text(TEAM.format(number=3))

    [found] = reader(file, other).findings

    assert str(found).startswith(f"{other}:2:7  name: workteam/team-3 is in this set twice")


def test_strict_and_lenient_readings_are_kept_apart(reader: Reader, file: Path) -> None:
    wrong = TEAM.format(number="x").replace("Reads scans.", "R" * 201)
    file.write_text(teams(FEWEST, wrong))
    warned = reader(lenient=True)

    assert not warned.errors
    assert reader(lenient=True) == warned
    assert reader().errors


def test_a_damaged_memory_only_costs_time(reader: Reader, file: Path, tmp_path: Path) -> None:
    file.write_text(teams(FEWEST))
    first = reader()
    [kept] = (tmp_path / "cache").glob("documents-*")
    whole = kept.read_bytes()

    for size in (0, 1, 40, len(whole) // 2, len(whole) - 1):
        kept.write_bytes(whole[:size])
        assert reader() == first
        kept.write_bytes(whole[:size] + bytes(len(whole) - size))
        assert reader() == first


def test_a_cache_that_takes_nothing_only_costs_time(
    reader: Reader, file: Path, tmp_path: Path
) -> None:
    file.write_text(teams(FEWEST))
    (tmp_path / "taken").write_text("not a folder")

    assert len(reader(cache=tmp_path / "taken").documents) == FEWEST


def test_the_sets_read_last_are_remembered(reader: Reader, tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / f"{number}.yaml"
        path.write_text(teams(FEWEST))
        reader(path)

    assert len(remembered(tmp_path)) == 8


def test_what_is_remembered_is_private(reader: Reader, file: Path, tmp_path: Path) -> None:
    file.write_text(teams(FEWEST))
    reader()
    [kept] = (tmp_path / "cache").glob("documents-*")

    assert kept.stat().st_mode & 0o777 == 0o600
