"""Packages: written so that the same input gives the same bytes, described for people."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from sagectl.compiler import android, nvrtc
from sagectl.compiler.elf import oldest_glibc, read_elf, symbol_bytes
from sagectl.compiler.errors import RequestError
from sagectl.compiler.kernels import LIBRARY_SYMBOL, gpu_code
from sagectl.compiler.neo import described_neo, is_foreign
from sagectl.errors import InputError
from sagectl.runtime import package as layout
from sagectl.runtime.cpu import ARM64_FLAGS, X86_FLAGS
from sagectl.runtime.errors import PackageError
from sagectl.runtime.tensors import ports

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sagectl.compiler.comparison import Comparison
    from sagectl.compiler.elf import Elf
    from sagectl.compiler.frontends import Imported, TensorSpec
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target
    from sagectl.runtime.tensors import Port

_INSTRUCTION_SETS = frozenset(X86_FLAGS) | frozenset(ARM64_FLAGS)


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk; ``digest`` is ``sha256:`` and the hexadecimal digest of its bytes.

    ``comparison`` and ``seconds`` (per stage) were measured and are no part of the bytes.
    """

    path: Path
    digest: str
    meta: Mapping[str, Any]
    comparison: Comparison | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


def described_model(
    imported: Imported,
    request: CompileRequest,
    target: Target,
    folder: Path,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The ``compiled.meta`` of a compilation; Requirements and Model as the DLR reads them.

    ``folder`` holds what the package will, and is measured; ``facts`` are those of ``work``.
    """
    import tvm_ffi
    from tvm import __version__ as tvm_version

    from sagectl import __version__

    ours = {
        "Version": __version__,
        "Framework": request.framework,
        "FrameworkVersion": request.framework_version,
        "Target": _target_row(target),
        "Gpu": _gpu_row(target),
        "System": _system_row(target, folder),
        "Runtime": {"ApacheTvm": tvm_version, "ApacheTvmFfi": tvm_ffi.__version__},
        "Source": {
            "Sha256": layout.digest(request.model),
            **{name.title(): value for name, value in imported.facts.items()},
        },
        "Precision": target.precision,
        "Parameters": "beside" if (folder / layout.PARAMETERS).exists() else "inside",
        **facts,
        "Verification": None,
    }
    return {
        "Requirements": {
            "TargetDevice": target.suffix.upper(),
            "TargetDeviceType": "gpu" if target.gpu else "cpu",
        },
        "Model": {
            "Inputs": [_spec_row(spec) for spec in imported.inputs],
            "Outputs": [_spec_row(spec) for spec in imported.outputs],
        },
        "Sagectl": ours,
    }


def write_folder(folder: Path, meta: Mapping[str, Any]) -> None:
    """Add meta and manifest to a folder that holds the library: an unpacked package."""
    (folder / layout.META).write_text(_json(meta), encoding="utf-8")
    files = {
        name: {
            "Size": (folder / name).stat().st_size,
            "Sha256": layout.digest(folder / name),
        }
        for name in sorted(path.name for path in folder.iterdir())
        if name != layout.MANIFEST
    }
    (folder / layout.MANIFEST).write_text(_json({"Files": files}), encoding="utf-8")


def require_folder(output: Path) -> None:
    """Make the folder that a package goes to, before a minute of work ends at its door.

    Raises RequestError for a place that cannot be written to.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
        NamedTemporaryFile(dir=output, prefix=".sagectl.").close()
    except OSError as error:
        raise RequestError(
            f"{output} cannot be used: {error.strerror or error}",
            stage="package",
            reason="internal",
            hint="Name a folder that can be written to; it is made if it is missing.",
        ) from error


def described(path: Path) -> dict[str, Any]:
    """Everything that a package tells about itself, for ``compile inspect``.

    An archive of SageMaker Neo itself is described in the same words. Raises InputError for
    what is no sound package.
    """
    if path.is_file() and is_foreign(path):
        return described_neo(path)
    with open_package(path) as folder:
        meta = layout.meta(folder)
        listed = json.loads((folder / layout.MANIFEST).read_text(encoding="utf-8"))["Files"]
        elf = _library(folder / layout.LIBRARY)
        found = _gpu_code(folder / layout.LIBRARY)
    return {
        "Package": str(path),
        "Digest": f"sha256:{layout.digest(path)}" if path.is_file() else None,
        "SizeBytes": path.stat().st_size if path.is_file() else None,
        "Files": listed,
        **meta,
        "Library": {
            "Sections": elf.sections,
            "Imports": list(elf.imports),
            "Needed": list(elf.needed),
            "MinimumGlibc": elf.minimum_glibc,
            "Functions": dict(sorted(elf.functions.items(), key=lambda row: (-row[1], row[0]))),
        },
        "GpuCode": found,
    }


def _library(path: Path) -> Elf:
    try:
        return read_elf(path)
    except ValueError as error:
        raise InputError(
            f"The package is damaged: {error}",
            hint="Make the package again with: sagectl compile build",
        ) from error


def _gpu_code(library: Path) -> list[dict[str, Any]]:
    """What code for graphics processors a library really holds, whatever its meta says."""
    try:
        code = gpu_code(symbol_bytes(library, LIBRARY_SYMBOL))
    except ValueError:
        return []
    return [
        {
            "Kind": each.kind,
            "Form": each.form,
            "Architecture": each.architecture,
            "SizeBytes": len(each.code),
            "Functions": list(each.functions),
        }
        for each in code
    ]


def model_inputs(path: Path) -> tuple[Port, ...]:
    """The inputs that a package's model takes. Raises InputError for what is no package."""
    with open_package(path) as folder:
        return ports(layout.meta(folder), "Inputs")


@contextmanager
def open_package(path: Path) -> Iterator[Path]:
    """A folder with a package's members, checked: traversal, links, sizes, digests.

    Raises InputError, where the runtime alone would raise its own PackageError.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(layout.opened(path))
        except PackageError as error:
            raise InputError(error.message, hint=error.hint) from error
        yield folder


def _system_row(target: Target, folder: Path) -> dict[str, Any]:
    """The oldest system that has what the package's libraries import."""
    if target.os == "ANDROID":
        asked = target.settings.get("ANDROID_PLATFORM")
        return {"MinimumApiLevel": android.checked_level(folder / layout.LIBRARY, asked)}
    libraries = [read_elf(path) for path in folder.glob("*.so")]
    return {"MinimumGlibc": oldest_glibc(name for each in libraries for name in each.versions)}


def _target_row(target: Target) -> dict[str, Any]:
    return {
        "Os": target.os,
        "Arch": target.arch,
        "Accelerator": target.accelerator,
        "Device": target.device,
        "Triple": target.triple,
        "Mcpu": target.mcpu,
        "Mattr": list(target.mattr),
        "FloatAbi": target.float_abi,
        "VectorBytes": target.vector_bytes,
        "Features": sorted(target.features & _INSTRUCTION_SETS),
        "CompilerOptions": dict(target.settings),
    }


def _gpu_row(target: Target) -> dict[str, Any] | None:
    """The kind of code for a graphics processor, and what its runtime must have."""
    if target.gpu is None:
        return None
    if target.gpu.code is None:
        return {"Kind": target.gpu.kind, "Code": "OpenCL C 1.2"}
    return {
        "Kind": target.gpu.kind,
        "Code": target.gpu.code,
        "Driver": f"CUDA {nvrtc.version()}",
    }


def _spec_row(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)}


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
