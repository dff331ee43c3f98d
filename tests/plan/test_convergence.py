"""Convergence: a set applied twice is a no-op, wherever a first try was cut off."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.catalog.kinds import KINDS
from sagectl.catalog.regions import LOCAL_ACCOUNT
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.plane import ControlPlane
from sagectl.gateway.client import LocalCaller
from sagectl.manifest.document import Document, Reference, Upload
from sagectl.plan.executor import apply_plan
from sagectl.plan.exporting import exported
from sagectl.plan.planner import Choices, planned
from sagectl.plan.secrets import Secrets
from tests.support.planes import OIDC, ROLE, groups

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.plan.change import Plan
    from sagectl.plan.outcome import Outcome
    from sagectl.schema.model import ServiceModel

REGION = "us-east-1"


class CutError(BaseException):
    """The process dies: nothing may catch this."""


class Fragile:
    """A caller that dies before, or just after, its ``last`` call that changes something."""

    def __init__(self, caller: LocalCaller, last: int, *, is_after: bool) -> None:
        self._caller = caller
        self._left = last
        self._is_after = is_after

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        changes = not operation.startswith(("Describe", "List"))
        self._left -= changes
        if changes and self._left < 0 and not self._is_after:
            raise CutError
        answer = self._caller.call(operation, params)
        if changes and self._left < 0:
            raise CutError
        return answer


class Place:
    """A control plane of its own, and what it takes to plan and apply against it."""

    def __init__(self, folder: Path, model: ServiceModel) -> None:
        self.folder = folder
        self.model = model
        self.plane = ControlPlane(folder / "state", model)
        self.caller = LocalCaller(self.plane.handle, LOCAL_ACCOUNT, REGION)
        self.secrets = Secrets(folder / "state", "local", {}, lambda *_: "")

    def plan(self, documents: list[Document], *, retry_failed: bool = False) -> Plan:
        choices = Choices(REGION, upload_to="s3://models", retry_failed=retry_failed)
        return planned(documents, lambda _: self.caller, self.model, choices, self.secrets)

    def apply(self, plan: Plan, caller: Any = None) -> Outcome:
        objects = ObjectStore(self.folder / "state")
        used = caller or self.caller
        return apply_plan(plan, lambda _: used, objects, self.secrets)


@contextmanager
def place(model: ServiceModel) -> Iterator[Place]:
    with TemporaryDirectory() as folder:
        made = Place(Path(folder), model)
        (Path(folder) / "net.onnx").write_bytes(b"a model")
        yield made
        made.plane.store.close()


names = st.sampled_from(("alpha", "beta", "gamma", "delta"))
workers = st.lists(
    st.sampled_from(("doctors", "nurses", "students")), min_size=1, max_size=3, unique=True
)


@st.composite
def sets(draw: st.DrawFn) -> list[Document]:
    """A workforce, some work teams and some jobs, in any order."""
    cidrs = draw(st.lists(st.sampled_from(("203.0.113.0/24", "198.51.100.0/24")), unique=True))
    workforce = {"OidcConfig": OIDC, "SourceIpConfig": {"Cidrs": cidrs}}
    documents = [Document("Workforce", "crowd", workforce)]
    for name in draw(st.lists(names, unique=True)):
        spec = {
            "Description": draw(st.sampled_from(("Reads", "Looks"))),
            "MemberDefinitions": groups(*draw(workers)),
        }
        if draw(st.booleans()):
            spec["WorkforceName"] = Reference("Workforce", "crowd")
        documents.append(Document("Workteam", name, spec))
    for name in draw(st.lists(names, unique=True)):
        documents.append(Document("CompilationJob", name, job(draw(st.booleans()))))
    return draw(st.permutations(documents))


def job(is_uploaded: bool) -> dict[str, Any]:
    uploaded = Upload(Path("net.onnx"))
    return {
        "RoleArn": ROLE,
        "InputConfig": {
            "S3Uri": uploaded if is_uploaded else "s3://models/digits.tar.gz",
            "DataInputConfig": {"image": [1, 64]},
            "Framework": "ONNX",
        },
        "OutputConfig": {
            "S3OutputLocation": "s3://models/compiled/",
            "TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"},
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
    }


def settled_in(folder: Path, documents: list[Document]) -> list[Document]:
    """``documents`` with their uploads in ``folder``."""

    def placed(value: Any) -> Any:
        if isinstance(value, Upload):
            return Upload(folder / value.path)
        if isinstance(value, dict):
            return {name: placed(item) for name, item in value.items()}
        return value

    return [Document(item.kind, item.name, placed(dict(item.spec))) for item in documents]


@settings(max_examples=25, deadline=None)
@given(documents=sets())
def test_a_set_applied_twice_is_a_no_op(model: ServiceModel, documents: list[Document]) -> None:
    with place(model) as here:
        documents = settled_in(here.folder, documents)
        assert here.apply(here.plan(documents)).is_complete
        assert here.plan(documents).pending == ()


@settings(max_examples=25, deadline=None)
@given(first=sets(), second=sets(), steps=st.integers(0, 10), is_after=st.booleans())
def test_a_run_that_was_cut_off_anywhere_is_finished_by_the_next(
    model: ServiceModel,
    first: list[Document],
    second: list[Document],
    steps: int,
    is_after: bool,
) -> None:
    """Also when it was on its way from one set to another."""
    with place(model) as here:
        first = settled_in(here.folder, first)
        jobs = {item.name: item for item in first if item.kind == "CompilationJob"}
        # A job is made once: the second set keeps the jobs of the first as they are.
        second = [
            jobs.get(item.name, item) if item.kind == "CompilationJob" else item
            for item in settled_in(here.folder, second)
        ]
        here.apply(here.plan(first))
        try:
            here.apply(here.plan(second), Fragile(here.caller, steps, is_after=is_after))
        except CutError:
            assert here.apply(here.plan(second)).is_complete
        assert here.plan(second).pending == ()


@settings(max_examples=10, deadline=None)
@given(steps=st.integers(0, 6), is_after=st.booleans())
def test_a_retry_that_was_cut_off_anywhere_is_finished_by_the_next(
    model: ServiceModel, steps: int, is_after: bool
) -> None:
    documents = [Document("CompilationJob", name, job(False)) for name in ("alpha", "beta")]
    with place(model) as here:
        here.apply(here.plan(documents))
        for document in documents:
            here.caller.call("StopCompilationJob", {"CompilationJobName": document.name})
        fragile = Fragile(here.caller, steps, is_after=is_after)
        try:
            here.apply(here.plan(documents, retry_failed=True), fragile)
        except CutError:
            again = here.plan(documents, retry_failed=True)
            assert here.apply(again).is_complete
        assert here.plan(documents, retry_failed=True).pending == ()


@settings(max_examples=15, deadline=None)
@given(documents=sets())
def test_what_is_exported_applies_back_with_no_change(
    model: ServiceModel, documents: list[Document]
) -> None:
    with place(model) as here:
        here.apply(here.plan(settled_in(here.folder, documents)))
        wanted = [(KINDS[document.kind], document.name) for document in documents]
        exports, missing = exported(wanted, here.caller, model, None)

        assert missing == ()
        assert len(exports) == len(documents)
        assert here.plan(list(exports)).pending == ()
