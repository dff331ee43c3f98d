"""The compile commands about what jobs leave: their packages and their logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import COMPILATION_JOB_KIND
from sagectl.cli.compile_documents import DIRECTORY
from sagectl.cli.lazy import Command
from sagectl.cli.options import FORMAT, pass_app, takes
from sagectl.cli.verbs import described, name_argument
from sagectl.errors import InputError, VerificationError

if TYPE_CHECKING:
    from sagectl.app import App

_SHA256 = "sha256:"


@click.command(cls=Command, spared=("output",))
@takes(
    name_argument(COMPILATION_JOB_KIND, "job"),
    DIRECTORY,
    FORMAT,
)
@pass_app
def download(app: App, job: str, directory: Path) -> None:
    """Bring a job's package here.

    It is held against the digest that the job reports; a package that differs is not kept,
    and the exit code is 7.

    \b
    Example:
      sagectl --local compile download digits -o out/
    """
    from sagectl.render.compile_view import build as view

    uri, digest = _artifact(app, job)
    fetched = app.backend.fetch(uri)
    found = _digest(fetched)
    if digest.startswith(_SHA256) and digest != found:
        raise VerificationError(
            f"{uri} is {found}, the job reports {digest}",
            hint="It was written over by another job, or damaged; run the job again.",
        )
    path = directory / uri.rpartition("/")[2]
    _put(fetched, path)
    if not digest.startswith(_SHA256):
        app.say(f"Not verified: the job reports no SHA-256 ({digest or 'nothing'}).")
    app.show(view({"Package": str(path), "Digest": found, "Source": uri}))


@click.command(cls=Command)
@takes(click.Argument(("first",)), click.Argument(("second",)))
@pass_app
def compare(app: App, first: str, second: str) -> int:
    """Show how two packages differ.

    Each is a file, or the name of a job that has completed. Exit code 1 says that they differ.

    \b
    Example:
      sagectl compile compare out/digits-LINUX_X86_64.tar.gz out/digits-LINUX_ARM64.tar.gz
    """
    from sagectl.compiler.contrast import differences
    from sagectl.compiler.packaging import described as contents
    from sagectl.render.target_view import differences as view

    found = differences(*(contents(_package(app, word)) for word in (first, second)))
    app.show(view(found))
    return 1 if found else 0


def _package(app: App, word: str) -> Path:
    path = Path(word)
    if path.exists():
        return path
    if path.suffix or path.name != word:  # no job is named so
        raise InputError(f"there is no package {word}", hint="Give a file, or a job's name.")
    return app.backend.fetch(_artifact(app, word)[0])


def _artifact(app: App, name: str) -> tuple[str, str]:
    """Where a completed job's package is, and the digest it reports."""
    job: Any = described(app, COMPILATION_JOB_KIND, name).row
    uri = job.get("ModelArtifacts", {}).get("S3ModelArtifacts")
    if job["CompilationJobStatus"] != "COMPLETED" or not uri:
        raise InputError(
            f"{name} is {job['CompilationJobStatus']} and has no package",
            hint=f"sagectl compile wait {name} waits for it.",
        )
    return uri, job.get("ModelDigests", {}).get("ArtifactDigest", "")


def _put(fetched: Path, path: Path) -> None:
    """Copy to ``path`` as one step: what lay there stays until all of the new is there."""
    import os
    import shutil

    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(fetched, temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path} cannot be used: {error.strerror or error}",
            hint="Name a folder that can be written to; it is made if it is missing.",
        ) from error


def _digest(path: Path) -> str:
    import hashlib

    with path.open("rb") as file:
        return _SHA256 + hashlib.file_digest(file, "sha256").hexdigest()


@click.command(cls=Command)
@takes(
    name_argument(COMPILATION_JOB_KIND, "job"),
    click.Option(("--follow",), is_flag=True, help="Go on until the job has ended."),
)
@pass_app
def logs(app: App, job: str, follow: bool) -> None:
    """Print what a job has written.

    On AWS that is CloudWatch's log group /aws/sagemaker/CompilationJobs; locally it is the
    job's own log, with the seconds of each stage.

    \b
    Examples:
      sagectl --local compile logs digits
      sagectl compile logs digits --follow
    """
    log, statuses = app.backend.compilation_log(job), COMPILATION_JOB_KIND.statuses
    while True:
        # Asked first: what a job writes just before its end is then still read.
        status = described(app, COMPILATION_JOB_KIND, job).row["CompilationJobStatus"]
        for line in log.more():
            app.stdout.write(f"{line}\n")
        app.stdout.flush()
        if not follow or (statuses and statuses.is_final(status)):
            return
        app.sleep(app.backend.poll_seconds)
