"""``sagectl doctor``: what this machine can build and run, and what sagectl can reach."""

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
    """Show what is installed and reachable, what this machine can build and run, and why not.

    First the tool: libraries, extras, the state directory, and on AWS the region, the
    credentials and what they allow to read. Then the targets: which linker would be used, or
    the command that installs one, and whether packages for them run, and so are verified, here.
    With -o wide every extra and target has a row of its own.

    \b
    Examples:
      sagectl --local doctor
      sagectl --local doctor -o wide
      sagectl doctor -o json --query 'Checks[?Result!=`ok`].[Check, Remedy]'
      sagectl doctor -o json --query 'Targets[?!Builds].[Target, Remedy]'
    """
    from sagectl.cli.checkup import checks
    from sagectl.compiler.doctor import diagnosis
    from sagectl.render.target_view import diagnosis as view

    app.show(view(list(checks(app)), diagnosis()))
