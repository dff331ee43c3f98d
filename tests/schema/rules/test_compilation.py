"""Rules of compilation jobs, each with what keeps and what breaks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.manifest.document import Upload
from sagectl.schema.request import findings

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.schema.rules.conftest import Broken

CREATE = "CreateCompilationJob"
NVIDIA = {"gpu-code": "sm_72", "trt-ver": "6.0.1", "cuda-ver": "10.1"}


def job(
    *,
    device: str | None = None,
    platform: tuple[str, ...] | None = None,
    options: Any = None,
    **inputs: Any,
) -> dict[str, Any]:
    """A request for one target; None among ``inputs`` leaves the field out."""
    output: dict[str, Any] = {"S3OutputLocation": "s3://models/out"}
    if device or not platform:
        output["TargetDevice"] = device or "ml_c5"
    if platform:
        output["TargetPlatform"] = dict(
            zip(("Os", "Arch", "Accelerator"), platform, strict=False)
        )
    if options is not None:
        output["CompilerOptions"] = options if isinstance(options, str) else json.dumps(options)
    given = {
        "S3Uri": "s3://models/model.tar.gz",
        "Framework": "ONNX",
        "DataInputConfig": '{"data": [1, 3]}',
    } | inputs
    return {
        "CompilationJobName": "resnet",
        "RoleArn": "arn:aws:iam::123456789012:role/compile",
        "InputConfig": {name: value for name, value in given.items() if value is not None},
        "OutputConfig": output,
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
    }


def with_inputs(written: str | None, framework: str = "ONNX") -> dict[str, Any]:
    return job(DataInputConfig=written, Framework=framework)


SHAPES = "compile.inputs-shapes at InputConfig.DataInputConfig"
SYNTAX = "compile.inputs-syntax at InputConfig.DataInputConfig"
REQUIRED = "compile.inputs-required at InputConfig.DataInputConfig"
OPTIONS = "OutputConfig.CompilerOptions"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param(job(), [], id="device"),
        pytest.param(job(platform=("LINUX", "X86_64")), [], id="platform"),
        pytest.param(job(device="ml_c5", platform=("LINUX", "X86_64")),
                     ["compile.one-target at OutputConfig.TargetPlatform"], id="both-targets"),
        pytest.param(job() | {"OutputConfig": {"S3OutputLocation": "s3://b/k"}},
                     ["compile.one-target at OutputConfig.TargetDevice"], id="no-target"),
        pytest.param(job() | {"ModelPackageVersionArn":
                              "arn:aws:sagemaker:us-east-1:123456789012:model-package/m/1"},
                     ["compile.one-model at ModelPackageVersionArn"], id="both-models"),
        pytest.param({k: v for k, v in job().items() if k != "InputConfig"},
                     ["compile.one-model at InputConfig"], id="no-model"),
        pytest.param(job(platform=("LINUX", "X86")),
                     ["compile.platform at OutputConfig.TargetPlatform.Arch"], id="linux-x86"),
        pytest.param(job(platform=("ANDROID", "ARM_EABIHF")),
                     ["compile.platform at OutputConfig.TargetPlatform.Arch"], id="android-hf"),
        pytest.param(job(platform=("ANDROID", "ARM64", "NVIDIA"), options=NVIDIA),
                     ["compile.platform at OutputConfig.TargetPlatform.Accelerator"],
                     id="android-nvidia"),
        pytest.param(job(platform=("LINUX", "ARM64", "NNA")), [],
                     id="accelerator-without-a-table"),
        pytest.param(job(S3Uri="s3://models/model.onnx"),
                     ["compile.archive at InputConfig.S3Uri (warning)"], id="no-archive"),
    ],
)  # fmt: skip
def test_target_and_model(params: dict[str, Any], expected: list[str], broken: Broken) -> None:
    assert broken(CREATE, params) == expected


@pytest.mark.parametrize(
    ("written", "framework", "expected"),
    [
        pytest.param('{"a": [1, 3, 224, 224], "b": [1]}', "ONNX", [], id="mapping"),
        pytest.param("[[1, 3, 224, 224]]", "PYTORCH", [], id="list-for-pytorch"),
        pytest.param("[[1, 3, 224, 224]]", "TENSORFLOW", [SHAPES], id="list-for-another"),
        pytest.param(None, "XGBOOST", [], id="trees-need-none"),
        pytest.param(None, "ONNX", [REQUIRED], id="missing"),
        pytest.param("whatever", "SKLEARN", [], id="trees-take-anything"),
        pytest.param("{'a': [1]}", "ONNX", [SYNTAX], id="single-quotes"),
        pytest.param("5", "ONNX", [SYNTAX], id="number"),
        pytest.param("{}", "ONNX", [SHAPES], id="no-input"),
        pytest.param('{"a": 5}', "ONNX", [SHAPES], id="size-for-shape"),
        pytest.param('{"a": [-1, 3]}', "ONNX", [SHAPES], id="open-batch"),
        pytest.param('{"a": [1, 0, 2.5]}', "ONNX", [SHAPES, SHAPES], id="two-bad-sizes"),
        pytest.param('{"a": [true]}', "ONNX", [SHAPES], id="truth-for-size"),
        pytest.param('{"a": {"shape": [1, 3], "type": "Image"}}', "ONNX", [], id="rich"),
        pytest.param('{"a": {"type": "Image"}}', "ONNX", [SHAPES], id="rich-without-shape"),
        pytest.param('{"a": {"shape": ["1..10", 3]}}', "TENSORFLOW", [], id="range"),
        pytest.param('{"a": {"shape": [[1, 3], [2, 3]]}}', "TENSORFLOW", [], id="choices"),
        pytest.param('[{"shape": [[1, 3]]}]', "PYTORCH", [], id="rich-list"),
        pytest.param("[" * 5000, "ONNX", [SYNTAX], id="deep"),
    ],
)
def test_inputs(
    written: str | None, framework: str, expected: list[str], broken: Broken
) -> None:
    assert broken(CREATE, with_inputs(written, framework)) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param(job(options={"mcpu": "skylake-avx512", "mattr": ["+avx2"]}), [],
                     id="json"),
        pytest.param(job(options="{'mattr': ['+neon']}"), [], id="python-literal"),
        pytest.param(job(options="mcpu=x"), ["compile.options-syntax"], id="neither"),
        pytest.param(job(options="[1]"), ["compile.options-syntax"], id="list"),
        pytest.param(job(options='"-O2 --verbose 1"'), ["compile.options-syntax"],
                     id="text-for-a-cpu"),
        pytest.param(job(device="ml_inf1", options='"-O2 --verbose 1"'), [],
                     id="text-for-inferentia"),
        pytest.param(job(options="__import__('os').abort()"), ["compile.options-syntax"],
                     id="code-is-not-run"),
        pytest.param(job(options={"mcpuu": "x"}), ["compile.option-unknown (warning)"],
                     id="unknown"),
        pytest.param(job(options={"precision-mode": "fp16"}), [], id="seen-in-use"),
        pytest.param(job(options={"mcpu": 5}), ["compile.option-types"], id="mcpu-number"),
        pytest.param(job(options={"mattr": "+neon"}), ["compile.option-types"],
                     id="mattr-text"),
        pytest.param(job(options={"mattr": ["neon"]}), ["compile.option-types (warning)"],
                     id="mattr-without-sign"),
        pytest.param(job(options={"dtype": "float64"}), ["compile.option-types"], id="dtype"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA"), options=NVIDIA), [],
                     id="nvidia"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA"),
                         options={"gpu_code": "sm_72", "trt-ver": "6.0.1", "cuda-ver": "10.1"}),
                     [], id="nvidia-with-underscore"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA")), ["compile.nvidia-options"],
                     id="nvidia-without-options"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA"), options={"gpu-code": "sm_72"}),
                     ["compile.nvidia-options"], id="nvidia-with-one"),
        pytest.param(job(device="jetson_tx2"), [], id="device-implies-its-options"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA"),
                         options=NVIDIA | {"cuda-ver": 10.1}),
                     ["compile.nvidia-versions"], id="version-as-number"),
        pytest.param(job(platform=("LINUX", "ARM64", "NVIDIA"),
                         options=NVIDIA | {"gpu-code": "72"}),
                     ["compile.nvidia-versions (warning)"], id="strange-version"),
        pytest.param(job(platform=("ANDROID", "ARM64"), options={"ANDROID_PLATFORM": 28}), [],
                     id="android"),
        pytest.param(job(platform=("ANDROID", "ARM64"), options={"ANDROID_PLATFORM": 20}),
                     ["compile.android-platform"], id="android-too-old"),
        pytest.param(job(platform=("ANDROID", "ARM64"), options={"ANDROID_PLATFORM": 30}),
                     ["compile.android-platform"], id="android-too-new"),
        pytest.param(job(platform=("ANDROID", "ARM64"), options={"ANDROID_PLATFORM": "28"}),
                     ["compile.android-platform"], id="android-as-text"),
        pytest.param(job(platform=("LINUX", "ARM64"), options={"ANDROID_PLATFORM": 28}),
                     ["compile.android-platform (warning)"], id="android-on-linux"),
    ],
)  # fmt: skip
def test_options(params: dict[str, Any], expected: list[str], broken: Broken) -> None:
    told = [finding.replace(f" at {OPTIONS}", "") for finding in broken(CREATE, params)]
    assert told == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param(job(Framework="PYTORCH", FrameworkVersion="1.8"), [], id="cloud"),
        pytest.param(job(device="imx8mplus", Framework="TFLITE", FrameworkVersion="2.4"),
                     ["compile.version-device"], id="device-that-takes-none"),
        pytest.param(job(device="rasp3b", Framework="TFLITE", FrameworkVersion="2.4"), [],
                     id="device-that-takes-one"),
        pytest.param(job(FrameworkVersion="1.7"), ["compile.version-framework (warning)"],
                     id="framework-without-versions"),
    ],
)  # fmt: skip
def test_framework_versions(
    params: dict[str, Any], expected: list[str], broken: Broken
) -> None:
    told = [finding.partition(" at ") for finding in broken(CREATE, params)]
    assert [
        rule + sign[sign.find(" (") :] * ("(" in sign) for rule, _, sign in told
    ] == expected


@pytest.mark.parametrize(
    ("stopping", "expected"),
    [
        pytest.param({}, [], id="default"),
        pytest.param({"MaxRuntimeInSeconds": 2_419_200}, [], id="28-days"),
        pytest.param({"MaxRuntimeInSeconds": 2_419_201}, ["MaxRuntimeInSeconds"], id="longer"),
        pytest.param({"MaxRuntimeInSeconds": 900, "MaxWaitTimeInSeconds": 899},
                     ["MaxWaitTimeInSeconds"], id="waits-less-than-it-runs"),
        pytest.param({"MaxWaitTimeInSeconds": 900}, ["MaxWaitTimeInSeconds"],
                     id="waits-less-than-the-default"),
    ],
)  # fmt: skip
def test_run_time(stopping: dict[str, int], expected: list[str], broken: Broken) -> None:
    found = broken(CREATE, job() | {"StoppingCondition": stopping})
    assert found == [f"compile.run-time at StoppingCondition.{name}" for name in expected]


def test_an_upload_is_no_archive_yet_and_needs_none(
    model: ServiceModel, tmp_path: Path
) -> None:
    file = tmp_path / "model.onnx"
    file.touch()
    assert findings(CREATE, job(S3Uri=Upload(file)), model) == ()


def test_a_field_its_shape_refused_is_not_judged_again(broken: Broken) -> None:
    found = broken(CREATE, job(device="ml_c5") | {"InputConfig": 5})
    assert found == ["schema.type at InputConfig"]
