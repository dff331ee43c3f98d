"""What one compilation job does, with a backend that only writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane.lifecycle import (
    CompilationResult,
    CompilationTask,
    artifact_uri,
    compilation,
    stem,
    suffix,
)
from sagectl.controlplane.objects import ObjectStore
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Recorder:
    """A backend that keeps what it was asked."""

    task: CompilationTask
    model: str

    def __call__(
        self, task: CompilationTask, on_stage: Callable[[str], None]
    ) -> CompilationResult:
        self.task = task
        self.model = task.model.read_text()
        on_stage("import")
        package = task.output / "made"
        package.write_text("package")
        return CompilationResult(package, "0" * 64, inference_image="image")


def body(uri: str = "s3://models/vision/m.tar.gz", **output: Any) -> dict[str, Any]:
    target = output or {"TargetDevice": "ml_c5"}
    return {
        "InputConfig": {"S3Uri": uri, "DataInputConfig": "[1]", "Framework": "ONNX"},
        "OutputConfig": {"S3OutputLocation": "s3://compiled/there", **target},
    }


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    store = ObjectStore(tmp_path / "state")
    (tmp_path / "model").write_text("weights")
    for key in ("vision/m.tar.gz", "vision//.tar.gz", "folder/"):
        store.put(f"s3://models/{key}", tmp_path / "model")
    return store


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


def test_a_job_goes_from_model_to_artifact(objects: ObjectStore, work: Path) -> None:
    backend, stages = Recorder(), list[str]()
    gained = compilation("job", body(), objects, work, backend, stages.append)
    assert gained == {
        "ModelArtifacts": {"S3ModelArtifacts": "s3://compiled/there/m-ml_c5.tar.gz"},
        "ModelDigests": {"ArtifactDigest": "sha256:" + "0" * 64},
        "InferenceImage": "image",
    }
    assert stages == ["fetch", "import", "store"]
    stored = objects.path("s3://compiled/there/m-ml_c5.tar.gz")
    assert stored.read_text() == "package"
    assert backend.model == "weights"
    task = backend.task
    assert (task.name, task.framework, task.stem) == ("job", "ONNX", "m")
    assert (task.target_device, task.target_platform) == ("ml_c5", None)
    assert (task.data_input_config, task.framework_version) == ("[1]", None)
    assert task.model.name == "m.tar.gz"
    assert list(task.output.iterdir()) == [task.output / "made"]


@pytest.mark.parametrize("key", ["folder/", "vision//.tar.gz"])
def test_a_key_that_names_no_file_is_fetched_under_a_name_of_ours(
    objects: ObjectStore, work: Path, key: str
) -> None:
    backend = Recorder()
    compilation("job", body(f"s3://models/{key}"), objects, work, backend, lambda _: None)
    assert backend.task.model.name == "model.tar.gz"


def test_a_model_that_is_not_there_is_not_compiled(objects: ObjectStore, work: Path) -> None:
    with pytest.raises(NotFoundError):
        compilation("job", body("s3://models/x"), objects, work, Recorder(), lambda _: None)


def test_an_output_location_that_is_none_fails_before_the_work(
    objects: ObjectStore, work: Path
) -> None:
    backend = Recorder()
    asked = body()
    asked["OutputConfig"]["S3OutputLocation"] = "s3://No_Bucket/"
    with pytest.raises(InputError):
        compilation("job", asked, objects, work, backend, lambda _: None)
    assert not hasattr(backend, "task")


STEMS = {
    "model.tar.gz": "model",
    "a/b/resnet_v1.5_50.tar.gz": "resnet_v1.5_50",
    "model.tgz": "model",
    "net.onnx": "net",
    "net": "net",
    "folder/": "folder",
    ".tar.gz": ".tar",
}


@pytest.mark.parametrize(("key", "expected"), STEMS.items(), ids=STEMS)
def test_the_stem_is_the_models_name_without_its_ending(key: str, expected: str) -> None:
    assert stem(key) == expected


SUFFIXES = {
    "device": ({"TargetDevice": "rasp3b"}, "rasp3b"),
    "platform": ({"TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"}}, "LINUX_X86_64"),
    "accelerator": (
        {"TargetPlatform": {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"}},
        "LINUX_ARM64_NVIDIA",
    ),
}


@pytest.mark.parametrize(("output", "expected"), SUFFIXES.values(), ids=SUFFIXES)
def test_the_suffix_is_the_target_as_the_service_marks_it(
    output: dict[str, Any], expected: str
) -> None:
    assert suffix(output) == expected


@pytest.mark.parametrize("location", ["s3://compiled", "s3://compiled/"])
def test_a_location_may_end_in_a_slash_or_not(location: str) -> None:
    output = {"S3OutputLocation": location, "TargetDevice": "ml_c5"}
    assert artifact_uri("s3://models/m.tar.gz", output) == "s3://compiled/m-ml_c5.tar.gz"
