"""SageMaker in one SQLite file, behind one function."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION, LOCAL_ACCOUNT
from sagectl.controlplane import faults
from sagectl.controlplane.clock import milliseconds, system_clock
from sagectl.controlplane.context import QUOTAS, Context
from sagectl.controlplane.inputs import object_counter
from sagectl.controlplane.resources import Place
from sagectl.controlplane.store import Store
from sagectl.controlplane.validation import checked, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sagectl.controlplane.clock import Clock, Entropy
    from sagectl.controlplane.labelending import Consolidator
    from sagectl.schema.model import ServiceModel

# Operation -> the module of ``operations`` that serves it. Only that one is imported.
FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        operation: family
        for family, names in {
            "workforces": "CreateWorkforce UpdateWorkforce DeleteWorkforce DescribeWorkforce"
            " ListWorkforces",
            "workteams": "CreateWorkteam UpdateWorkteam DeleteWorkteam DescribeWorkteam"
            " ListWorkteams",
            "compilations": "CreateCompilationJob DescribeCompilationJob ListCompilationJobs"
            " StopCompilationJob DeleteCompilationJob",
            "labelings": "CreateLabelingJob DescribeLabelingJob ListLabelingJobs"
            " ListLabelingJobsForWorkteam StopLabelingJob",
            "tags": "AddTags ListTags DeleteTags",
            "search": "Search GetSearchSuggestions",
        }.items()
        for operation in names.split()
    }
)


class ControlPlane:
    """The local SageMaker of one state directory; any number may share the directory."""

    def __init__(
        self,
        state: Path,
        model: ServiceModel | Callable[[], ServiceModel],
        *,
        clock: Clock = system_clock,
        entropy: Entropy = os.urandom,
        launch: Callable[[], None] | None = None,
        count_objects: Callable[[str], int | None] | None = None,
        quotas: Mapping[str, int] = QUOTAS,
        workforce_seconds: float = 0.0,
        workforce_failures: float = 0.0,
        store: Store | None = None,
        consolidator: Consolidator | None = None,
    ) -> None:
        self.state = state
        self.store = store or Store(state)
        self.clock = clock
        self._model = model if callable(model) else lambda: model
        self._entropy = entropy
        self._launch = launch or _nothing
        self._count_objects = count_objects or object_counter(state)
        self._quotas = {**QUOTAS, **quotas}
        self._workforce_ms = round(workforce_seconds * 1000)
        self._workforce_failures = workforce_failures
        self._consolidator = consolidator

    @property
    def model(self) -> ServiceModel:
        """The service model that requests are held against."""
        return self._model()

    def handle(
        self,
        operation: str,
        params: Mapping[str, Any],
        *,
        account: str = LOCAL_ACCOUNT,
        region: str = DEFAULT_LOCAL_REGION,
    ) -> dict[str, Any]:
        """The result of ``operation``, with aware datetimes for timestamps.

        Raises Fault for what the service would refuse, StateError where the state directory
        cannot be used.
        """
        if operation not in FAMILIES:
            raise faults.unknown_operation(operation)
        if not is_plain(operation, params):
            params = checked(operation, params, self.model)
        context = Context(
            store=self.store,
            place=Place(account, region),
            operation=operation,
            now=milliseconds(self.clock),
            entropy=self._entropy,
            model=self._model,
            launch=self._launch,
            count_objects=self._count_objects,
            quotas=self._quotas,
            workforce_ms=self._workforce_ms,
            workforce_failures=self._workforce_failures,
            consolidator=self._consolidator,
        )
        return _operation(operation)(context, params)


@cache
def _operation(name: str) -> Callable[[Context, Mapping[str, Any]], dict[str, Any]]:
    family = import_module(f"sagectl.controlplane.operations.{FAMILIES[name]}")
    found: Callable[[Context, Mapping[str, Any]], dict[str, Any]] = family.OPERATIONS[name]
    return found


def _nothing() -> None:
    """Queued jobs stay queued."""
