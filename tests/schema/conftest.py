"""The installed model, pruned once for all tests here; a way to read a manifest from text."""

from __future__ import annotations

import io
from textwrap import dedent
from typing import TYPE_CHECKING, Protocol

import pytest

from sagectl.schema.documents import Read, read_documents
from sagectl.schema.model import ServiceModel, service_model

if TYPE_CHECKING:
    from sagectl.diagnostics import Diagnostic


class ReadText(Protocol):
    def __call__(self, text: str, *, lenient: bool = False) -> Read: ...


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def read(model: ServiceModel) -> ReadText:
    def read(text: str, *, lenient: bool = False) -> Read:
        stdin = io.StringIO(dedent(text))
        return read_documents(["-"], model=model, stdin=stdin, lenient=lenient)

    return read


@pytest.fixture
def only(read: ReadText) -> OnlyFinding:
    """The one finding about a manifest."""

    def only(text: str) -> Diagnostic:
        [finding] = read(text).findings
        return finding

    return only


class OnlyFinding(Protocol):
    def __call__(self, text: str) -> Diagnostic: ...
