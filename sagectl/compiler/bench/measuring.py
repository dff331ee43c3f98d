"""One benchmark from beginning to end."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sagectl.compiler.bench import engines, memory, profile
from sagectl.compiler.bench.machine import machine
from sagectl.compiler.bench.results import Agreement, Benchmark, Measurement, Verdict, verdict
from sagectl.compiler.bench.timing import interleaved
from sagectl.compiler.bucketing import bucket_of, buckets, single
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.packaging import open_package
from sagectl.compiler.shapes import words
from sagectl.errors import InputError
from sagectl.runtime import package as layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.runtime.tensors import Port

    Feeds = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is measured: an unpacked package, the model it was made from, the inputs."""

    package: Path
    model: Path | None
    against: tuple[str, ...]
    feeds: Feeds
    inputs: str

    def path(self, name: str) -> Path:
        return self.package if name == engines.OURS or self.model is None else self.model


def bench(
    package: Path,
    model: Path | None = None,
    *,
    against: Sequence[str] = ("onnxruntime",),
    threads: Sequence[int] = (1,),
    runs: int = 30,
    data: Feeds | None = None,
    name: str | None = None,
    with_memory: bool = False,
    with_profile: bool = False,
) -> Benchmark:
    """Run a package, and its ONNX model under other engines where given, in alternation.

    Alternating runs meet the same noise of the machine, so their ratio is worth more than
    either time. Outputs are compared in the same run. Raises InputError.
    """
    others = tuple(dict.fromkeys(against)) if model is not None else ()
    engines.require(others)
    described = machine()
    with ExitStack() as stack:
        folder = stack.enter_context(open_package(package))
        is_one_of_several = len(buckets(folder)) > 1
        number = bucket_of(folder, data) if data is not None else -1
        folder = stack.enter_context(single(folder, number))
        source = stack.enter_context(model_file(model, "ONNX")) if model else None
        subject = _subject(folder, source, others, data)
        rows: list[Measurement] = []
        verdicts: list[Verdict] = []
        agreements: tuple[Agreement, ...] = ()
        for count in threads:
            loaded = _loaded(subject, count)
            agreements = agreements or _agreements(loaded, subject)
            ours, *theirs = _measured(loaded, subject.feeds, count, runs)
            rows += [ours, *theirs]
            verdicts += [verdict(ours, each) for each in theirs]
        return Benchmark(
            subject=name or str(package),
            inputs=_inputs(subject, is_one_of_several),
            rows=tuple(rows),
            machine=described,
            verdicts=tuple(verdicts),
            agreements=agreements,
            memory=memory.measured(subject, threads[0]) if with_memory else (),
            profile=profile.measured(folder, source, subject.feeds) if with_profile else None,
        )


def _inputs(subject: _Subject, is_one_of_several: bool) -> str:
    if not is_one_of_several:
        return subject.inputs
    return f"{subject.inputs}, {words({name: a.shape for name, a in subject.feeds.items()})}"


def _loaded(subject: _Subject, threads: int) -> list[engines.Engine]:
    return [
        engines.loaded(name, subject.path(name), threads, subject.feeds)
        for name in (engines.OURS, *subject.against)
    ]


def _measured(
    loaded: Sequence[engines.Engine], feeds: Feeds, threads: int, runs: int
) -> list[Measurement]:
    return interleaved(
        {str(engine): partial(engine.run, feeds) for engine in loaded},
        threads,
        runs,
    )


def _agreements(loaded: Sequence[engines.Engine], subject: _Subject) -> tuple[Agreement, ...]:
    import numpy as np

    from sagectl.compiler.comparison import differences

    source = layout.meta(subject.package)["Sagectl"].get("Source", {})
    ours, *others = loaded
    mine = engines.answer(ours, subject.feeds)
    found = []
    for engine in others:
        theirs = engines.answer(engine, subject.feeds)
        if len(theirs) != len(mine):
            raise _another_model(engine)
        # Engines may rename outputs; their order is the model's.
        pairs = [
            (name, value, np.asarray(theirs.get(name, other)))
            for (name, value), other in zip(mine.items(), theirs.values(), strict=True)
        ]
        found.append(Agreement(str(engine), differences(source, pairs)))
    return tuple(found)


def _subject(
    folder: Path, model: Path | None, against: tuple[str, ...], data: Feeds | None
) -> _Subject:
    from sagectl.compiler.inputs import DRAWS, drawn
    from sagectl.runtime.tensors import ports

    inputs = ports(layout.meta(folder), "Inputs")
    if data is not None:
        return _Subject(folder, model, against, dict(data), "given")
    if model is None or not against:
        return _Subject(folder, model, against, drawn(inputs, DRAWS[-1]), str(DRAWS[-1]))
    words, feeds = _accepted(against[0], model, inputs)
    return _Subject(folder, model, against, feeds, words)


def _accepted(name: str, model: Path, inputs: Sequence[Port]) -> tuple[str, Feeds]:
    """The first made-up inputs that an engine answers with numbers, or at all."""
    import numpy as np

    from sagectl.compiler.inputs import DRAWS, drawn

    accepted: tuple[str, Feeds] | None = None
    refusal: InputError | None = None
    for draw in DRAWS:
        feeds = drawn(inputs, draw)
        try:
            found = engines.answer(engines.loaded(name, model, 1, feeds), feeds)
        except KeyError as error:
            raise _another_model(name) from error
        except InputError as error:
            refusal = refusal or error
            continue
        accepted = accepted or (str(draw), feeds)
        if all(
            np.isfinite(value).all() for value in found.values() if value.dtype.kind in "fc"
        ):
            return str(draw), feeds
    if accepted is None:
        raise refusal or _another_model(name)
    return accepted


def _another_model(engine: object) -> InputError:
    return InputError(
        f"{engine} has other inputs or outputs for the model than the package",
        hint="Give the model that the package was made from.",
    )
