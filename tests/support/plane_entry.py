"""A process that changes a state directory until it is killed, and says what was acknowledged.

``python -m tests.support.plane_entry STATE CACHE NAME`` prints one name a line, each after the
plane has answered.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from sagectl.controlplane.plane import ControlPlane
from sagectl.schema.model import service_model
from tests.support.planes import compilation


def main(state: str, cache: str, name: str, limit: str = "") -> None:
    plane = ControlPlane(Path(state), service_model(Path(cache)))
    for number in range(int(limit)) if limit else count():
        job = f"{name}-{number}"
        plane.handle(
            "CreateCompilationJob", compilation(job, Tags=[{"Key": "k", "Value": job}])
        )
        if number % 3 == 1:
            plane.handle("StopCompilationJob", {"CompilationJobName": job})
        sys.stdout.write(f"{job}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
