"""What is fuzzed: a function of bytes each, which may fail only on purpose.

python -m tests.fuzz.targets NAME SECONDS [FOLDER] [SEED]

runs one with atheris, which looks for bytes that reach new code; without atheris, with
hypothesis, which only makes them up. Whatever is no SagectlError ends the run, and the bytes
that did it are in FOLDER. With a SEED the fuzzer goes the same way each time, so that a change
is judged by itself; without one it goes where nobody has been.
"""

from __future__ import annotations

import io
import sys
import tarfile
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.errors import SagectlError

if TYPE_CHECKING:
    from collections.abc import Callable

    Target = Callable[[bytes], None]

SCRATCH = Path(tempfile.gettempdir()) / "sagectl-fuzz"


def manifest() -> Target:
    """A file of manifests, read, judged and written again."""
    from sagectl.schema import read_documents, service_model

    model = service_model(SCRATCH / "cache")

    def read(data: bytes) -> None:
        found = read_documents(["-"], model=model, stdin=io.BytesIO(data))
        for finding in found.findings:
            str(finding)
        for document in found.documents:
            document.as_dict()

    return read


def expression() -> Target:
    """A condition of Search, what it compiles to, and that written as a condition again."""
    from sagectl.schema.expression.parser import parsed
    from sagectl.schema.expression.tree import conditions, search_expression, written

    def parse(data: bytes) -> None:
        made = search_expression(parsed(data.decode("utf-8", "replace")))
        again = written(conditions(made))
        assert search_expression(parsed(again)) == made, again

    return parse


def config() -> Target:
    """DataInputConfig and CompilerOptions, as text."""
    from sagectl.compiler.request import compile_request

    def request(data: bytes) -> None:
        shapes, _, options = data.decode("utf-8", "replace").partition("\0")
        compile_request(
            Path("model.onnx"),
            output=Path("out"),
            data_input_config=shapes,
            compiler_options=options or None,
        )

    return request


def package() -> Target:
    """A package that somebody else made."""
    from sagectl.runtime.errors import PackageError
    from sagectl.runtime.package import meta, opened

    def load(data: bytes) -> None:
        with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
            for name, content in (("raw.tar.gz", data), ("packed.tar.gz", _packed(data))):
                path = Path(folder, name)
                path.write_bytes(content)
                with suppress(PackageError), opened(path) as place:
                    meta(place)

    return load


def _packed(data: bytes) -> bytes:
    """An archive with members of the names that a package has, their content from ``data``."""
    names = ("manifest.json", "compiled.meta", "compiled.so", "../x")
    parts = data.split(b"\xff", len(names))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, part in zip(names, parts, strict=False):
            member = tarfile.TarInfo(name)
            member.size = len(part)
            archive.addfile(member, io.BytesIO(part))
    return buffer.getvalue()


def wire() -> Target:
    """The body of a request over HTTP, and what the control plane makes of it."""
    from sagectl.controlplane.faults import Fault
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.wire import decode, encode, encode_fault
    from sagectl.schema import service_model
    from sagectl.schema.pruning import MANAGED, SEARCH

    model = service_model(SCRATCH / "cache")
    plane = ControlPlane(Path(tempfile.mkdtemp(dir=SCRATCH)), model)
    operations = (*MANAGED, *SEARCH)

    def call(data: bytes) -> None:
        operation = operations[data[0] % len(operations)] if data else operations[0]
        try:
            params = decode(operation, data[1:], model)
            answer = plane.handle(operation, params, account="123456789012", region="us-east-1")
            encode(operation, answer, model)
        except Fault as fault:
            encode_fault(fault)

    return call


TARGETS: dict[str, Callable[[], Target]] = {
    "manifest": manifest,
    "expression": expression,
    "config": config,
    "package": package,
    "wire": wire,
}
# Where to begin: bytes that mean something.
SEEDS: dict[str, tuple[bytes, ...]] = {
    "manifest": (
        b"kind: Workteam\nname: x\nspec:\n  Description: y\n  MemberDefinitions: []\n",
        b"kind: CompilationJob\nname: a\nmatrix: {b: [c]}\nspec: {RoleArn: ${b}}\n---\n",
        b"a: &a [*a]\n<<: {x: 1}\n!t x: {ref: Kind/name}\n",
    ),
    "expression": (
        b"Metrics.accuracy > 0.9 and (Tags.team = 'vision' or not exists HyperParameters.lr)",
        b"InputDataConfig[DataSource.S3DataSource.S3Uri contains 'cats'] and a in (1, 2)",
    ),
    "config": (b'{"image": [1, 64]}\0{"mcpu": "x86-64"}', b"[{'name': 'x', 'shape': [1]}]"),
    "package": (b'{"files": {}}\xff{"inputs": []}\xff\x7fELF', b"\x1f\x8b\x08"),
    "wire": (
        b"\x00{}",
        b'\x05{"WorkteamName": "a", "MemberDefinitions": [], "Description": "b"}',
        b'\x1a{"Resource": "TrainingJob", "SearchExpression": {"Filters": []}}',
    ),
}


def expected(target: Target) -> Target:
    """``target`` with failures on purpose let by."""

    def once(data: bytes) -> None:
        with suppress(SagectlError):
            target(data)

    return once


def main(name: str, seconds: int, folder: Path, seed: int = 0) -> None:
    SCRATCH.mkdir(exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        import atheris
    except ImportError:
        made_up(expected(TARGETS[name]()), seconds)
        return
    seeds = folder / "seeds"
    seeds.mkdir(exist_ok=True)
    for index, content in enumerate(SEEDS[name]):
        (seeds / str(index)).write_bytes(content)
    with atheris.instrument_imports(include=["sagectl"]):
        once = expected(TARGETS[name]())
    limits = [
        f"-max_total_time={seconds}",
        "-max_len=2048",
        "-timeout=20",
        "-rss_limit_mb=2048",
        f"-seed={seed}",  # 0: the fuzzer takes one from the time
    ]
    atheris.Setup(
        [sys.argv[0], *limits, "-verbosity=0", f"-artifact_prefix={folder}/", str(seeds)], once
    )
    atheris.Fuzz()


def made_up(once: Target, seconds: int) -> None:
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st

    end = time.monotonic() + seconds

    @settings(max_examples=10**6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=2048), st.text(max_size=512).map(str.encode)))
    def tried(data: Any) -> None:
        if time.monotonic() < end:
            once(data)

    tried()


if __name__ == "__main__":
    _, chosen, budget, *rest = sys.argv
    place = Path(rest[0]) if rest else SCRATCH / chosen
    main(chosen, int(budget), place, int(rest[1]) if len(rest) > 1 else 0)
