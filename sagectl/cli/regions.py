"""Commands that look at every region: which, and what to do about one that cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from sagectl.errors import SagectlError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.app import App

_Found = TypeVar("_Found")
ALL_REGIONS = click.Option(
    ("--all-regions",), is_flag=True, help="Every region that has Ground Truth's tasks."
)


def by_region(app: App, all_regions: bool, ask: Callable[[str], _Found]) -> dict[str, _Found]:
    """What ``ask`` finds in the region in force, or in all, that one first.

    A region that cannot be asked is said and left out. Raises the last error if none answers.
    """
    from sagectl.catalog.task_types import FUNCTION_ACCOUNTS

    regions = dict.fromkeys((app.region, *FUNCTION_ACCOUNTS)) if all_regions else (app.region,)
    found: dict[str, _Found] = {}
    failed: SagectlError | None = None
    for region in regions:
        try:
            found[region] = ask(region)
        except ServiceError as error:
            app.say(f"{region}: {error}")
            failed = error
    if failed is not None and not found:
        raise failed
    return found
