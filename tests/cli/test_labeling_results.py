"""Labeling jobs followed, read and compared from the shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.catalog.labeling_failures import failure_hint
from sagectl.cli.labeling_cost import cost
from sagectl.cli.labeling_watch import Rates
from tests.cli.test_labeling import answers, pets  # noqa: F401 (a fixture)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

ALL = ((0, "ann", "cat"), (1, "ann", "dog"), (0, "bob", "cat"), (1, "bob", "cat"))


@pytest.fixture
def labeled(local: Run, pets: Path) -> Path:  # noqa: F811
    """The job ``pets``, completed; the workers agree on the first of two objects."""
    answers(pets, *ALL)
    assert local("local", "annotate", "pets", "answers.jsonl", "--yes").code == 0
    return pets


def test_results_tell_counts_agreement_and_workers(local: Run, labeled: Path) -> None:
    found = local("labeling", "results", "pets")
    assert "2 of 2 objects labeled, 0 failed" in found.out
    assert "agreement between workers: 0.5" in found.out
    told = json.loads(local("labeling", "results", "pets", "-o", "json").out)
    assert sum(told["Labels"].values()) == 2
    assert [one["Worker"] for one in told["Workers"]] == ["ann", "bob"]
    assert told["Workers"][0]["MeanSeconds"] == 4.0


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_results_are_written_in_forms_of_other_tools(
    local: Run, labeled: Path, form: str
) -> None:
    found = local("labeling", "results", "pets", "--format", form, "--to", f"pets.{form}")
    assert found.code == 0
    assert (labeled / f"pets.{form}").stat().st_size > 0


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(("--format", "coco"), "COCO is for boxes", id="coco-of-choices"),
        pytest.param(("--format", "parquet"), "not for a terminal", id="parquet-to-stdout"),
        pytest.param(("--to", "x"), "Give --format too", id="to-without-format"),
        pytest.param(("--format", "csv", "--to", "no/such/x"), "No such file", id="no-folder"),
    ],
)
def test_results_that_cannot_be_written_say_why(
    local: Run, labeled: Path, flags: tuple[str, ...], said: str
) -> None:
    found = local("labeling", "results", "pets", *flags)
    assert found.code == 2
    assert said in found.err


def test_a_job_without_output_has_no_results(local: Run, pets: Path) -> None:  # noqa: F811
    found = local("labeling", "results", "pets")
    assert found.code == 2
    assert "pets is InProgress and has no output" in found.err


def test_what_was_labeled_before_a_job_was_stopped_is_shown(local: Run, pets: Path) -> None:  # noqa: F811
    answers(pets, (0, "ann", "cat"))
    assert local("local", "annotate", "pets", "answers.jsonl", "--yes").code == 0
    assert local("labeling", "stop", "pets", "--yes").code == 0
    found = local("labeling", "results", "pets", "-o", "json")
    assert (found.code, json.loads(found.out)["Labels"]) == (0, {"cat": 1})


def test_verify_compares_and_holds_to_a_threshold(local: Run, labeled: Path) -> None:
    assert local("labeling", "verify", "pets", "pets").code == 0
    again = (labeled / "set.yaml").read_text().replace("name: pets", "name: pets-again")
    (labeled / "again.yaml").write_text(again)
    assert local("apply", "-f", "again.yaml", "--yes").code == 0
    answers(labeled, *((number, who, "dog") for number in (0, 1) for who in ("ann", "bob")))
    local("local", "annotate", "pets-again", "answers.jsonl", "--yes")
    found = local("labeling", "verify", "pets", "pets-again", "--at-least", "0.9")
    assert found.code == 7
    assert "purrs" in found.out


def test_watch_writes_a_line_for_each_job(local: Run, pets: Path) -> None:  # noqa: F811
    found = local("labeling", "watch", "--once")
    assert found.out == "labelingjob/pets InProgress 0/2 human=0 machine=0 failed=0\n"
    answers(pets, *ALL)
    local("local", "annotate", "pets", "answers.jsonl", "--yes")
    found = local("labeling", "watch", "pets")
    assert found.out == "labelingjob/pets Completed 2/2 human=2 machine=0 failed=0\n"
    assert "No labeling job is in progress." in local("labeling", "watch").err


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        pytest.param(("--status", "Completed"), ["pets"], id="status"),
        pytest.param(("--status", "Failed"), [], id="another-status"),
        pytest.param(("--name-contains", "pet", "--limit", "1"), ["pets"], id="name"),
        pytest.param(("--modified-after", "1h"), ["pets"], id="change"),
        pytest.param(("--status", "Completed", "--all-regions"), ["pets"], id="regions"),
    ],
)
def test_jobs_of_a_team_are_filtered_as_all_are(
    local: Run, labeled: Path, flags: tuple[str, ...], names: list[str]
) -> None:
    found = local("labeling", "list", "--workteam", "radiology", *flags, "-o", "json")
    assert found.code == 0, found.err
    listed = json.loads(found.out)["LabelingJobSummaryList"]
    assert [job["LabelingJobName"] for job in listed] == names


def test_another_team_has_no_jobs_anywhere(local: Run, labeled: Path) -> None:
    found = local("labeling", "list", "--workteam", "nobody", "--all-regions", "-o", "json")
    assert json.loads(found.out)["LabelingJobSummaryList"] == []


def test_a_list_over_all_regions_says_where_each_job_is(local: Run, labeled: Path) -> None:
    found = local("labeling", "list", "--all-regions")
    assert found.out.splitlines()[0].split()[:2] == ["REGION", "NAME"]
    assert found.out.splitlines()[1].split()[:2] == ["us-east-1", "pets"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        pytest.param(
            ("--all-regions", "--starting-token", "x"), "is for one region", id="token"
        ),
        pytest.param(
            ("--workteam", "radiology", "--reference-contains", "A", "--status", "Failed"),
            "--reference-contains does not go with",
            id="reference",
        ),
    ],
)
def test_filters_that_do_not_go_together_are_refused(
    local: Run, labeled: Path, flags: tuple[str, ...], said: str
) -> None:
    found = local("labeling", "list", *flags)
    assert found.code == 2
    assert said in found.err


def test_inventory_counts_by_team_and_status(local: Run, labeled: Path) -> None:
    found = local("labeling", "inventory", "--all-regions", "-o", "json")
    assert json.loads(found.out)["Inventory"] == [
        {
            "Region": "us-east-1",
            "Workteam": "radiology",
            "Status": "Completed",
            "Jobs": 1,
            "TotalLabeled": 2,
            "Unlabeled": 0,
        }
    ]


def test_rates_and_the_time_to_go_come_from_what_was_seen() -> None:
    now = [0.0]
    rates = Rates(lambda: now[0])
    counters = {
        "TotalLabeled": 10,
        "HumanLabeled": 10,
        "MachineLabeled": 0,
        "FailedNonRetryableError": 0,
        "Unlabeled": 30,
    }
    job = {
        "LabelingJobName": "pets",
        "LabelingJobStatus": "InProgress",
        "LabelCounters": counters,
        "HumanTaskConfig": {},
    }
    assert rates.look(job).rate is None
    now[0] = 60.0
    later = {**counters, "TotalLabeled": 20, "HumanLabeled": 20, "Unlabeled": 20}
    seen = rates.look({**job, "LabelCounters": later})
    assert seen.rate == pytest.approx(1 / 6)
    assert seen.cells()[2:] == (
        "██████████░░░░░░░░░░", "50%", "20", "0", "0", "20", "600", "2m 0s", ""
    )  # fmt: skip


def test_a_public_workforce_costs_each_answer() -> None:
    price = {"AmountInUsd": {"Dollars": 0, "Cents": 3, "TenthFractionsOfACent": 6}}
    human = {"PublicWorkforceTaskPrice": price, "NumberOfHumanWorkersPerDataObject": 5}
    job = {"HumanTaskConfig": human, "LabelCounters": {"HumanLabeled": 100}}
    assert cost(job) == 18.0
    assert cost({**job, "HumanTaskConfig": {}}) is None


def test_known_failures_have_a_hint() -> None:
    reason = "ClientError: Exception invoking the Lambda function. LambdaErrorCode: Unhandled."
    assert "lambda:InvokeFunction" in (failure_hint(reason) or "")
    assert failure_hint("something else") is None


def test_a_damaged_output_says_so(local: Run, labeled: Path, home: Path) -> None:
    from sagectl.controlplane.objects import ObjectStore

    (labeled / "bad").write_text("nope\n")
    ObjectStore(home).put(
        "s3://pets/out/pets/manifests/output/output.manifest", labeled / "bad"
    )
    found = local("labeling", "results", "pets")
    assert found.code == 2
    assert "is not an output manifest of pets" in found.err


def test_describe_says_where_workers_sign_in(local: Run, labeled: Path) -> None:
    found = local("labeling", "describe", "pets")
    assert "sagectl local portal" in found.err
    assert "Cost so far" not in found.err
    assert json.loads(local("labeling", "describe", "pets", "-o", "json", "-q").out)


def test_describe_tells_the_cost_of_a_public_workforce(local: Run, labeled: Path) -> None:
    public = "arn:aws:sagemaker:us-east-1:394669845002:workteam/public-crowd/default"
    job = (labeled / "set.yaml").read_text().rpartition("---")[2]
    job = job.replace("{ref: Workteam/radiology}", public).replace("name: pets", "name: paid")
    price = (
        "    PublicWorkforceTaskPrice: {AmountInUsd: {Cents: 3, TenthFractionsOfACent: 6}}\n"
    )
    inputs = "  InputConfig: {DataAttributes: {ContentClassifiers:"
    inputs += " [FreeOfPersonallyIdentifiableInformation, FreeOfAdultContent]}, "
    job = job.replace("  InputConfig: {", inputs)
    (labeled / "paid.yaml").write_text(job + price)
    done = local("apply", "-f", "paid.yaml", "--yes")
    assert done.code == 0, done.err
    assert local("local", "annotate", "paid", "answers.jsonl", "--yes").code == 0
    assert "Cost so far: $0.144" in local("labeling", "describe", "paid").err
