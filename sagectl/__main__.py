"""``python -m sagectl``."""

from sagectl.cli.main import run

run()
