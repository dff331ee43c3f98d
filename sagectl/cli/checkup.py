"""What ``sagectl doctor`` finds of the tool itself: what is installed, kept and reachable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.errors import CredentialsError, SagectlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.app import App

OK, MISSING, WRONG, SKIPPED = "ok", "missing", "wrong", "not asked"
# Libraries whose absence or version decides what works.
_LIBRARIES = ("apache-tvm", "onnx", "onnxruntime", "botocore")
# Extras that are for those who work on sagectl, not with it.
_OURS = frozenset(("test", "examples", "benchmarks", "docs", "fuzz"))
# A line of a distribution's metadata that belongs to an extra, and on which systems.
_EXTRA = re.compile(r"""([\w.-]+).*\bextra == ['"]([\w-]+)['"]""")
_SYSTEM = re.compile(r"""platform_system (==|!=) ['"](\w+)['"]""")
# Read operations, asked for one row each: nothing is changed by asking.
_READS = (
    "ListWorkforces",
    "ListWorkteams",
    "ListCompilationJobs",
    "ListLabelingJobs",
)
_NO_WRITES = "what changes something cannot be tried without changing it"


def checks(app: App) -> Iterator[dict[str, Any]]:
    """A row for everything looked at; nothing is changed, and nothing is left to be raised."""
    yield _row("sagectl", OK, _version())
    yield from _libraries()
    yield from _extras()
    yield _state(app.settings.home.state)
    yield from _service(app)


def _row(check: str, result: str, detail: str, remedy: str | None = None) -> dict[str, Any]:
    row = {"Check": check, "Result": result, "Detail": detail}
    return row | ({"Remedy": remedy} if remedy else {})


def _version() -> str:
    import platform

    from sagectl import __version__

    return f"{__version__}, Python {platform.python_version()}, {platform.machine()}"


def _libraries() -> Iterator[dict[str, Any]]:
    from importlib.metadata import PackageNotFoundError, version

    for name in _LIBRARIES:
        try:
            yield _row(name, OK, version(name))
        except PackageNotFoundError:
            yield _row(name, MISSING, "not installed", f"pip install {name}")


def _extras() -> Iterator[dict[str, Any]]:
    """Every extra that people may want, and whether what it asks for is here."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        told = distribution("sagectl")
    except PackageNotFoundError:
        return  # it runs from its source
    wishes: dict[str, list[str]] = {}
    for line in told.requires or ():
        if (found := _EXTRA.match(line)) and found[2] not in _OURS and _is_for_here(line):
            wishes.setdefault(found[2], []).append(found[1])
    for extra, wanted in sorted(wishes.items()):
        lacking = [name for name in wanted if not _is_installed(name)]
        if lacking:
            remedy = f"pip install 'sagectl[{extra}]'"
            yield _row(f"extra {extra}", MISSING, f"lacks {', '.join(lacking)}", remedy)
        else:
            yield _row(f"extra {extra}", OK, ", ".join(wanted))


def _is_for_here(requirement: str) -> bool:
    """Whether a requirement is one on this system; most are one on all."""
    import platform

    found = _SYSTEM.search(requirement)
    return found is None or (platform.system() == found[2]) is (found[1] == "==")


def _is_installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def _state(folder: Path) -> dict[str, Any]:
    """Whether the state directory can be written, without writing to it."""
    import os

    name = "state directory"
    there = folder
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK):
        remedy = "Set SAGECTL_HOME to a directory of your own."
        return _row(name, WRONG, f"{folder}: {there} cannot be written", remedy)
    if there is not folder:
        return _row(name, OK, f"{folder}, made when it is needed")
    if folder.stat().st_mode & 0o077:
        return _row(name, WRONG, f"{folder} may be read by others", f"chmod 700 {folder}")
    return _row(name, OK, str(folder))


def _service(app: App) -> Iterator[dict[str, Any]]:
    """Region, credentials, endpoint and permissions, each only if the one before is there."""
    if app.settings.is_local:
        yield _row("AWS", SKIPPED, "the embedded control plane is chosen")
        return
    try:
        region = app.region
    except SagectlError as error:
        yield _row("region", MISSING, error.message, error.hint)
        return
    yield _row("region", OK, f"{region} ({app.settings.origins.get('region', 'AWS profile')})")
    try:
        who = app.aws.identity()
    except CredentialsError as error:
        yield _row("credentials", MISSING, error.message, error.hint)
        return
    except SagectlError as error:
        yield _row("credentials", WRONG, str(error), error.hint)
    else:
        yield _row("credentials", OK, who)
    yield from _permissions(app)


def _permissions(app: App) -> Iterator[dict[str, Any]]:
    endpoint = app.settings.endpoint_url or f"SageMaker in {app.region}"
    for operation in _READS:
        try:
            app.caller.call(operation, {"MaxResults": 1})
        except CredentialsError as error:
            yield _row(operation, WRONG, error.message, error.hint)
        except SagectlError as error:
            yield _row("endpoint", WRONG, f"{endpoint}: {error}", error.hint)
            return
        else:
            yield _row(operation, OK, "allowed")
    yield _row("endpoint", OK, f"{endpoint} answers; {_NO_WRITES}")
