"""botocore's model of SageMaker, cut down to what sagectl calls, kept in a cache."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.errors import MissingExtraError
from sagectl.schema.cachefile import keep, kept, key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

MANAGED = (
    *("CreateWorkforce", "UpdateWorkforce", "DeleteWorkforce"),
    *("DescribeWorkforce", "ListWorkforces"),
    *(
        "CreateWorkteam",
        "UpdateWorkteam",
        "DeleteWorkteam",
        "DescribeWorkteam",
        "ListWorkteams",
    ),
    *("DescribeSubscribedWorkteam", "ListSubscribedWorkteams"),
    *("CreateCompilationJob", "DescribeCompilationJob", "ListCompilationJobs"),
    *("StopCompilationJob", "DeleteCompilationJob"),
    *("CreateLabelingJob", "DescribeLabelingJob", "ListLabelingJobs"),
    *("ListLabelingJobsForWorkteam", "StopLabelingJob"),
    *("AddTags", "ListTags", "DeleteTags"),
)
# Search answers with every resource type there is: three quarters of all shapes, so kept apart.
SEARCH = ("Search", "GetSearchSuggestions")
PARTS: Mapping[str, tuple[str, ...]] = {"managed": MANAGED, "search": SEARCH}


def loader(cache: Path) -> Callable[[str], Mapping[str, Any]]:
    """What gives each part of the installed model by its name, from ``cache`` if it is there.

    Nothing of botocore is imported. A cache that cannot be read or written only costs time.
    """
    origin = source()
    made: dict[str, Mapping[str, Any]] = {}

    def load(part: str) -> Mapping[str, Any]:
        if part in made:
            return made[part]
        file = cache / f"sagemaker-{part}-{key(origin)}.json"
        if (known := kept(file)) is not None:
            return known
        made.update(_pruned(origin))
        for name, model in made.items():
            keep(cache / f"sagemaker-{name}-{key(origin)}.json", model)
        return made[part]

    return load


def installed() -> str:
    """Names the installed botocore's model: another version or installation, another name."""
    return key(source())


def source() -> Path:
    """The data file of the installed botocore; finding it runs none of botocore's code."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("botocore")
    for root in (spec.submodule_search_locations if spec else None) or ():
        for version in sorted(Path(root, "data", "sagemaker").glob("*"), reverse=True):
            for name in ("service-2.json.gz", "service-2.json"):
                if (file := version / name).is_file():
                    return file
    raise MissingExtraError(
        "botocore's model of SageMaker is not installed", hint="Run: pip install botocore"
    )


def _pruned(origin: Path) -> dict[str, Mapping[str, Any]]:
    """Every part, and apart from them the documentation of the shapes they use."""
    import gzip

    raw = origin.read_bytes()
    full = json.loads(gzip.decompress(raw) if origin.suffix == ".gz" else raw)
    parts: dict[str, Mapping[str, Any]] = {}
    documentation: dict[str, dict[str, str]] = {}
    for part, names in PARTS.items():
        operations = {
            name: full["operations"][name] for name in names if name in full["operations"]
        }
        shapes = _reached(operations.values(), full["shapes"])
        documentation |= {name: _documentation(full["shapes"][name]) for name in shapes}
        parts[part] = {
            "version": full.get("version"),
            "metadata": full["metadata"],
            "operations": {name: _bare(item) for name, item in operations.items()},
            "shapes": {name: _bare(full["shapes"][name]) for name in shapes},
        }
    return {**parts, "documentation": documentation}


def _reached(operations: Iterable[Any], shapes: Mapping[str, Any]) -> list[str]:
    """The names of all shapes that the operations use, in the order first met."""
    pending = [
        role["shape"]
        for operation in operations
        for role in (
            operation.get("input"),
            operation.get("output"),
            *operation.get("errors", ()),
        )
        if role
    ]
    met: dict[str, None] = {}
    while pending:
        name = pending.pop()
        if name in met:
            continue
        met[name] = None
        shape = shapes[name]
        uses = [*shape.get("members", {}).values()]
        uses += [shape[role] for role in ("member", "key", "value") if role in shape]
        pending += [use["shape"] for use in uses]
    return sorted(met)


def _bare(raw: Any) -> Any:
    """``raw`` without its documentation strings (a field may be called that, and stays)."""
    if not isinstance(raw, dict):
        return raw
    return {
        key: {name: _bare(member) for name, member in value.items()}
        if key == "members"
        else _bare(value)
        for key, value in raw.items()
        if key != "documentation"
    }


def _documentation(shape: Mapping[str, Any]) -> dict[str, str]:
    texts = {"": shape.get("documentation", "")}
    for name, member in shape.get("members", {}).items():
        texts[name] = member.get("documentation", "")
    return {name: text for name, text in texts.items() if text}
