"""``apply --dry-run=server``: a look before the leap, locally and against moto."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.gateway.session import client
from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

LABELING = """\
kind: LabelingJob
name: boxes
spec:
  LabelAttributeName: box
  RoleArn: arn:aws:iam::123456789012:role/labeler
  InputConfig:
    DataSource: {S3DataSource: {ManifestS3Uri: "s3://scans/in.manifest"}}
  OutputConfig: {S3OutputPath: "s3://scans/out"}
  HumanTaskConfig:
    WorkteamArn: TEAM
    UiConfig: {UiTemplateS3Uri: "s3://scans/box.liquid"}
    PreHumanTaskLambdaArn: arn:aws:lambda:us-east-1:432418664414:function:PRE-BoundingBox
    TaskTitle: Draw boxes
    TaskDescription: Draw a box around each nodule
    NumberOfHumanWorkersPerDataObject: 3
    TaskTimeLimitInSeconds: 600
    AnnotationConsolidationConfig:
      AnnotationConsolidationLambdaArn:
        arn:aws:lambda:us-east-1:432418664414:function:ACS-BoundingBox
  LabelCategoryConfigS3Uri: s3://scans/labels.json
"""
ARN = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/nobody"


def test_a_model_that_is_not_there_is_found_before_the_job_is(
    local: Run, tmp_path: Path
) -> None:
    refused = local("apply", "-f", manifest(tmp_path, JOB), "--dry-run=server")
    assert refused.code == 2
    assert "nothing was ever put into the bucket models" in refused.err
    assert "set.yaml:6:12" in refused.err
    assert local("compile", "describe", "digits").code == 3


def test_what_is_wrong_with_all_that_a_matrix_makes_is_said_once(
    local: Run, tmp_path: Path
) -> None:
    matrix = "name: digits-${size}\nmatrix: {size: [small, large]}\n"
    path = manifest(tmp_path, JOB.replace("name: digits\n", matrix))

    refused = local("apply", "-f", path, "--dry-run=server")

    assert refused.code == 2
    assert refused.err.count("nothing was ever put into the bucket models") == 1


def test_a_model_that_would_be_uploaded_need_not_be_there(local: Run, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"a model")
    job = JOB.replace("s3://models/digits.tar.gz", "{upload: net.onnx}")
    assert local("apply", "-f", manifest(tmp_path, job), "--dry-run=server").code == 0


def test_a_work_team_that_is_not_there_is_found(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, LABELING.replace("TEAM", ARN))
    refused = local("apply", "-f", path, "--dry-run=server")
    assert refused.code == 2
    assert "there is no work team nobody" in refused.err


def test_a_work_team_of_the_same_set_need_not_be_there(local: Run, tmp_path: Path) -> None:
    job = LABELING.replace("TEAM", "{ref: Workteam/radiology}")
    refused = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, job), "--dry-run=server")
    assert "work team" not in refused.err
    assert "the bucket scans" in refused.err


def bucket(name: str, region: str) -> Any:
    s3: Any = client("s3", region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    return s3


def test_on_aws_input_output_and_role_are_looked_at(world: Run, tmp_path: Path) -> None:
    missing = world("apply", "-f", manifest(tmp_path, JOB), "--dry-run=server")
    assert missing.code == 2
    assert missing.err.count("the bucket models does not exist") == 2
    assert "role/compiler does not exist" in missing.err

    s3 = bucket("models", "eu-central-1")
    client("iam", "eu-central-1").create_role(
        RoleName="compiler", AssumeRolePolicyDocument="{}"
    )
    no_object = world("apply", "-f", manifest(tmp_path, JOB), "--dry-run=server")
    assert "s3://models/digits.tar.gz does not exist" in no_object.err
    assert "role" not in no_object.err

    s3.put_object(Bucket="models", Key="digits.tar.gz", Body=b"a model")
    assert world("apply", "-f", manifest(tmp_path, JOB), "--dry-run=server").code == 0


def test_on_aws_a_bucket_of_another_region_is_found(world: Run, tmp_path: Path) -> None:
    bucket("faraway", "ap-south-1")
    job = JOB.replace("s3://models/compiled", "s3://faraway/compiled")
    refused = world("apply", "-f", manifest(tmp_path, job), "--dry-run=server")
    assert refused.code == 2
    assert "the bucket faraway is in ap-south-1" in refused.err
