"""``sagectl compile``: models into packages, here or as jobs of the service."""

from __future__ import annotations

import click

from sagectl.catalog.kinds import COMPILATION_JOB_KIND
from sagectl.cli.verbs import KindGroup

COMMANDS = {
    "check": ("sagectl.cli.checking:check", "Ask whether a model compiles."),
    "init": ("sagectl.cli.checking:init", "Write the manifest of a model's job."),
    "build": ("sagectl.cli.building:build", "Compile a model on this machine."),
    "matrix": ("sagectl.cli.matrix:matrix", "Compile a model for many targets."),
    "verify": (
        "sagectl.cli.building:verify",
        "Prove that a package computes what its model does.",
    ),
    "run": ("sagectl.cli.building:run", "Run a package on data."),
    "bench": ("sagectl.cli.benching:bench", "Measure how long a model takes."),
    "tune": ("sagectl.cli.tuning:tune", "Search faster schedules for a model."),
    "inspect": ("sagectl.cli.building:inspect", "Show what is in a package."),
    "logs": ("sagectl.cli.artifacts:logs", "Print what a job has written."),
    "download": ("sagectl.cli.artifacts:download", "Bring a job's package here."),
    "compare": ("sagectl.cli.artifacts:compare", "Show how two packages differ."),
    "targets": ("sagectl.cli.building:targets", "List what can be compiled for."),
    "create": ("sagectl.cli.compile_documents:create", "Start a compilation job."),
}


@click.group(
    "compile", cls=KindGroup, table=COMMANDS, kind=COMPILATION_JOB_KIND, example="digits"
)
def compile_() -> None:
    """Compile models, here or as jobs.

    build, matrix, verify, run, bench, tune, inspect, compare and targets work on this machine
    and need no service; the others manage compilation jobs.

    \b
    Examples:
      sagectl compile build examples/quickstart/digits.onnx --input image=1,64 -o out/
      sagectl --local compile list
    """
