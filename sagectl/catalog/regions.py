"""Partitions, and the shapes of the ARNs that sagectl meets.

Partitions: botocore's ``partitions.json``; ARN shapes: the API reference of each resource.
"""

from __future__ import annotations

from functools import cache

# Region prefix -> partition, longest prefixes first.
PARTITIONS = {
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
    "eu-isoe-": "aws-iso-e",
    "us-iso-": "aws-iso",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "cn-": "aws-cn",
}

LOCAL_ACCOUNT = "123456789012"
DEFAULT_LOCAL_REGION = "us-east-1"

# Kind -> the part of its ARN after the account.
ARN_RESOURCES = {
    "Workforce": "workforce/{name}",
    "Workteam": "workteam/private-crowd/{name}",
    "CompilationJob": "compilation-job/{name}",
    "LabelingJob": "labeling-job/{name}",
}


@cache
def partition(region: str) -> str:
    """The partition ``region`` belongs to: ``aws`` unless its prefix says otherwise."""
    return next(
        (name for prefix, name in PARTITIONS.items() if region.startswith(prefix)), "aws"
    )


def arn(kind: str, name: str, *, account: str, region: str) -> str:
    """The ARN the service gives a resource of ``kind`` called ``name``."""
    resource = ARN_RESOURCES[kind].format(name=name)
    return f"arn:{partition(region)}:sagemaker:{region}:{account}:{resource}"
