"""The shapes and rules of requests, kept and refused in the service's manner."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.diagnostics import Diagnostic
    from sagectl.schema.model import ServiceModel, Shape

_MEASURED_BY_LENGTH = frozenset(("string", "list", "map", "blob"))


# Lists that need no parameter.
_LISTS = frozenset(
    ("ListWorkforces", "ListWorkteams", "ListCompilationJobs", "ListLabelingJobs")
)
_LARGEST_PAGE = 100
# Operations that take a name and no more, and the parameter that it is.
_NAMED = MappingProxyType(
    {
        "DescribeWorkforce": {"WorkforceName"},
        "DescribeWorkteam": {"WorkteamName"},
        "DescribeCompilationJob": {"CompilationJobName"},
        "DescribeLabelingJob": {"LabelingJobName"},
    }
)
_LONGEST_NAME = 63


def is_plain(operation: str, params: Mapping[str, Any]) -> bool:
    """Whether a request is well formed beyond doubt: a page without filters, or a mere name.

    Compiling the model for these would cost a list from the shell a third of its time.
    """
    if operation in _NAMED:
        return params.keys() == _NAMED[operation] and all(map(_is_name, params.values()))
    size = params.get("MaxResults", 1)
    return (
        operation in _LISTS
        and params.keys() <= {"MaxResults"}
        and type(size) is int
        and 1 <= size <= _LARGEST_PAGE
    )


def _is_name(name: Any) -> bool:
    """Whether ``name`` fits the pattern of all names: letters, digits, inner hyphens."""
    return (
        type(name) is str
        and len(name) <= _LONGEST_NAME
        and name.isascii()
        and name[:1].isalnum()
        and name[-1:].isalnum()
        and name.replace("-", "").isalnum()
    )


def checked(operation: str, params: Mapping[str, Any], model: ServiceModel) -> dict[str, Any]:
    """``params`` with every timestamp an aware datetime.

    Raises ValidationException for what breaks the model, else for what breaks a rule; as the
    service does, it reports all of the one kind.
    """
    from sagectl.schema.forms import NO_FORMS
    from sagectl.schema.request import checked as walked

    value, found = walked(operation, params, model, forms=NO_FORMS)
    if errors := [finding for finding in found if finding.is_error]:
        raise faults.validation(
            _message(errors, params, model.operation(operation).input_shape)
        )
    return value


def _message(errors: Sequence[Diagnostic], params: Mapping[str, Any], shape: Shape) -> str:
    broken = [error for error in errors if error.rule in CONSTRAINTS]
    if not broken:
        # No text of the service is known for these, so they speak for themselves.
        return "; ".join(_remark(error, shape) for error in errors)
    count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected"
    return f"{count}: {'; '.join(_sentence(error, params, shape) for error in broken)}"


def _remark(error: Diagnostic, shape: Shape) -> str:
    at = shape.at(error.path) if error.path else None
    # A summary may quote the value.
    said = "is not what it should be" if at and at.is_sensitive else error.summary
    return f"{error.path}: {said}" if error.path else said


def _sentence(error: Diagnostic, params: Mapping[str, Any], shape: Shape) -> str:
    at = shape.at(error.path)
    steps = _steps(error.path)
    constraint = CONSTRAINTS[error.rule](at) if at else error.summary
    value = _shown(_value(steps, params), at)
    return f"Value {value} at '{wire_path(steps)}' failed to satisfy constraint: {constraint}"


def wire_path(steps: Sequence[str | int]) -> str:
    """A path as the service writes it: ``memberDefinitions.1.member.userPool``."""
    return ".".join(
        f"{step + 1}.member" if isinstance(step, int) else step[:1].lower() + step[1:]
        for step in steps
    )


def _steps(path: str) -> list[str | int]:
    """``A[0].B`` as ["A", 0, "B"]."""
    parts = path.replace("[", ".[").split(".")
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts if part]


def _value(steps: Sequence[str | int], params: Any) -> Any:
    for step in steps:
        if isinstance(step, int):
            params = params[step] if isinstance(params, list | tuple) else None
        else:
            params = params.get(step) if isinstance(params, dict) else None
    return params


def _shown(value: Any, shape: Shape | None) -> str:
    if value is None:
        return "null"
    if shape is not None and shape.is_sensitive:
        return "'***'"
    return f"'{value}'"


def _bound(word: str, of: Callable[[Shape], float | None]) -> Callable[[Shape], str]:
    def text(shape: Shape) -> str:
        measure = "length" if shape.type in _MEASURED_BY_LENGTH else "value"
        return f"Member must have {measure} {word} than or equal to {of(shape)}"

    return text


# Finding -> the service's words for it (seen in the service's answers).
CONSTRAINTS: Mapping[str, Callable[[Shape], str]] = MappingProxyType(
    {
        "schema.required": lambda _: "Member must not be null",
        "schema.null": lambda _: "Member must not be null",
        "schema.min": _bound("greater", lambda shape: shape.min),
        "schema.max": _bound("less", lambda shape: shape.max),
        "schema.pattern": lambda shape: (
            f"Member must satisfy regular expression pattern: {shape.pattern}"
        ),
        "schema.enum": lambda shape: (
            f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        ),
    }
)
