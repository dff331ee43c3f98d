"""Order: what needs what, and what goes round in a circle."""

from __future__ import annotations

import pytest

from sagectl.errors import FindingsError
from sagectl.manifest.document import Document, Reference
from sagectl.plan.order import in_order, needs


def labels(*documents: Document) -> list[str]:
    return [document.label for document in in_order(documents, "us-east-1")]


@pytest.mark.parametrize(
    "team",
    [
        pytest.param({"WorkforceName": "crowd"}, id="plain-name"),
        pytest.param({"WorkforceName": Reference("Workforce", "crowd")}, id="reference"),
        pytest.param({}, id="the-region's-only-workforce"),
    ],
)
def test_a_team_comes_after_its_workforce(team: dict[str, object]) -> None:
    documents = (Document("Workteam", "a", team), Document("Workforce", "crowd"))
    assert labels(*documents) == ["workforce/crowd", "workteam/a"]


def test_an_arn_is_a_need_as_well() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/readers"
    job = Document("LabelingJob", "boxes", {"HumanTaskConfig": {"WorkteamArn": arn}})
    assert labels(job, Document("Workteam", "readers")) == [
        "workteam/readers",
        "labelingjob/boxes",
    ]


def test_another_region_is_another_resource() -> None:
    team = Document("Workteam", "a", {"WorkforceName": "crowd"}, region="eu-west-1")
    found = needs((team, Document("Workforce", "crowd")), "us-east-1")
    assert found["Workteam", "a", "eu-west-1"] == frozenset()


def test_what_needs_nothing_keeps_its_place() -> None:
    jobs = [Document("CompilationJob", name) for name in "dbca"]
    assert labels(*jobs) == [f"compilationjob/{name}" for name in "dbca"]


def test_a_circle_is_a_finding_for_each_of_its_documents() -> None:
    one = Document("Workteam", "one", {"WorkforceName": Reference("Workteam", "two")})
    two = Document("Workteam", "two", {"WorkforceName": Reference("Workteam", "one")})
    with pytest.raises(FindingsError) as caught:
        in_order((one, two), "us-east-1")
    assert len(caught.value.diagnostics) == 2
    assert "needs workteam" in str(caught.value)
