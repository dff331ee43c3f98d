"""Callers: the same operations over botocore and in process, failures in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.regions import LOCAL_ACCOUNT
from sagectl.controlplane.plane import ControlPlane
from sagectl.errors import CredentialsError, InputError, NotFoundError, ServiceError
from sagectl.gateway.client import AwsCaller, Caller, LocalCaller, pages
from sagectl.schema.model import service_model
from tests.support.planes import COGNITO, cognito, compilation, team
from tests.support.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

REGION = "us-east-1"


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials whose key id is an account of the plane behind HTTP."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", LOCAL_ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


@pytest.fixture(params=["over-http", "in-process"])
def caller(request: pytest.FixtureRequest, tmp_path: Path, keys: None) -> Iterator[Caller]:
    if request.param == "in-process":
        plane = ControlPlane(tmp_path / "state", service_model(tmp_path / "cache"))
        yield LocalCaller(plane.handle, LOCAL_ACCOUNT, REGION)
        plane.store.close()
        return
    with served(tmp_path) as url:
        yield AwsCaller(REGION, endpoint_url=url)


def test_an_answer_is_the_operation_s_own(caller: Caller) -> None:
    answer = caller.call(
        "CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": COGNITO}
    )
    assert answer == {
        "WorkforceArn": f"arn:aws:sagemaker:{REGION}:{LOCAL_ACCOUNT}:workforce/crowd"
    }
    described = caller.call("DescribeWorkforce", {"WorkforceName": "crowd"})
    assert described["Workforce"]["CreateDate"].tzinfo is not None


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("DescribeWorkforce", {"WorkforceName": "nobody"}, id="workforce"),
        pytest.param("DescribeWorkteam", {"WorkteamName": "nobody"}, id="team"),
        pytest.param(
            "DescribeCompilationJob", {"CompilationJobName": "nobody"}, id="compilation"
        ),
        pytest.param("DescribeLabelingJob", {"LabelingJobName": "nobody"}, id="labeling"),
        pytest.param("StopCompilationJob", {"CompilationJobName": "nobody"}, id="stop"),
        pytest.param("DeleteWorkforce", {"WorkforceName": "nobody"}, id="delete"),
    ],
)
def test_what_is_not_there_is_not_found(
    caller: Caller, operation: str, params: dict[str, str]
) -> None:
    with pytest.raises(NotFoundError) as caught:
        caller.call(operation, params)
    assert caught.value.exit_code == 3


def test_a_refusal_keeps_the_service_s_code(caller: Caller) -> None:
    caller.call("CreateCompilationJob", compilation("digits"))
    with pytest.raises(ServiceError) as caught:
        caller.call("CreateCompilationJob", compilation("digits"))
    assert caught.value.code == "ResourceInUse"
    assert not isinstance(caught.value, NotFoundError)


def test_a_refused_call_names_its_operation_and_request(keys: None, tmp_path: Path) -> None:
    with served(tmp_path) as url, pytest.raises(ServiceError) as caught:
        AwsCaller(REGION, endpoint_url=url).call("DescribeWorkteam", {"WorkteamName": "nobody"})
    assert caught.value.operation == "DescribeWorkteam"
    assert caught.value.request_id
    assert caught.value.status == 400


def test_all_pages_are_one_list(caller: Caller) -> None:
    caller.call("CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": COGNITO})
    names = [f"team-{number:02}" for number in range(7)]
    for name in names:
        caller.call("CreateWorkteam", team(name, MemberDefinitions=[cognito("doctors")]))
    params = {"MaxResults": 3, "SortBy": "Name", "SortOrder": "Ascending"}
    rows = pages(caller, "ListWorkteams", params, "Workteams")
    assert [row["WorkteamName"] for row in rows] == names
    limited = pages(caller, "ListWorkteams", params, "Workteams", limit=4)
    assert [row["WorkteamName"] for row in limited] == names[:4]


class Endless:
    """A service that answers an empty page and a token, again and again, ``empty`` times."""

    def __init__(self, empty: int) -> None:
        self.empty = empty
        self.calls = 0

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        if self.calls > self.empty:
            return {"Workteams": [{"WorkteamName": "last"}]}
        return {"Workteams": [], "NextToken": str(self.calls)}


def test_empty_pages_are_passed_over(caller: Caller) -> None:
    assert len(list(pages(Endless(99), "ListWorkteams", {}, "Workteams"))) == 1


def test_a_loop_of_empty_pages_ends(caller: Caller) -> None:
    endless = Endless(10_000)
    with pytest.raises(ServiceError, match="100 empty pages") as caught:
        list(pages(endless, "ListWorkteams", {}, "Workteams"))
    assert endless.calls == 100
    assert caught.value.hint


def test_no_credentials_are_said_before_anything_is_sent(tmp_path: Path) -> None:
    with served(tmp_path) as url, pytest.raises(CredentialsError) as caught:
        AwsCaller(REGION, endpoint_url=url).call("ListWorkteams", {})
    assert "--local" in (caught.value.hint or "")


def test_an_unknown_profile_lists_the_known(tmp_path: Path, keys: None) -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        AwsCaller(REGION, profile="nobody").call("ListWorkteams", {})


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        pytest.param(REGION, "no-url", id="endpoint"),
        pytest.param("not a region", None, id="region"),
    ],
)
def test_an_address_that_is_none_is_the_user_s_mistake(
    keys: None, region: str, endpoint: str | None
) -> None:
    with pytest.raises(InputError):
        AwsCaller(region, endpoint_url=endpoint).call("ListWorkteams", {})


def test_parameters_that_botocore_refuses_are_the_user_s_mistake(
    keys: None, tmp_path: Path
) -> None:
    with served(tmp_path) as url, pytest.raises(InputError, match="Unknown parameter"):
        AwsCaller(REGION, endpoint_url=url).call("ListWorkteams", {"Nothing": 1})
