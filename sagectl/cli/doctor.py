"""``sagectl doctor``: what this machine can build and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app

if TYPE_CHECKING:
    from sagectl.app import App


@click.command(cls=Command)
@pass_app
def doctor(app: App) -> None:
    """Show what this machine can build and run, and why not.

    One row per platform: which linker would be used, or the command that installs one, and
    whether packages for it can be verified and run here.

    \b
    Examples:
      sagectl doctor
      sagectl doctor -o json --query 'Targets[?!Builds].[Target, Remedy]'
    """
    from sagectl.compiler.doctor import diagnosis
    from sagectl.render.target_view import diagnosis as view

    app.show(view(diagnosis()))
