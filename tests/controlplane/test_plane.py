"""The one door: every operation and field of the API as it was released, and what it refuses.

``api_2020_07_24.json`` lists the request and response fields of the fifteen operations that the
release of 2020-07-24 added or changed, as its reference pages give them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import jobs, records, resources
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.plane import FAMILIES, ControlPlane
from sagectl.controlplane.resources import Place
from sagectl.controlplane.validation import checked, is_plain
from sagectl.schema.model import MANAGED, SEARCH
from tests.support.planes import (
    COGNITO,
    OIDC,
    cognito,
    compilation,
    groups,
    labeling,
    refusal,
    team,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.schema.model import Shape
    from tests.support.planes import TestClock

ROOT = Path(__file__).parents[2]
PAGE: dict[str, dict[str, list[str]]] = json.loads(
    (ROOT / "tests" / "support" / "api_2020_07_24.json").read_text()
)
# Only teams of a vendor have these, and the local plane has none.
VENDORS_ONLY = "ProductListingIds[]"
OIDC_PLACE = {"region": "us-east-1"}
COGNITO_PLACE = {"region": "eu-west-1"}
TOPIC = {"NotificationTopicArn": "arn:aws:sns:us-east-1:123456789012:work"}
MODEL = "arn:aws:sagemaker:us-east-1:123456789012:model/m"
PUBLIC_TEAM = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
TAGS = [{"Key": "site", "Value": "north"}]
RANGES = {"SourceIpConfig": {"Cidrs": ["10.0.0.0/16"]}}


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """Every field of a request or response: ``Workteams[].WorkteamName``."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, f"{prefix}[]")
    else:
        yield prefix


class Witness:
    """A plane that remembers which fields went in and came out."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.given: dict[str, set[str]] = {}
        self.got: dict[str, set[str]] = {}

    def __call__(self, operation: str, params: dict[str, Any], **place: str) -> dict[str, Any]:
        result = self.plane.handle(operation, params, **place)
        self.given.setdefault(operation, set()).update(paths(params))
        self.got.setdefault(operation, set()).update(paths(result))
        return result


def walk_workforces(call: Witness) -> None:
    crowd = {"WorkforceName": "crowd"}
    call("CreateWorkforce", {**crowd, "OidcConfig": OIDC, "Tags": TAGS, **RANGES}, **OIDC_PLACE)
    call("CreateWorkforce", {**crowd, "CognitoConfig": COGNITO}, **COGNITO_PLACE)
    call("UpdateWorkforce", {**crowd, "OidcConfig": OIDC, **RANGES}, **OIDC_PLACE)
    call("UpdateWorkforce", {**crowd, **RANGES}, **COGNITO_PLACE)
    everything = {"SortBy": "Name", "SortOrder": "Ascending", "NameContains": "row"}
    for place in (OIDC_PLACE, COGNITO_PLACE):
        call("DescribeWorkforce", crowd, **place)
        call("ListWorkforces", {**everything, "MaxResults": 1}, **place)


def walk_workteams(call: Witness) -> None:
    more = {"Tags": TAGS, "NotificationConfiguration": TOPIC, "WorkforceName": "crowd"}
    for name in ("one", "two"):
        call("CreateWorkteam", team(name, **more), **OIDC_PLACE)
        members = {"MemberDefinitions": [cognito("nurses")]}
        call("CreateWorkteam", team(name, **more, **members), **COGNITO_PLACE)
    for members, place in (
        (groups("a"), OIDC_PLACE),
        ([cognito("surgeons")], COGNITO_PLACE),
    ):
        change = team("one", MemberDefinitions=members, NotificationConfiguration=TOPIC)
        call("UpdateWorkteam", change, **place)
        call("DescribeWorkteam", {"WorkteamName": "one"}, **place)
        params = {"SortBy": "Name", "SortOrder": "Ascending", "NameContains": "o"}
        walk_pages(call, "ListWorkteams", params, place)


def walk_pages(
    call: Witness, operation: str, params: dict[str, Any], place: dict[str, str]
) -> None:
    page = call(operation, {**params, "MaxResults": 1}, **place)
    call(operation, {**params, "MaxResults": 1, "NextToken": page["NextToken"]}, **place)


def walk_compilations(call: Witness, clock: TestClock) -> None:
    location = {"S3OutputLocation": "s3://models/out", "CompilerOptions": '{"mcpu": "a72"}'}
    platform = {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "MALI"}
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    outputs = {"one": {"TargetDevice": "rk3399"}, "two": {"TargetPlatform": platform}}
    before = clock.now
    clock.advance()
    for name, output in outputs.items():
        request = compilation(name, OutputConfig=location | output, StoppingCondition=limits)
        call("CreateCompilationJob", request)
        job = jobs.claim(call.plane.store, "worker", now=0, lease_ms=1)
        assert job is not None
        now = milliseconds(clock)
        times = {"CompilationStartTime": now, "CompilationEndTime": now}
        jobs.record(call.plane.store, job, "COMPLETED", now=now, **times)
        call("DescribeCompilationJob", {"CompilationJobName": name})
    walk_jobs(call, "ListCompilationJobs", "COMPLETED", before, clock)


def walk_jobs(
    call: Witness, operation: str, status: str, before: Any, clock: TestClock
) -> None:
    after = clock.advance()
    params = {
        "CreationTimeAfter": before,
        "CreationTimeBefore": after,
        "LastModifiedTimeAfter": before,
        "LastModifiedTimeBefore": after,
        "NameContains": "o",
        "StatusEquals": status,
        "SortBy": "Status",
        "SortOrder": "Descending",
    }
    walk_pages(call, operation, params, {})


def walk_labelings(call: Witness, clock: TestClock) -> None:
    arn = call("DescribeWorkteam", {"WorkteamName": "one"})["Workteam"]["WorkteamArn"]
    requests = {"one": full_labeling("one", arn), "two": public_labeling("two")}
    before = clock.now
    clock.advance()
    for name, request in requests.items():
        call("CreateLabelingJob", request)
        with call.plane.store.writing() as db:
            job = resources.find(db, "LabelingJob", Place("123456789012", "us-east-1"), name)
            assert job is not None
            output = {
                "OutputDatasetS3Uri": "s3://scans/out/output.manifest",
                "FinalActiveLearningModelArn": MODEL,
            }
            body = {**job.body, "FailureReason": "none", "LabelingJobOutput": output}
            resources.save(db, job, now=job.modified, status="Completed", body=body)
        call("DescribeLabelingJob", {"LabelingJobName": name})
    walk_jobs(call, "ListLabelingJobs", "Completed", before, clock)


def full_labeling(name: str, arn: str) -> dict[str, Any]:
    request = labeling(name, arn, Tags=TAGS)
    request["OutputConfig"]["KmsKeyId"] = "alias/scans"
    request["StoppingConditions"] = {
        "MaxHumanLabeledObjectCount": 5,
        "MaxPercentageOfInputDatasetLabeled": 50,
    }
    request["LabelingJobAlgorithmsConfig"] = {
        "LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:us-east-1:027400017018:"
        "labeling-job-algorithm-specification/object-detection",
        "InitialActiveLearningModelArn": MODEL,
        "LabelingJobResourceConfig": {"VolumeKmsKeyId": "alias/scans"},
    }
    request["HumanTaskConfig"] |= {
        "TaskKeywords": ["scan"],
        "TaskAvailabilityLifetimeInSeconds": 3600,
        "MaxConcurrentTaskCount": 10,
    }
    return request


def public_labeling(name: str) -> dict[str, Any]:
    request = labeling(name, PUBLIC_TEAM, Tags=TAGS, LabelAttributeName="nodule-ref")
    classifiers = ["FreeOfPersonallyIdentifiableInformation", "FreeOfAdultContent"]
    request["InputConfig"]["DataAttributes"] = {"ContentClassifiers": classifiers}
    interface = "arn:aws:sagemaker:us-east-1:394669845002:human-task-ui/VideoObjectDetection"
    function = "arn:aws:lambda:us-east-1:432418664414:function"
    consolidation = f"{function}:ACS-VideoObjectDetection"
    price = {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}
    request["HumanTaskConfig"] |= {
        "PreHumanTaskLambdaArn": f"{function}:PRE-VideoObjectDetection",
        "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": consolidation},
        "UiConfig": {"HumanTaskUiArn": interface},
        "PublicWorkforceTaskPrice": {"AmountInUsd": price},
    }
    return request


def walk_search(call: Witness) -> None:
    """Load a record with every field the page has of each resource, and find it again."""
    model = call.plane.model
    results = [path.removeprefix("Results[].") for path in PAGE["Search"]["response"]]
    for resource in (
        "TrainingJob",
        "Experiment",
        "ExperimentTrial",
        "ExperimentTrialComponent",
    ):
        member = records.member(resource)
        shape = records.record_shape(model, resource)
        assert shape is not None
        wanted = [path.partition(".")[2] for path in results if path.startswith(member + ".")]
        lines = []
        for number in range(2):
            record = sample(shape, wanted)
            record[f"{member}Name"] = f"name-{number}"
            lines.append(json.dumps({member: record}))
        place = Place("123456789012", "us-east-1")
        records.load(call.plane.store, lines, place=place, model=model, now=1)
        walk_pages(call, "Search", full_search(resource, member), {})


def full_search(resource: str, member: str) -> dict[str, Any]:
    named = {"Name": f"{member}Name", "Operator": "Contains", "Value": "name"}
    tagged = {"Name": "Tags.Key", "Operator": "Exists", "Value": "-"}
    return {
        "Resource": resource,
        "SearchExpression": {
            "Filters": [named],
            "NestedFilters": [{"NestedPropertyName": "Tags", "Filters": [tagged]}],
            "SubExpressions": [{"Filters": [{**tagged, "Name": "Tags.text"}]}],
            "Operator": "And",
        },
        "SortBy": f"{member}Name",
        "SortOrder": "Ascending",
    }


def sample(shape: Shape, wanted: list[str]) -> Any:
    """A value of ``shape`` that has all of the ``wanted`` paths."""
    if shape.type == "structure":
        names = {path.split(".")[0].removesuffix("[]") for path in wanted}
        return {
            name: sample(shape.members[name], below(wanted, name))
            for name in names
            if name in shape.members
        }
    if shape.type == "list":
        return [sample(shape.member, wanted)]
    if shape.type == "map":
        # The page writes the one key of a map as 'string'.
        return {"string": sample(shape.value, below(wanted, "string"))}
    by_type = {"boolean": True, "integer": 1, "long": 1, "float": 0.5, "double": 0.5}
    return by_type.get(shape.type, 1595592000 if shape.type == "timestamp" else "text")


def below(wanted: list[str], name: str) -> list[str]:
    ways = (f"{name}.", f"{name}[].")
    return [path.removeprefix(way) for path in wanted for way in ways if path.startswith(way)]


def test_every_field_of_the_fifteen_operations_goes_in_and_comes_out(
    plane: ControlPlane, clock: TestClock
) -> None:
    call = Witness(plane)
    walk_workforces(call)
    walk_workteams(call)
    walk_compilations(call, clock)
    walk_labelings(call, clock)
    walk_search(call)
    for name in ("one", "two"):
        call("DeleteWorkteam", {"WorkteamName": name})
    call("DeleteWorkforce", {"WorkforceName": "crowd"})
    # One private workforce per region: its list has no second page.
    no_second_page = {"NextToken"}
    for operation, fields in PAGE.items():
        lists_workforces = no_second_page if operation == "ListWorkforces" else set()
        missing = set(fields["request"]) - call.given[operation] - lists_workforces
        assert not missing, operation
        shown = {path for path in fields["response"] if not path.endswith(VENDORS_ONLY)}
        assert not shown - call.got[operation] - lists_workforces, operation


def test_every_managed_operation_has_a_family_or_is_refused(plane: ControlPlane) -> None:
    # A vendor's teams are subscribed to on the AWS Marketplace, which is not emulated.
    vendors = {"DescribeSubscribedWorkteam", "ListSubscribedWorkteams"}
    assert {*MANAGED, *SEARCH} - vendors == set(FAMILIES)
    for operation in vendors:
        assert refusal(plane, operation, {}).code == "UnknownOperationException"


def test_the_families_serve_what_the_plane_says(plane: ControlPlane) -> None:
    from importlib import import_module

    for operation, family in FAMILIES.items():
        module = import_module(f"sagectl.controlplane.operations.{family}")
        assert operation in module.OPERATIONS
        assert set(module.OPERATIONS) <= set(FAMILIES)


@pytest.mark.parametrize("name", ["CreateModel", "", "handle", "createWorkteam"])
def test_an_unknown_operation_is_refused(plane: ControlPlane, name: str) -> None:
    fault = refusal(plane, name, {})
    assert fault.code == "UnknownOperationException"


def test_what_is_not_expected_is_not_hidden(state: Path, model: Any) -> None:
    def broken(_uri: str) -> int:
        raise ZeroDivisionError

    plane = ControlPlane(state, model, count_objects=broken)
    with pytest.raises(ZeroDivisionError):
        plane.handle("CreateLabelingJob", public_labeling("job"))
    # The job was committed before its objects were counted: another process takes it up.
    (job,) = plane.handle("ListLabelingJobs", {})["LabelingJobSummaryList"]
    assert job["LabelingJobStatus"] == "Initializing"


def test_the_same_time_and_entropy_give_the_same_answers(
    tmp_path: Path, model: Any, clock: TestClock
) -> None:
    def answers(state: Path) -> Any:
        plane = ControlPlane(state, model, clock=clock, entropy=bytes)
        plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": COGNITO})
        return plane.handle("ListWorkforces", {})

    assert answers(tmp_path / "one") == answers(tmp_path / "two")


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda: ("ListWorkteams", {}), id="list"),
        pytest.param(lambda: ("Search", {"Resource": "TrainingJob"}), id="search"),
    ],
)
def test_a_read_of_an_empty_plane_is_an_empty_answer(
    plane: ControlPlane, read: Callable[[], tuple[str, dict[str, Any]]]
) -> None:
    assert list(plane.handle(*read()).values()) == [[]]


LISTS = ("ListWorkforces", "ListWorkteams", "ListCompilationJobs", "ListLabelingJobs")


@pytest.mark.parametrize("operation", sorted(FAMILIES))
@pytest.mark.parametrize(
    "params",
    [
        pytest.param(params, id=name)
        for name, params in {
            "bare": {},
            "smallest-page": {"MaxResults": 1},
            "largest-page": {"MaxResults": 100},
            "no-page": {"MaxResults": 0},
            "too-large-page": {"MaxResults": 101},
            "true-page": {"MaxResults": True},
            "text-page": {"MaxResults": "5"},
            "filtered": {"NameContains": "a"},
        }.items()
    ],
)
def test_only_a_well_formed_page_skips_the_model(
    plane: ControlPlane, operation: str, params: dict[str, Any]
) -> None:
    if is_plain(operation, params):
        assert checked(operation, params, plane.model) == params
    else:
        assert (
            operation not in LISTS
            or set(params) == {"NameContains"}
            or refusal(plane, operation, params)
        )


DESCRIBED = {
    "DescribeWorkforce": "WorkforceName",
    "DescribeWorkteam": "WorkteamName",
    "DescribeCompilationJob": "CompilationJobName",
    "DescribeLabelingJob": "LabelingJobName",
}


@pytest.mark.parametrize("operation", DESCRIBED)
@pytest.mark.parametrize(
    ("name", "skips"),
    [
        pytest.param("a", True, id="letter"),
        pytest.param("digits-9", True, id="inner-hyphen"),
        pytest.param("a" * 63, True, id="longest"),
        pytest.param("a" * 64, False, id="too-long"),
        pytest.param("", False, id="empty"),
        pytest.param("-a", False, id="hyphen-first"),
        pytest.param("a-", False, id="hyphen-last"),
        pytest.param("a_b", False, id="underscore"),
        pytest.param("na\u00efve", False, id="beyond-ascii"),
        pytest.param("\u0664\u0665", False, id="other-digits"),
        pytest.param("a\n", False, id="line-end"),
        pytest.param(5, False, id="number"),
        pytest.param(None, False, id="nothing"),
    ],
)
def test_only_a_well_formed_name_skips_the_model(
    plane: ControlPlane, operation: str, name: Any, skips: bool
) -> None:
    params = {DESCRIBED[operation]: name}

    assert is_plain(operation, params) == skips
    assert not is_plain(operation, {**params, "MaxResults": 1})
    if skips:
        assert checked(operation, params, plane.model) == params


def test_a_list_from_the_shell_imports_only_what_it_needs(state: Path) -> None:
    script = f"""
import sys
from pathlib import Path
from sagectl.controlplane.plane import ControlPlane
def model():
    raise RuntimeError("the model was asked for")
print(ControlPlane(Path({str(state)!r}), model).handle("ListWorkteams", {{"MaxResults": 100}}))
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    answer, modules = done.stdout.splitlines()
    assert answer == "{'Workteams': []}"
    heavy = {"botocore", "boto3", "yaml", "asyncio", "logging", "hashlib", "ssl", "decimal"}
    ours = {"sagectl.schema", "sagectl.manifest", "sagectl.controlplane.operations.search"}
    assert not (heavy | ours) & set(modules.split())
