"""The search: operators by their share of the time, candidates against our own schedule."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import frontend
from sagectl.compiler.frontends.archive import model_file
from sagectl.compiler.operators import operators
from sagectl.compiler.passes.nests.elementary import faithful
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.targets import resolve
from sagectl.compiler.tuning.candidates import Choice, candidates
from sagectl.compiler.tuning.database import key_of, write_record
from sagectl.compiler.tuning.timing import contenders, times
from sagectl.errors import InputError
from sagectl.runtime.library import use_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tvm.ir import IRModule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

    Candidate = tuple[Choice, PrimFunc]

# Candidates compiled at a time, and rounds in which the worst of them show.
_BATCH = 8
_ROUNDS = 9
# The best is held against the default once more, and kept where it takes less than this.
_FINAL_ROUNDS = 40
_WINS_BELOW = 0.97


@dataclass(frozen=True, slots=True)
class Progress:
    """What became of one operator; ``kept`` says whether the database has it now."""

    operator: str
    result: str
    calls: int
    share: float
    trials: int
    default_ms: float
    best_ms: float
    kept: bool
    choice: Choice | None = None

    @property
    def ratio(self) -> float:
        return self.best_ms / self.default_ms if self.default_ms else 1.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "Operator": self.operator,
            "Result": self.result,
            "Calls": self.calls,
            "Share": self.share,
            "Trials": self.trials,
            "DefaultMs": self.default_ms,
            "BestMs": self.best_ms,
            "Ratio": self.ratio,
            "Kept": self.kept,
            "Choice": self.choice.as_dict() if self.choice else None,
        }


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str
    func: PrimFunc
    calls: int
    seconds: float


def tune(
    request: CompileRequest,
    database: Path,
    *,
    trials: int,
    seconds: float,
    seed: int = 0,
    report: Callable[[Progress], None] | None = None,
) -> list[Progress]:
    """Search schedules for a model on this machine and keep those that win in ``database``.

    ``trials`` candidates are measured at most, and none is begun after ``seconds``. What was
    found is written operator by operator. Raises InputError for a target that is not this
    machine, RequestError and CompileError as compilation does.
    """
    until = time.monotonic() + seconds
    target = resolve(request.platform, request.device, request.options)
    if target.reason_not_here:
        raise InputError(
            f"Tuning measures, and {target.reason_not_here}", hint="Tune on such a machine."
        )
    with model_file(request.model, request.framework) as model, faithful(target.is_exact):
        imported = frontend(request.framework).load(replace(request, model=model))
    found: list[Progress] = []
    left = trials
    use_threads(1)
    module = optimized(imported.module, target)
    ranked = _ranked(module, target)
    total = sum(each.seconds * each.calls for each in ranked)
    for each in ranked:
        if left < 1 or time.monotonic() > until:
            break
        random = Random(f"{seed} {key_of(each.func)}")
        made = _searched(each, total, target, random, left, until)
        left -= made.trials
        if made.kept:
            write_record(database, target, _record(each, made, target))
        found.append(made)
        if report:
            report(made)
    return found


def _ranked(module: IRModule, target: Target) -> list[_Operator]:
    """The operators of known sizes, the most expensive first."""
    from sagectl.compiler.schedules.cpu.loops import is_static
    from sagectl.compiler.schedules.narrow import narrowed

    counts = Counter(row["Function"] for row in operators(module))
    funcs = {
        name.name_hint: narrowed(func)
        for name, func in module.functions_items()
        if name.name_hint in counts
    }
    ranked = []
    for name, func in funcs.items():
        default = next(candidates(func, target, Random(0)), None)
        if default is None or not is_static(func):
            continue
        (rival,) = contenders([default[1]], target)
        (samples,) = times([rival], 3)
        ranked.append(_Operator(name, func, counts[name], min(samples)))
    return sorted(ranked, key=lambda each: (-each.seconds * each.calls, each.name))


def _searched(
    operator: _Operator, total: float, target: Target, random: Random, left: int, until: float
) -> Progress:
    import numpy as np

    described = Progress(
        operator=_plain(operator.name),
        result=_described(operator.func.params[-1].ty),
        calls=operator.calls,
        share=operator.seconds * operator.calls / total if total else 0.0,
        trials=0,
        default_ms=operator.seconds * 1e3,
        best_ms=operator.seconds * 1e3,
        kept=False,
    )
    made = candidates(operator.func, target, random)
    default = next(made)
    best, ratio, count = default, 1.0, 0
    for batch in _batches(made, left):
        rivals = contenders([default[1], *(func for _, func in batch)], target)
        samples = [float(np.median(each)) for each in times(rivals, _ROUNDS)]
        for candidate, taken in zip(batch, samples[1:], strict=True):
            if taken / samples[0] < ratio:
                best, ratio = candidate, taken / samples[0]
        count += len(batch)
        if time.monotonic() > until:
            break
    described = replace(described, trials=count)
    return described if best is default else _confirmed(described, default, best, target)


def _confirmed(
    described: Progress, default: Candidate, best: Candidate, target: Target
) -> Progress:
    """Measure the best beside the default again: the luckiest of many may be only that."""
    import numpy as np

    rivals = contenders([default[1], best[1]], target)
    ours, theirs = (np.array(each) for each in times(rivals, _FINAL_ROUNDS))
    same = np.allclose(rivals[0].result(), rivals[1].result(), rtol=1e-3, atol=1e-4)
    # Half of all rounds must be won clearly, and three quarters won at all.
    ratios = theirs / ours
    wins = float(np.median(ratios)) < _WINS_BELOW and float(np.quantile(ratios, 0.75)) < 1.0
    default_ms = float(np.median(ours)) * 1e3
    kept = bool(wins and same)
    return replace(
        described,
        default_ms=default_ms,
        best_ms=float(np.median(theirs)) * 1e3 if kept else default_ms,
        kept=kept,
        choice=best[0] if kept else None,
    )


def _batches(made: Iterator[Candidate], most: int) -> Iterator[list[Candidate]]:
    batch: list[Candidate] = []
    for taken, each in enumerate(made):
        if taken >= most:
            break
        batch.append(each)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _record(operator: _Operator, made: Progress, target: Target) -> dict[str, Any]:
    from tvm import __version__ as tvm_version

    from sagectl import __version__

    return {
        "Key": key_of(operator.func),
        "Operator": made.operator,
        "Operands": [_described(param.ty) for param in operator.func.params],
        "Target": {"Triple": target.triple, "Mcpu": target.mcpu, "Mattr": list(target.mattr)},
        "Choice": made.choice.as_dict() if made.choice else None,
        "DefaultMs": round(made.default_ms, 6),
        "BestMs": round(made.best_ms, 6),
        "Trials": made.trials,
        "Versions": {"Sagectl": __version__, "ApacheTvm": tvm_version},
    }


def _plain(name: str) -> str:
    """``fused_conv2d17_add9_relu9`` as ``conv2d-add-relu``."""
    words = name.removeprefix("fused_").split("_")
    return "-".join(re.sub(r"(?<=conv[123]d)\d+$|(?<=\D)\d+$", "", word) for word in words)


def _described(buffer: Any) -> str:
    return f"{buffer.dtype}[{','.join(str(extent) for extent in buffer.shape)}]"
