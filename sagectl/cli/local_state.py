"""What the embedded control plane has on disk, looked at and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.app import App

_DATABASE = ("plane.db", "plane.db-wal", "plane.db-shm")
# Everything of the control plane; settings, caches and crash logs are nobody's resources. The
# database goes first, so that an interrupted reset leaves no resource without its objects.
_OURS = (*_DATABASE, "plane.key", "jobs", "objects", "plane.lock")


def local_status(app: App) -> dict[str, Any]:
    """Where the plane is, whether its supervisor runs, and what it holds.

    Raises StateError where the database cannot be read.
    """
    from sagectl.controlplane.census import census
    from sagectl.controlplane.worker import current_supervisor

    state = app.settings.home.state
    lease = current_supervisor(app.local.plane)
    return {
        "Path": str(state),
        "Supervisor": f"process {lease.pid}" if lease else "not running",
        "Workers": app.settings.workers,
        "Jobs": _jobs(app),
        "Resources": {
            kind: _told(counts) for kind, counts in census(app.local.plane.store).items()
        },
        "Bytes": {
            "Database": sum(_size(state / name) for name in _DATABASE),
            "Objects": _size(state / "objects"),
            "Jobs": _size(state / "jobs"),
            "Free": _free(state),
        },
    }


def _jobs(app: App) -> dict[str, Any]:
    """How many compilation jobs wait, and which are worked on."""
    from sagectl.controlplane.jobs import active

    found = active(app.local.plane.store)
    return {
        "Queued": sum(job.is_queued for job in found),
        "Running": [job.name for job in found if not job.is_queued],
    }


def _told(counts: dict[str, int]) -> dict[str, int] | int:
    """Counts by status, or just how many where the kind has no status."""
    return counts[""] if set(counts) == {""} else counts


def leftovers(state: Path) -> tuple[Path, ...]:
    """What a reset removes."""
    return tuple(place for place in (state / name for name in _OURS) if place.exists())


def remove(app: App) -> None:
    """End the supervisor, then remove all leftovers. Raises StateError for one that stays."""
    import shutil

    from sagectl.controlplane.worker import stop_supervisor

    try:
        stop_supervisor(app.local.plane)
    except StateError as error:
        # A damaged database is a reason for a reset, not against one; a supervisor that finds
        # its database gone ends by itself.
        app.say(str(error))
    app.local.plane.store.close()
    app.secrets.forget()
    for place in leftovers(app.settings.home.state):
        try:
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise StateError(
                f"{place} cannot be removed: {error.strerror}",
                hint="Check the rights of the directory and run it again.",
            ) from error


def _free(place: Path) -> int:
    """Bytes that the disk has left: without any, lists are read but nothing is made."""
    from shutil import disk_usage

    there = next(folder for folder in (place, *place.parents) if folder.exists())
    return disk_usage(there).free


def _size(place: Path) -> int:
    """Bytes of a file, or of all files below a folder."""
    if not place.is_dir():
        return place.stat().st_size if place.exists() else 0
    return sum(item.stat().st_size for item in place.rglob("*") if item.is_file())
