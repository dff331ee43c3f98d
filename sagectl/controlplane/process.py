"""Operating system processes: which one this is, whether one lives, and ending a group."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_IS_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_DEAD = frozenset("ZX")


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for good: a process id alone is used again sooner or later.

    ``host`` tells machines, their boots and (in containers) spaces of process ids apart.
    """

    host: str
    pid: int
    started: str

    @property
    def token(self) -> str:
        return f"{self.host}/{self.pid}/{self.started}"


def identity(token: str) -> Identity:
    """The identity that ``token`` was made from."""
    host, pid, started = token.rsplit("/", 2)
    return Identity(host, int(pid), started)


def this_host() -> str:
    """Where this process's id has a meaning; empty parts where the system does not say."""
    if not _IS_LINUX:
        import platform

        return platform.node()
    with suppress(OSError):
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{(_PROC / 'self/ns/pid').stat().st_ino}"
    return ""


def identified(pid: int) -> Identity | None:
    """The identity of a living process of this host; None if there is none (or a zombie)."""
    started = _started(pid)
    return Identity(this_host(), pid, started) if started else None


def is_alive(process: Identity) -> bool | None:
    """Whether ``process`` lives; None where that cannot be seen from this host."""
    if process.host != this_host():
        return None
    return _started(process.pid) == process.started


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends; Linux only.

    Elsewhere whoever finds the parent gone ends this process by ``end_group``.
    """
    if _IS_LINUX:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # If memory runs out, the compilation goes, not what else the machine is doing.
        with suppress(OSError):
            (_PROC / "self/oom_score_adj").write_text("1000")


def command_line(pid: int) -> list[str]:
    """The arguments a process was started with; empty if there is no such process."""
    if _IS_LINUX:
        with suppress(OSError):
            return os.fsdecode((_PROC / str(pid) / "cmdline").read_bytes()).split("\0")[:-1]
        return []
    return _ps("-p", str(pid), "-o", "command=").split()


def group_members(group: int) -> dict[int, int]:
    """The living processes of a process group, and the bytes of memory each holds."""
    if not _IS_LINUX:
        rows = [line.split() for line in _ps("-A", "-o", "pid=,pgid=,rss=,stat=").splitlines()]
        return {
            int(pid): int(kibibytes) * 1024
            for pid, of, kibibytes, state in rows
            if int(of) == group and state[0] not in _DEAD
        }
    members = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for entry in _PROC.iterdir():
        facts = _facts(int(entry.name)) if entry.name.isdecimal() else None
        if facts and int(facts[2]) == group and facts[0] not in _DEAD:
            members[int(entry.name)] = int(facts[21]) * page
    return members


def inherited_descriptors() -> list[int]:
    """The open files beside the standard three that a new process would get as well."""
    found = []
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        with suppress(OSError):  # the one that the listing itself had open
            if int(name) > 2 and os.get_inheritable(int(name)):
                found.append(int(name))
    return found


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, if it still exists."""
    with suppress(ProcessLookupError, PermissionError):  # macOS refuses for zombies
        os.killpg(group, number)


def end_group(group: int, *, timeout_seconds: float = 5.0) -> None:
    """Kill a process group, returning when nothing of it lives."""
    deadline = time.monotonic() + timeout_seconds
    while group_members(group) and time.monotonic() < deadline:
        signal_group(group, signal.SIGKILL)
        time.sleep(0.01)


def _started(pid: int) -> str:
    """When a process started, in the system's own terms; empty for the dead."""
    if _IS_LINUX:
        facts = _facts(pid)
        return facts[19] if facts and facts[0] not in _DEAD else ""
    row = _ps("-p", str(pid), "-o", "stat=,lstart=").split(maxsplit=1)
    return row[1].strip() if row and row[0][0] not in _DEAD else ""


def _facts(pid: int) -> list[str] | None:
    """The fields of ``/proc/PID/stat`` after the command, which may hold anything: proc(5)."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()


def _ps(*arguments: str) -> str:
    import subprocess

    return subprocess.run(
        ("ps", *arguments), capture_output=True, text=True, check=False
    ).stdout
