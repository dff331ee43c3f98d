"""CPU time of short commands over that of ``python -c pass``, in pairs.

python tests/benchmarks/startup.py [ROUNDS]

Exits 7 if one takes more than the budget. Ratios of CPU time hold on a busy machine
about as well as on an idle one; wall time does not.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sagectl.gateway.names import Names
from sagectl.settings import home

BUDGET = 5.0
SAGECTL = (str(Path(sys.executable).with_name("sagectl")),)
PASS = (sys.executable, "-c", "pass")
TAB = {"_SAGECTL_COMPLETE": "bash_complete"}

# What is measured -> the arguments, and what a completion is told in the environment.
COMMANDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "--help": (("--help",), {}),
    "--version": (("--version",), {}),
    "workteam create --help": (("workteam", "create", "--help"), {}),
    "--local workteam list": (("--local", "workteam", "list"), {}),
    "--local workteam list -o json": (("--local", "workteam", "list", "-o", "json"), {}),
    "TAB, a command": ((), TAB | {"COMP_WORDS": "sagectl workteam de", "COMP_CWORD": "2"}),
    "TAB, a name": (
        (),
        TAB | {"COMP_WORDS": "sagectl --local workteam describe r", "COMP_CWORD": "4"},
    ),
    "TAB, one of 1,000 names of AWS": (
        (),
        TAB | {"COMP_WORDS": "sagectl workteam describe team-9", "COMP_CWORD": "3"},
    ),
}


def cpu_seconds(command: tuple[str, ...], environ: dict[str, str]) -> float:
    """User and system time of a process, its output thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    child = os.posix_spawn(command[0], command, environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    os.close(null)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {status}")
    return usage.ru_utime + usage.ru_stime


def environment(place: str) -> dict[str, str]:
    """A home of its own, and compiled modules as an installed package has them."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "AWS_", "SAGECTL_"))
    }
    return kept | {
        "SAGECTL_HOME": f"{place}/home",
        "PYTHONPYCACHEPREFIX": f"{place}/compiled",
        "PYTHONHASHSEED": "0",
    }


def fill(environ: dict[str, str]) -> None:
    """Make the team that is listed, and names of AWS; this also compiles what is measured."""
    rows = [{"WorkteamName": f"team-{number}"} for number in range(1000)]
    told = Names(home(environ).cache, (None, None, None, None), time.time())
    told.hear("ListWorkteams", {}, {"Workteams": rows})
    told.save()
    oidc = ("authorization", "token", "user-info", "logout")
    workforce = [f"--oidc-{name}-endpoint=https://id.example.com/{name}" for name in oidc]
    workforce += ["--oidc-issuer=https://id.example.com", "--oidc-jwks-uri=https://id/jwks"]
    workforce += ["--oidc-client-id=benchmark", "--oidc-client-secret=not-a-secret"]
    team = ["--group=doctors", "--description=Chest"]
    for words in (
        ["workforce", "create", "crowd", *workforce],
        ["workteam", "create", "r", *team],
    ):
        subprocess.run(
            [*SAGECTL, "--local", *words, "--yes", "--quiet"],
            env=environ,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def measured(rounds: int) -> dict[str, list[float]]:
    """The ratios of every command, each paired with a ``python -c pass`` of the same round."""
    with tempfile.TemporaryDirectory() as place:
        environ = environment(place)
        fill(environ)
        ratios: dict[str, list[float]] = {name: [] for name in COMMANDS}
        for turn in range(rounds + 1):
            for name, (words, more) in COMMANDS.items():
                base = cpu_seconds(PASS, environ)
                ratio = cpu_seconds(SAGECTL + words, environ | more) / base
                if turn:  # the first round only warms
                    ratios[name].append(ratio)
    return ratios


def main() -> int:
    rounds = int(sys.argv[1]) if sys.argv[1:] else 20
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, ")
    print(f"load {os.getloadavg()[0]:.1f}, {rounds} rounds; CPU time over `python -c pass`,")
    print(f"at most {BUDGET:.0f}\n")
    over = False
    for name, ratios in measured(rounds).items():
        middle = statistics.median(ratios)
        over |= middle > BUDGET
        print(f"{name:<32} {middle:5.2f}")
    return 7 if over else 0


if __name__ == "__main__":
    sys.exit(main())
