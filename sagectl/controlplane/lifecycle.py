"""What a compilation job does: fetch the model, compile it, store what came of it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.controlplane.places import ObjectPlace, object_place

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sagectl.controlplane.objects import ObjectStore

_ARCHIVE_ENDINGS = (".tar.gz", ".tgz")


@dataclass(frozen=True, slots=True)
class CompilationTask:
    """What a backend is asked: the job's fields, with the model as a file.

    ``output`` is an empty directory for the package, ``stem`` what its name starts with.
    """

    name: str
    model: Path
    framework: str
    framework_version: str | None
    data_input_config: str | None
    target_device: str | None
    target_platform: Mapping[str, str] | None
    compiler_options: str | None
    output: Path
    stem: str


@dataclass(frozen=True, slots=True)
class CompilationResult:
    """What came of it: the package, its SHA-256, and what the service also tells of it.

    ``data_input_config`` is the one derived from the model where the job named none.
    """

    package: Path
    digest: str
    inference_image: str | None = None
    data_input_config: str | None = None


class CompileBackend(Protocol):
    """A compiler as a job sees it; raises CompileError for what it cannot compile."""

    def __call__(
        self, task: CompilationTask, on_stage: Callable[[str], None]
    ) -> CompilationResult: ...


def compilation(
    name: str,
    body: Mapping[str, Any],
    objects: ObjectStore,
    work: Path,
    backend: CompileBackend,
    on_stage: Callable[[str], None],
) -> dict[str, Any]:
    """Compile what ``body``, a CreateCompilationJob request, asks for; ``work`` is scratch.

    Returns the fields that Describe gains. ``failures.failure_reason`` has words for the errors
    that this raises: CompileError, InputError, NotFoundError, StateError and OSError.
    """
    source, output = body["InputConfig"], body["OutputConfig"]
    artifact = artifact_uri(source["S3Uri"], output)
    on_stage("fetch")
    model = _fetched(source["S3Uri"], objects, work)
    result = backend(_task(name, source, output, model, work), on_stage)
    on_stage("store")
    objects.put(artifact, result.package)
    return _outcome(artifact, result)


def artifact_uri(model_uri: str, output: Mapping[str, Any]) -> str:
    """Where the package goes: ``<S3OutputLocation>/<stem>-<suffix>.tar.gz``.

    The name holds no job name, as in the service: see the examples of neo-ai-dlr. Raises
    InputError where either URI is no good.
    """
    location = output["S3OutputLocation"].rstrip("/")
    name = f"{stem(object_place(model_uri).key)}-{suffix(output)}.tar.gz"
    return object_place(f"{location}/{name}").uri


def stem(key: str) -> str:
    """The name of a model file or archive without its ending: ``model.tar.gz`` is ``model``."""
    name = key.rstrip("/").rpartition("/")[2]
    for ending in _ARCHIVE_ENDINGS:
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name.rpartition(".")[0] or name


def suffix(output: Mapping[str, Any]) -> str:
    """How the service marks a package with its target: ``ml_c5``, ``LINUX_ARM64_NVIDIA``."""
    if device := output.get("TargetDevice"):
        return str(device)
    platform = output["TargetPlatform"]
    parts = (platform["Os"], platform["Arch"], platform.get("Accelerator"))
    return "_".join(part for part in parts if part)


def _fetched(uri: str, objects: ObjectStore, work: Path) -> Path:
    """The model in the job's own directory, under its own name."""
    found = objects.path(uri)
    model = work / "input" / _file_name(object_place(uri))
    model.parent.mkdir()
    try:
        # Objects are replaced, never changed, so a link is a copy that costs nothing.
        os.link(found, model)
    except OSError:
        shutil.copyfile(found, model)
    return model


def _file_name(place: ObjectPlace) -> str:
    name = place.key.rpartition("/")[2]
    return name if name and place.is_plain else "model.tar.gz"


def _task(
    name: str, source: Mapping[str, Any], output: Mapping[str, Any], model: Path, work: Path
) -> CompilationTask:
    directory = work / "output"
    directory.mkdir()
    return CompilationTask(
        name=name,
        model=model,
        framework=source["Framework"],
        framework_version=source.get("FrameworkVersion"),
        data_input_config=source.get("DataInputConfig"),
        target_device=output.get("TargetDevice"),
        target_platform=output.get("TargetPlatform"),
        compiler_options=output.get("CompilerOptions"),
        output=directory,
        stem=stem(object_place(source["S3Uri"]).key),
    )


def _outcome(artifact: str, result: CompilationResult) -> dict[str, Any]:
    digest = result.digest if ":" in result.digest else f"sha256:{result.digest}"
    outcome: dict[str, Any] = {
        "ModelArtifacts": {"S3ModelArtifacts": artifact},
        "ModelDigests": {"ArtifactDigest": digest},
    }
    if result.inference_image:
        outcome["InferenceImage"] = result.inference_image
    if result.data_input_config:
        outcome["DerivedInformation"] = {"DerivedDataInputConfig": result.data_input_config}
    return outcome
