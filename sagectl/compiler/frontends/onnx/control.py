"""If, Loop and Scan, resolved while compiling: branches chosen, loops unrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Node, Problem, Unsupported, Value
from sagectl.compiler.frontends.onnx.typing import tensor_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from onnx import GraphProto, ValueInfoProto

    from sagectl.compiler.frontends.onnx.builder import Builder

    Run = Callable[[GraphProto, Sequence[Value]], list[Value]]

# A loop that is still running after this many rounds has no end known while compiling.
MOST_ROUNDS = 2048


def branch(node: Node, pen: Builder, run: Run) -> list[Value | None]:
    """A known condition picks its branch; otherwise both are computed and one selected."""
    condition = node.required(0)
    branches = [node.attribute("then_branch"), node.attribute("else_branch")]
    if condition.data is not None:
        return list(run(branches[0 if condition.data.reshape(-1)[0] else 1], ()))
    if pen.shape(condition):
        condition = pen.reshape(condition, ())
    return [
        _selected(condition, chosen, other, pen)
        for chosen, other in zip(run(branches[0], ()), run(branches[1], ()), strict=True)
    ]


def blamed(node: Node, problems: Sequence[Problem]) -> list[Problem]:
    """Problems that arose inside ``node``: what a branch lacks matters only where it may run.

    Of a branch that fits the shapes no better than the other one, say, all is known once the
    condition is; so that is the one thing to say.
    """
    condition = node.input(0)
    if node.op != "If" or condition is None or condition.data is not None:
        return list(problems)
    inside = [problem for problem in problems if problem.node is not node]
    if not inside:
        return list(problems)
    first = inside[0]
    operator = first.node.op if first.node.op != "If" else "an inner If"
    reason = (
        "which branch runs is known at run time only, and one of them cannot be compiled for "
        f"these shapes ({operator}: {first.reason.partition(':')[0]})"
    )
    return [Problem(node, reason, (condition,))]


def _selected(condition: Value, chosen: Value, other: Value, pen: Builder) -> Value:
    if chosen.dtype != other.dtype or not chosen.is_static or chosen.shape != other.shape:
        raise Unsupported(
            "the branches differ in shape, and the condition is known at run time only",
            (condition,),
        )
    return pen.op("Where", condition, chosen, other)


def loop(node: Node, pen: Builder, run: Run) -> list[Value | None]:
    """Rounds written out, as many as are known to run.

    A condition known only at run time is honoured by keeping the old state once it fell,
    as long as the trip count is known and nothing is collected per round.
    """
    import numpy as np

    body: GraphProto = node.attribute("body")
    trips, condition = node.input(0), node.input(1)
    rounds = MOST_ROUNDS + 1
    if trips is not None:
        rounds = int(pen.known(trips, "the trip count").reshape(-1)[0])
    state = [each for each in node.inputs[2:] if each is not None]
    collected: list[list[Value]] = [[] for _ in body.output[1 + len(state) :]]
    going = condition
    for index in range(rounds):
        if going is not None and going.data is not None and not going.data.reshape(-1)[0]:
            break
        if index == MOST_ROUNDS:
            raise Unsupported(f"the loop does not end within {MOST_ROUNDS} rounds")
        number = pen.value(np.array(index, np.int64))
        flag = going if going is not None else pen.value(np.array(True))
        assert number is not None
        assert flag is not None
        after, *results = run(body, [number, flag, *state])
        fresh, per_round = results[: len(state)], results[len(state) :]
        if going is not None and going.data is None:
            state = _masked(going, fresh, state, pen, collects=bool(per_round))
            after = pen.op("And", going, after)
        else:
            state = fresh
        for rows, value in zip(collected, per_round, strict=True):
            rows.append(value)
        going = after
    if collected and not collected[0]:
        return [*state, *_none_of(body.output[1 + len(state) :], pen)]
    return [*state, *(pen.stack(rows, 0) for rows in collected)]


def _none_of(declared: Iterable[ValueInfoProto], pen: Builder) -> Iterator[Value]:
    """What a loop collects that runs no round: nothing, of the type that its body declares."""
    import numpy as np

    for each in declared:
        dtype, shape = tensor_type(each.type)
        if dtype is None or shape is None or None in shape:
            raise Unsupported("the loop runs no round, so the type of what it collects is open")
        yield pen.constant(np.empty((0, *(size or 0 for size in shape)), dtype))


def _masked(
    going: Value, fresh: list[Value], state: list[Value], pen: Builder, *, collects: bool
) -> list[Value]:
    if collects:
        raise Unsupported("the number of rounds is known at run time only", (going,))
    flag = pen.reshape(going, ())
    return [_selected(flag, new, old, pen) for new, old in zip(fresh, state, strict=True)]


def scan(node: Node, pen: Builder, run: Run) -> list[Value | None]:
    """Every step written out; the sequence length is static."""
    if node.version < 9:
        return _batched_scan(node, pen, run)
    return _scan_steps(node, list(node.inputs), pen, run)


def _scan_steps(
    node: Node, inputs: list[Value | None], pen: Builder, run: Run
) -> list[Value | None]:
    body: GraphProto = node.attribute("body")
    operands = [each for each in inputs if each is not None]
    scanned_count = node.attribute("num_scan_inputs")
    state, scanned = operands[:-scanned_count], operands[-scanned_count:]
    axes = node.attribute("scan_input_axes") or [0] * scanned_count
    backwards = node.attribute("scan_input_directions") or [0] * scanned_count
    length = pen.shape(scanned[0])[axes[0]]
    outputs = len(body.output) - len(state)
    collected: list[list[Value]] = [[] for _ in range(outputs)]
    for step in range(length):
        rows = [
            pen.pick(value, axis, length - 1 - step if back else step)
            for value, axis, back in zip(scanned, axes, backwards, strict=True)
        ]
        results = run(body, [*state, *rows])
        state = results[: len(state)]
        for kept, value in zip(collected, results[len(state) :], strict=True):
            kept.append(value)
    out_axes = node.attribute("scan_output_axes") or [0] * outputs
    out_backwards = node.attribute("scan_output_directions") or [0] * outputs
    stacked = [
        _scan_output(kept[::-1] if back else kept, axis, pen)
        for kept, axis, back in zip(collected, out_axes, out_backwards, strict=True)
    ]
    return [*state, *stacked]


def _scan_output(rows: list[Value], axis: int, pen: Builder) -> Value:
    if not rows:
        raise Unsupported("the scanned sequence is empty")
    return pen.stack(rows, axis % (len(pen.shape(rows[0])) + 1))


def _batched_scan(node: Node, pen: Builder, run: Run) -> list[Value | None]:
    """Operator set 8: a leading batch dimension everywhere, and lengths per batch entry."""
    if node.input(0) is not None:
        raise Unsupported("sequence lengths per batch entry")
    operands = [each for each in node.inputs[1:] if each is not None]
    batch = pen.shape(operands[0])[0]
    per_entry = [
        _scan_steps(node, [pen.pick(each, 0, entry) for each in operands], pen, run)
        for entry in range(batch)
    ]
    columns = zip(*per_entry, strict=True)
    return [pen.stack([each for each in column if each is not None], 0) for column in columns]


CONTROL: dict[str, Callable[[Node, Builder, Run], list[Value | None]]] = {
    "If": branch,
    "Loop": loop,
    "Scan": scan,
}
