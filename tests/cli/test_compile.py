"""``sagectl compile``: jobs from flags, and packages made on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.manifest.document import Upload

if TYPE_CHECKING:
    from tests.conftest import Outcome, Run

MODEL = str(Path(__file__).parents[2] / "examples/quickstart/digits.onnx")
CREATE = ("compile", "create", "digits", "--model", MODEL, "--input", "image=1,64")
PLATFORM = ("--os", "linux", "--arch", "x86_64")


def document(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)["spec"]


def test_flags_make_the_document_of_a_job(local: Run) -> None:
    done = local(
        *(*CREATE, *PLATFORM, "--mcpu", "skylake", "--mattr", "+avx2,+fma"),
        *("--max-runtime", "10m", "--kms-key-id", "key", "--tag", "project=digits"),
        *("--dry-run", "-o", "json"),
    )

    assert document(done) == {
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": "arn:aws:iam::123456789012:role/sagectl",
        "InputConfig": {
            "Framework": "ONNX",
            "S3Uri": {"upload": MODEL},
            "DataInputConfig": {"image": [1, 64]},
        },
        "OutputConfig": {
            "S3OutputLocation": "s3://sagectl-local/compiled",
            "CompilerOptions": {"mcpu": "skylake", "mattr": ["+avx2", "+fma"]},
            "TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"},
            "KmsKeyId": "key",
        },
    }


def test_a_dry_run_applies_back(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(local(*CREATE, *PLATFORM, "--dry-run", "-o", "yaml").out)

    assert local("validate", "-f", str(path)).code == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param((), "TargetDevice", id="no-target"),
        pytest.param((*PLATFORM, "--device", "ml_c5"), "TargetDevice", id="two-targets"),
        pytest.param(("--os", "linux"), "--arch", id="half-a-platform"),
        pytest.param(("--device", "ml_c55"), "Did you mean 'ml_c5'", id="unknown-device"),
        pytest.param((*PLATFORM, "--input", "image"), "NAME=SIZES", id="no-shape"),
        pytest.param(
            (*PLATFORM, "--mcpu", "x", "--compiler-options", "{"), "JSON object", id="options"
        ),
    ],
)
def test_a_wrong_job_is_refused(local: Run, args: tuple[str, ...], said: str) -> None:
    done = local(*CREATE, *args, "--yes")

    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_missing_model_is_refused(local: Run) -> None:
    done = local("compile", "create", "x", "--model", "nowhere.onnx", *PLATFORM, "--yes")

    assert done.code == 2
    assert "nowhere.onnx" in done.err


def test_on_aws_a_role_and_an_output_are_wanted(run: Run) -> None:
    done = run(*CREATE, *PLATFORM, "--region", "us-east-1", "--dry-run")

    assert done.code == 2
    assert "--role-arn" in done.err
    assert "--output-to" in done.err


def test_create_uploads_the_model_and_queues_the_job(local: Run, home: Path) -> None:
    done = local(*CREATE, *PLATFORM, "--yes")

    assert done.code == 0, done.err
    assert done.out == "arn:aws:sagemaker:us-east-1:123456789012:compilation-job/digits\n"
    assert list((home / "objects/sagectl-local/uploads").glob("*/digits.tar.gz"))
    listed = json.loads(local("compile", "list", "--status", "starting", "-o", "json").out)
    assert len(listed["CompilationJobSummaries"]) == 1


def test_stop_ends_a_queued_job(local: Run) -> None:
    local(*CREATE, *PLATFORM, "--yes")

    done = local("compile", "stop", "digits", "--wait", "--timeout", "20s", "--yes")

    assert done.code == 0, done.err
    assert "STOPPED" in local("compile", "list").out
    assert local("compile", "wait", "digits").code == 5
    assert local("compile", "delete", "digits", "--yes").code == 0


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digits classifier, compiled once through the command line."""
    import subprocess

    out = tmp_path_factory.mktemp("out") / "new"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sagectl", "compile", "build", MODEL),
            *(*PLATFORM, "--input", "image=1,64", "-o", str(out), "--format", "json"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    built = json.loads(done.stdout)
    assert built["Verification"]["Result"] == "passed"
    assert "import " in done.stderr
    assert Path(built["Package"]).parent == out
    return str(built["Package"])


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = tmp_path / "x.npz"
    np.savez(path, image=np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 64))
    return str(path)


def test_run_shows_and_saves_what_comes_out(
    run: Run, package: str, data: str, tmp_path: Path
) -> None:
    saved = tmp_path / "y.npz"

    done = run("compile", "run", package, "--data", data, "--save", str(saved), "-o", "json")

    assert done.code == 0, done.err
    (output,) = json.loads(done.out)["Outputs"]
    assert (output["Name"], output["Shape"]) == ("probability", [1, 10])
    assert np.load(saved)["probability"].sum() == pytest.approx(1)


def test_run_takes_one_array_by_name(run: Run, package: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((1, 64), np.float32))

    done = run("compile", "run", package, "--data", f"image={path}")

    assert done.code == 0, done.err
    assert done.out.splitlines()[1].startswith("probability")


def test_verify_says_same(run: Run, package: str, data: str) -> None:
    done = run("compile", "verify", package, "--model", MODEL, "--data", data)

    assert done.code == 0, done.err
    assert done.out.startswith("same  probability")


def test_verify_with_another_model_is_seven(run: Run, package: str, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(MODEL)
    weights = model.graph.initializer[0]
    array = onnx.numpy_helper.to_array(weights)
    weights.CopyFrom(onnx.numpy_helper.from_array(array * 0.5, weights.name))
    other = tmp_path / "other.onnx"
    onnx.save(model, other)

    done = run("compile", "verify", package, "--model", str(other))

    assert done.code == 7
    assert "DIFFERENT" in done.out
    assert "does not compute" in done.err


def test_bench_compares_with_the_model(run: Run, package: str) -> None:
    done = run("compile", "bench", package, "--model", MODEL, "--runs", "2")

    assert done.code == 0, done.err
    assert done.out.splitlines()[1].startswith("sagectl")
    assert "of onnxruntime" in done.out
    assert "Outputs agree." in done.out
    assert "Peak memory: sagectl " in done.out


def test_bench_writes_its_files_and_fails_above_a_ratio(
    run: Run, package: str, tmp_path: Path
) -> None:
    page, file = tmp_path / "report.html", tmp_path / "bench.json"
    bench = ("compile", "bench", package, "--model", MODEL, "--threads", "1", "--runs", "2")

    done = run(
        *(*bench, "--report", str(page), "--json", str(file)),
        *("--fail-above", "0.0001", "-o", "json"),
    )

    assert done.code == 7
    assert "times as long as onnxruntime" in done.err
    found = json.loads(done.out)
    assert found == json.loads(file.read_text())
    assert [row["threads"] for row in found["Engines"]] == [1, 1]
    assert "Softmax" in json.dumps(found["Profile"]["Operators"])
    assert page.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("--fail-above", "1"), "there is none", id="a limit and no model"),
        pytest.param(("--fail-above", "much"), "no ratio such as", id="a limit no number"),
        pytest.param(("--fail-above", "0"), "no ratio such as", id="a limit of nothing"),
        pytest.param(("--against", "openvino"), "needs the model", id="engines and no model"),
        pytest.param(
            ("--model", MODEL, "--against", "tensorrt"), "is no engine", id="unknown engine"
        ),
        pytest.param(("--threads", "0"), "no number of threads", id="no threads"),
        pytest.param(("--threads", "1,many"), "no number of threads", id="words as threads"),
        pytest.param(("--report", "/no/such/r.html"), "is no folder", id="no folder"),
    ],
)
def test_bench_refuses_before_it_measures(
    run: Run, package: str, args: tuple[str, ...], said: str
) -> None:
    done = run("compile", "bench", package, *args)

    assert done.code == 2
    assert said in done.err
    assert not done.out


def test_bench_reads_neither_text_nor_nothing(run: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.onnx"
    text.write_text("not a model")

    assert run("compile", "bench", str(text)).code == 2
    assert run("compile", "bench", str(tmp_path / "none.onnx")).code == 2
    assert run("compile", "bench", str(tmp_path / "none.tar.gz")).code == 2


def test_tune_searches_and_build_uses_what_it_kept(run: Run, tmp_path: Path) -> None:
    database = tmp_path / "tuned"

    done = run(
        *("compile", "tune", MODEL, "--input", "image=1,64", "--trials", "4"),
        *("--database", str(database), "-o", "json"),
    )

    assert done.code == 0, done.err
    rows = json.loads(done.out)["Operators"]
    assert sum(row["Trials"] for row in rows) <= 4
    assert len(list(database.rglob("*.json"))) == sum(row["Kept"] for row in rows)
    database.mkdir(exist_ok=True)
    built = run(
        *("compile", "build", MODEL, "--input", "image=1,64", "--database", str(database)),
        *("-o", str(tmp_path)),
    )
    assert built.code == 0, built.err


def test_a_database_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    build = ("compile", "build", MODEL, "--input", "image=1,64", "-o", str(tmp_path))

    done = run(*build, "--database", str(tmp_path / "none"))

    assert done.code == 2
    assert "is no folder" in done.err


def test_exact_packages_say_so_and_dumps_show_each_phase(run: Run, tmp_path: Path) -> None:
    build = ("compile", "build", MODEL, "--input", "image=1,64", "-o", str(tmp_path))

    done = run(*build, "--precision", "exact", "--dump", str(tmp_path / "dump"))

    assert done.code == 0, done.err
    meta = json.loads(run("compile", "inspect", done.out.strip(), "-o", "json").out)
    assert meta["Sagectl"]["Precision"] == "exact"
    names = sorted(path.name for path in (tmp_path / "dump").iterdir())
    assert names[0] == "000-imported.tvm"
    assert [name.partition("-")[2] for name in names[-3:]] == [
        "rules.txt",
        "llvm.ll",
        "assembly.s",
    ]


def test_inspect_shows_the_ports_and_the_proof(run: Run, package: str) -> None:
    text = run("compile", "inspect", package).out
    assert "MinimumGlibc: " in text

    assert "image: float32[1, 64]" in text
    assert "Result:    passed" in text


def test_inspect_is_the_whole_meta_in_json(run: Run, package: str) -> None:
    done = run("compile", "inspect", package, "-o", "json", "--query", "Model.Inputs[].name")

    assert json.loads(done.out) == ["image"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("run", "nowhere.tar.gz"), "nowhere.tar.gz", id="no-package"),
        pytest.param(("run", MODEL), "digits.onnx", id="no-archive"),
        pytest.param(("inspect", "nowhere.tar.gz"), "nowhere.tar.gz", id="inspect"),
        pytest.param(("verify", MODEL, "--model", MODEL), "digits.onnx", id="verify"),
        pytest.param(("build", "nowhere.onnx"), "nowhere.onnx", id="no-model"),
        pytest.param(("build", MODEL), "--input image=1,64", id="no-shape"),
        pytest.param(("build", MODEL, "--os", "linux"), "--arch", id="half-a-platform"),
        pytest.param(("build", MODEL, "--device", "ml_c55"), "ml_c5", id="unknown-device"),
    ],
)
def test_what_cannot_be_used_is_said(run: Run, args: tuple[str, ...], said: str) -> None:
    done = run("compile", *args)

    assert done.code in (2, 5), done.err
    assert done.out == ""
    assert said in done.err


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param("nowhere.npz", "nowhere.npz", id="missing"),
        pytest.param("{model}", "no .npz file", id="no-archive"),
        pytest.param("image={npz}", "not .npy", id="npz-for-npy"),
        pytest.param("{npy}", "not .npz", id="npy-for-npz"),
        pytest.param("{pickle}", "no .npz file", id="pickle"),
        pytest.param("imagee={npy}", "did you mean 'image'", id="unknown-input"),
    ],
)
def test_wrong_data_is_refused(
    run: Run, package: str, data: str, tmp_path: Path, word: str, said: str
) -> None:
    np.save(tmp_path / "x.npy", np.zeros((1, 64), np.float32))
    np.savez(tmp_path / "p.npz", image=np.array([{}], dtype=object))
    word = word.format(model=MODEL, npz=data, npy=tmp_path / "x.npy", pickle=tmp_path / "p.npz")

    done = run("compile", "run", package, "--data", word)

    assert done.code == 2, done.err
    assert said in done.err


def test_an_input_given_twice_is_refused(run: Run, package: str, data: str) -> None:
    done = run("compile", "run", package, "--data", data, "--data", data)

    assert (done.code, "given twice" in done.err) == (2, True)


def test_targets_are_listed_and_with_all_the_refused_too(run: Run) -> None:
    served = json.loads(run("compile", "targets", "-o", "json").out)["Targets"]
    every = json.loads(run("compile", "targets", "--all", "-o", "json").out)["Targets"]

    assert {row["Status"] for row in served} == {"served"}
    assert len(every) > len(served)
    assert all(row["Reason"] for row in every if row["Status"] == "refused")
    assert {"LINUX_ARM64_NVIDIA", "ml_c5"} <= {row["Target"] for row in served}


def test_targets_have_the_names_that_a_matrix_takes(run: Run) -> None:
    names = run("compile", "targets", "-o", "name").out.split()
    assert {"target/LINUX_ARM64_NVIDIA", "target/ml_c5"} <= set(names)
    assert "STATUS" not in run("compile", "targets").out


def test_an_upload_stands_for_a_path() -> None:
    from sagectl.cli.types import file_or_uri

    assert file_or_uri("s3://b/k") == "s3://b/k"
    assert isinstance(file_or_uri("digits.onnx"), Upload)


def test_a_range_of_sizes_makes_one_package_that_runs_each(run: Run, tmp_path: Path) -> None:
    done = run(
        *("compile", "build", MODEL, "--input", "image=1..2,64", "--no-verify"),
        *("-o", str(tmp_path)),
    )
    assert done.code == 0, done.err
    package = done.out.strip()
    data = tmp_path / "image.npy"

    shown = run("compile", "inspect", package)
    assert "image=[1, 64]" in shown.out
    assert "image=[2, 64]" in shown.out
    for count, code in ((1, 0), (2, 0), (3, 2)):
        np.save(data, np.zeros((count, 64), np.float32))
        ran = run("compile", "run", package, "--data", f"image={data}")
        assert ran.code == code, ran.err
    assert "It was compiled for image=[1, 64]; image=[2, 64]." in ran.err


def test_ranges_and_several_shapes_become_a_configuration(local: Run) -> None:
    create = ("compile", "create", "digits", "--model", MODEL, *PLATFORM, "--dry-run")

    ranged = local(*create, "--input", "image=1..8,64", "-o", "json")
    listed = local(*create, "--input", "image=1,64", "--input", "image=8,64", "-o", "json")

    assert document(ranged)["InputConfig"]["DataInputConfig"] == {
        "image": {"shape": ["1..8", 64]}
    }
    assert document(listed)["InputConfig"]["DataInputConfig"] == {
        "image": {"shape": [[1, 64], [8, 64]]}
    }


def test_check_takes_the_largest_of_several_shapes(run: Run) -> None:
    done = run("compile", "check", MODEL, "--input", "image=1..8,64")

    assert done.code == 0, done.err
    assert "Checked with image=[8, 64], the largest of 8." in done.err
