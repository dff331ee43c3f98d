"""CPU of validating 1,000 CompilationJob documents, against yaml.safe_load and boto3.

Run: ``python tests/benchmarks/validation.py [--documents 1000] [--pairs 5]``. Whole processes
are measured, in turns, and their user and system time compared; the bar is a ratio of 0.15.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

BAR = 0.15
BASELINE = "safe_load + boto3"

DOCUMENT = """\
---
kind: CompilationJob
name: resnet-{number:05d}
tags:
  team: vision
  cost-center: "0042"
spec:
  RoleArn: arn:aws:iam::123456789012:role/compile
  InputConfig:
    S3Uri: s3://models/resnet/{number}/model.tar.gz
    DataInputConfig: '{{"data": [1, 3, 224, 224]}}'
    Framework: PYTORCH
    FrameworkVersion: "1.8"
  OutputConfig:
    S3OutputLocation: s3://models/compiled/{number}/
    TargetPlatform:
      Os: LINUX
      Arch: ARM64
      Accelerator: NVIDIA
    CompilerOptions: '{{"gpu-code": "sm_72", "trt-ver": "6.0.1", "cuda-ver": "10.1"}}'
  StoppingCondition:
    MaxRuntimeInSeconds: 900
"""
OURS = """\
import sys
from sagectl.cli.main import run  # what the console script calls
sys.argv[1:] = ["--local", "validate", "-f", sys.argv[1]]
run()
"""
SCHEMA = """\
import sys
from pathlib import Path
from sagectl.schema.documents import read_documents
from sagectl.schema.model import service_model
read = read_documents([sys.argv[1]], model=service_model(Path(sys.argv[2])))
sys.exit(1 if read.findings or not read.documents else 0)
"""
THEIRS = """\
import sys
import boto3, yaml
from botocore.validate import ParamValidator
client = boto3.client("sagemaker", region_name="us-east-1")
shape = client.meta.service_model.operation_model("CreateCompilationJob").input_shape
validator = ParamValidator()
for document in yaml.safe_load_all(open(sys.argv[1])):
    tags = [{"Key": key, "Value": value} for key, value in document["tags"].items()]
    params = {"CompilationJobName": document["name"], **document["spec"], "Tags": tags}
    report = validator.validate(params, shape)
    if report.has_errors():
        sys.exit(report.generate_report())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder, "jobs.yaml")
        manifest.write_text("".join(DOCUMENT.format(number=n) for n in range(given.documents)))
        scripts = {"sagectl validate": OURS, "schema alone": SCHEMA, BASELINE: THEIRS}
        seconds: dict[str, list[float]] = {name: [] for name in scripts}
        for turn in range(given.pairs + 1):  # the first fills the caches
            for name, script in scripts.items():
                taken = cpu_seconds(script, manifest, Path(folder, "home"))
                if turn:
                    seconds[name].append(taken)
        report(seconds, given.documents)


def cpu_seconds(script: str, manifest: Path, home: Path) -> float:
    """User and system time of one Python process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {
        "SAGECTL_HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        # As after an install: everything is compiled to byte code once, by the first turn.
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    command = [sys.executable, "-c", script, str(manifest), str(home / "cache")]
    subprocess.run(
        command,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(seconds: dict[str, list[float]], documents: int) -> None:
    """Medians, and each run over the baseline that ran beside it."""
    base = seconds[BASELINE]
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    print(f"{documents} documents, {len(base)} runs; {machine}; bar {BAR}")
    for name, taken in seconds.items():
        ratio = statistics.median(one / other for one, other in zip(taken, base, strict=True))
        print(f"{name:20} {statistics.median(taken) * 1000:7.0f} ms CPU   {ratio:.3f}")


if __name__ == "__main__":
    main()
