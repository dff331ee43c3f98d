"""TVM's runtime put into a package, from the wheels that are published for its target."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution, version
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.targets.target import NATIVE_MACHINES
from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError
from sagectl.runtime.cpu import host_machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sagectl.compiler.targets import Target

# Architecture -> the platforms that pip may take its wheels of.
PLATFORMS = {
    arch: tuple(
        f"{name}_{machine}" for name in ("manylinux_2_28", "manylinux_2_27", "manylinux2014")
    )
    for arch, machine in NATIVE_MACHINES.items()
}
# Wheel -> how its members end, and what they are called in a package. Their licence wants to
# be handed on with them.
MEMBERS = {
    "apache-tvm": {
        "tvm/lib/libtvm_runtime.so": "libtvm_runtime.so",
        "tvm/lib/libtvm_runtime_extra.so": "libtvm_runtime_extra.so",
        ".dist-info/licenses/LICENSE": "apache-tvm.LICENSE",
        "tvm/NOTICE": "apache-tvm.NOTICE",
    },
    "apache-tvm-ffi": {
        "tvm_ffi/lib/libtvm_ffi.so": "libtvm_ffi.so",
        ".dist-info/licenses/LICENSE": "apache-tvm-ffi.LICENSE",
        ".dist-info/licenses/NOTICE": "apache-tvm-ffi.NOTICE",
    },
}
_LONGEST_SECONDS = 600


def require_runtime(target: Target) -> None:
    """Raise RequestError for a target that no published runtime serves."""
    if target.os != "LINUX" or target.arch not in PLATFORMS:
        reason = f"no wheel of TVM's runtime exists for {target.os} {target.arch}"
    elif target.accelerator:
        reason = f"the runtime in TVM's wheels does not serve {target.accelerator}"
    else:
        return
    raise RequestError(
        f"The runtime cannot be bundled: {reason}",
        stage="target",
        reason="target",
        hint="Leave out --bundle-runtime and build TVM's runtime for the device from its "
        "sources; wheels exist for LINUX X86_64 and LINUX ARM64.",
    )


def bundle_runtime(target: Target, folder: Path) -> None:
    """Put the libraries of TVM's runtime, with their licences, into ``folder``.

    They are those of the versions installed here: for this machine's architecture the very
    files, else of wheels that pip downloads. Raises CompileError where it cannot.
    """
    is_native = NATIVE_MACHINES[target.arch] == host_machine()
    for name, members in MEMBERS.items():
        if is_native:
            _copy_installed(name, members, folder)
        else:
            _copy_downloaded(name, members, folder, PLATFORMS[target.arch])


def _copy_installed(name: str, members: Mapping[str, str], folder: Path) -> None:
    found = distribution(name)
    paths = {str(path): Path(str(path.locate())) for path in found.files or ()}
    for path, place in _matches(name, members, paths):
        shutil.copyfile(paths[path], folder / place)


def _copy_downloaded(
    name: str, members: Mapping[str, str], folder: Path, platforms: tuple[str, ...]
) -> None:
    with workplace("wheels") as place:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--dest", str(place), f"{name}=={version(name)}"]
        command += [word for each in platforms for word in ("--platform", each)]
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LONGEST_SECONDS,
            check=False,
        )
        wheels = list(place.glob("*.whl"))
        if ended.returncode or not wheels:
            said = (ended.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise _unavailable(f"{name} {version(name)} cannot be downloaded: {said}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            for path, placed in _matches(name, members, wheel.namelist()):
                with wheel.open(path) as source, (folder / placed).open("wb") as file:
                    shutil.copyfileobj(source, file)


def _matches(
    name: str, members: Mapping[str, str], paths: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Path in a wheel -> name in the package, for each of ``members``."""
    listed = sorted(paths)
    for ending, place in members.items():
        found = [path for path in listed if path.endswith(ending)]
        if not found:
            raise _unavailable(f"The wheel of {name} has no {ending}")
        yield found[0], place


def _unavailable(message: str) -> CompileError:
    return CompileError(
        message,
        stage="link",
        reason="internal",
        hint="pip must be installed, and reach a package index.",
    )
