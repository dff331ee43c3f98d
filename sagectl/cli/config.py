"""``sagectl config``: which settings are in force, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Group
from sagectl.cli.options import pass_app
from sagectl.errors import SagectlError

if TYPE_CHECKING:
    from sagectl.app import App

_COLUMNS = (Column("SETTING", "Setting"), Column("VALUE", "Value"))
_ORIGIN = Column("ORIGIN", "Origin")
_AWS = "the AWS configuration"


@click.group("config", cls=Group)
def config() -> None:
    """Show the settings in force.

    A flag beats the environment, the environment beats config.toml, and that beats the
    default. A table [profiles.NAME] of config.toml holds settings for --profile NAME; any other
    NAME is a profile of the AWS configuration.

    \b
    Example:
      sagectl config view --show-origin
    """


@config.command()
@click.option("--show-origin", is_flag=True, help="Tell where each value comes from.")
@pass_app
def view(app: App, show_origin: bool) -> None:
    """Show every setting and its value.

    \b
    Examples:
      sagectl config view --show-origin
      SAGECTL_OUTPUT=json sagectl config view
    """
    from sagectl.render.views import Listing

    rows = [_row(app, name, show_origin) for name in _names(app)]
    columns = (*_COLUMNS, _ORIGIN) if show_origin else _COLUMNS
    app.show(Listing("Settings", rows, columns, "setting", "Setting", "settings"))


@config.command()
@pass_app
def path(app: App) -> None:
    """Show where sagectl keeps its config file, its state and its cache.

    \b
    Example:
      sagectl config path
    """
    from sagectl.render.views import Record

    home = app.settings.home
    places = {
        "ConfigFile": str(home.config_file),
        "State": str(home.state),
        "Cache": str(home.cache),
        "CrashLogs": str(home.crash),
    }
    app.show(Record(places, "config", "path"))


def _names(app: App) -> list[str]:
    from sagectl.settings import NAMES

    return [name for name in app.settings._fields if name in NAMES]


def _row(app: App, name: str, show_origin: bool) -> dict[str, Any]:
    value = getattr(app.settings, name)
    origin = app.settings.origins.get(name, "default")
    if name == "region" and value is None:
        value, origin = _region(app)
    row = {"Setting": name} | ({} if value is None else {"Value": value})
    return row | ({"Origin": origin} if show_origin else {})


def _region(app: App) -> tuple[str | None, str]:
    try:
        return app.region, "default" if app.settings.is_local else _AWS
    except SagectlError:
        return None, "default"  # none is configured: what needs one will say so
