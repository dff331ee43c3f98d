"""Rules of requests that create a compilation job."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.diagnostics import Severity
from sagectl.manifest.wording import shown
from sagectl.schema.rules.inputs import INPUT_RULES
from sagectl.schema.rules.options import OPTION_RULES
from sagectl.schema.rules.rule import Breach, Rule, given, number, text
from sagectl.schema.rules.tags import TAG_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAY = 86_400
MAX_RUNTIME_SECONDS = 28 * _DAY
# (Os, Accelerator) -> the architectures compiled for.
PLATFORMS: Mapping[tuple[str, str | None], tuple[str, ...]] = MappingProxyType(
    {
        ("LINUX", None): ("X86_64", "ARM64", "ARM_EABIHF", "ARM_EABI"),
        ("LINUX", "NVIDIA"): ("X86_64", "ARM64"),
        ("LINUX", "INTEL_GRAPHICS"): ("X86_64",),
        ("LINUX", "MALI"): ("ARM64", "ARM_EABIHF", "ARM_EABI"),
        ("ANDROID", None): ("X86_64", "X86", "ARM64", "ARM_EABI"),
        ("ANDROID", "NVIDIA"): (),
        ("ANDROID", "INTEL_GRAPHICS"): ("X86_64", "X86"),
        ("ANDROID", "MALI"): ("ARM64", "ARM_EABI"),
    }
)
# Devices for which the service refuses a FrameworkVersion: its message lists those it takes,
# and the SageMaker Python SDK leaves the version out for these.
WITHOUT_VERSION = frozenset(
    (
        *("imx8mplus", "jacinto_tda4vm", "coreml", "sitara_am57x"),
        *("amba_cv2", "amba_cv22", "amba_cv25"),
    )
)
VERSIONED = frozenset(("MXNET", "PYTORCH", "TENSORFLOW", "TFLITE"))


def _one_target(params: Mapping[str, Any]) -> Iterator[Breach]:
    config = given(params, "OutputConfig")
    if not isinstance(config, dict):
        return
    if "TargetDevice" in config and "TargetPlatform" in config:
        said = "is given beside TargetDevice, and a job has one target"
        yield Breach("OutputConfig.TargetPlatform", said, "Keep one of the two.")
    elif "TargetDevice" not in config and "TargetPlatform" not in config:
        hint = "Give TargetDevice (ml_c5), or TargetPlatform (Os: LINUX, Arch: X86_64)."
        said = "is required, or TargetPlatform is, and both are missing"
        yield Breach("OutputConfig.TargetDevice", said, hint)


def _one_model(params: Mapping[str, Any]) -> Iterator[Breach]:
    if "InputConfig" in params and "ModelPackageVersionArn" in params:
        said = "is given beside InputConfig, and a job has one model"
        yield Breach("ModelPackageVersionArn", said, "Keep one of the two.")
    elif "InputConfig" not in params and "ModelPackageVersionArn" not in params:
        said = "is required, or ModelPackageVersionArn is, and both are missing"
        yield Breach("InputConfig", said, "Give S3Uri, Framework and DataInputConfig in it.")


def _platform(params: Mapping[str, Any]) -> Iterator[Breach]:
    at = "OutputConfig.TargetPlatform"
    os, arch = text(params, f"{at}.Os"), text(params, f"{at}.Arch")
    accelerator = text(params, f"{at}.Accelerator")
    if os is None or arch is None or (os, accelerator) not in PLATFORMS:
        return
    served = PLATFORMS[os, accelerator]
    if arch in served:
        return
    beside = f" with {accelerator}" if accelerator else ""
    if served:
        hint = f"On {os}{beside} use {', '.join(served)}."
    else:
        others = [
            name or "none" for (of, name), archs in PLATFORMS.items() if of == os and archs
        ]
        hint = f"Accelerators on {os}: {', '.join(others)}."
    field = f"{at}.Arch" if served else f"{at}.Accelerator"
    yield Breach(field, f"{os} on {arch}{beside} is not compiled for", hint)


def _version_and_device(params: Mapping[str, Any]) -> Iterator[Breach]:
    device = text(params, "OutputConfig.TargetDevice")
    at = "InputConfig.FrameworkVersion"
    if device in WITHOUT_VERSION and given(params, at) is not None:
        yield Breach(at, f"is not taken for the target {device}", "Leave it out.")


def _version_and_framework(params: Mapping[str, Any]) -> Iterator[Breach]:
    framework = text(params, "InputConfig.Framework")
    at = "InputConfig.FrameworkVersion"
    if framework is not None and framework not in VERSIONED and given(params, at) is not None:
        yield Breach(at, f"is not supported for {framework}", "Leave it out.")


def _archive(params: Mapping[str, Any]) -> Iterator[Breach]:
    uri = text(params, "InputConfig.S3Uri")
    if uri is not None and not uri.endswith((".tar.gz", ".tgz")):
        hint = "Pack the model as NAME.tar.gz, or give {upload: FILE} in a manifest."
        yield Breach("InputConfig.S3Uri", f"{shown(uri)} is not a .tar.gz archive", hint)


def _run_time(params: Mapping[str, Any]) -> Iterator[Breach]:
    at = "StoppingCondition.MaxRuntimeInSeconds"
    seconds = number(params, at)
    if seconds is not None and seconds > MAX_RUNTIME_SECONDS:
        said = f"must be at most {MAX_RUNTIME_SECONDS} (28 days), not {seconds}"
        yield Breach(at, said)
    wait = number(params, "StoppingCondition.MaxWaitTimeInSeconds")
    if wait is not None and wait < (_DAY if seconds is None else seconds):
        said = f"must be MaxRuntimeInSeconds ({_DAY if seconds is None else seconds}) or more"
        yield Breach("StoppingCondition.MaxWaitTimeInSeconds", said, "Or leave it out.")


RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "CreateCompilationJob": (
            Rule(
                "compile.one-target",
                "A job has TargetDevice or TargetPlatform, not both.",
                "API reference, OutputConfig",
                _one_target,
            ),
            Rule(
                "compile.one-model",
                "A job has InputConfig or ModelPackageVersionArn, not both.",
                "API reference, CreateCompilationJob",
                _one_model,
            ),
            Rule(
                "compile.platform",
                "The operating system, architecture and accelerator go together.",
                "Developer Guide, Supported Systems Chip Architectures",
                _platform,
                is_lenient=True,
            ),
            *INPUT_RULES,
            *OPTION_RULES,
            Rule(
                "compile.version-device",
                "FrameworkVersion is not given for devices that do not take it.",
                "The service's ValidationException; SageMaker Python SDK",
                _version_and_device,
                is_lenient=True,
            ),
            Rule(
                "compile.version-framework",
                "FrameworkVersion is for MXNET, PYTORCH, TENSORFLOW and TFLITE.",
                "API reference, InputConfig",
                _version_and_framework,
                Severity.WARNING,
            ),
            Rule(
                "compile.archive",
                "The model is a single .tar.gz archive.",
                "API reference, InputConfig",
                _archive,
                Severity.WARNING,
            ),
            Rule(
                "compile.run-time",
                "A job runs for 28 days at most, and waits no less than it runs.",
                "API reference, StoppingCondition",
                _run_time,
                is_lenient=True,
            ),
            *TAG_RULES,
        )
    }
)
