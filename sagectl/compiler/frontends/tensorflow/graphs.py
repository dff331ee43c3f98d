"""SavedModels and frozen graphs, opened as computations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import SAVED_MODEL
from sagectl.compiler.frontends.conversion import converting
from sagectl.compiler.frontends.tensorflow.computation import (
    Computation,
    declared,
    failures,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_HINT = "Save it with tf.saved_model.save(model, folder) and pack that folder."
# Operators that reach beyond the computation: no network for inference has them, but a graph
# may, and TensorFlow runs what a graph says.
_REACHING = frozenset(
    (
        "EagerPyFunc",
        "MatchingFiles",
        "PrintV2",
        "PyFunc",
        "PyFuncStateless",
        "ReadFile",
        "WholeFileReaderV2",
        "WriteFile",
    )
)
_DEFAULT = "serving_default"
_VARIABLES = frozenset(("Variable", "VariableV2", "VarHandleOp"))
# What these give besides is for training.
_ONE_RESULT = frozenset(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"))
_NO_RESULT = frozenset(("Assert", "Const", "NoOp", "Placeholder", "PlaceholderWithDefault"))


def opened(path: Path) -> Computation:
    """The computation in a .pb or .pbtxt file; raises RequestError (reason "format")."""
    return _saved_model(path) if path.name in SAVED_MODEL else _frozen(path)


def _saved_model(path: Path) -> Computation:
    import tensorflow as tf
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    found = _message(path, SavedModel())
    if not found.meta_graphs:
        raise _refused(path, "holds no graph")
    for meta in found.meta_graphs:
        _check_operators(path, meta.graph_def)
    with converting(f"{path.parent.name or path.name} cannot be loaded", failures(), _HINT):
        loaded = tf.saved_model.load(str(path.parent))
        signatures = dict(loaded.signatures)
    name = _signature(path, signatures)
    function = signatures[name]
    specs = function.structured_input_signature[1]
    outputs = tuple(function.structured_outputs)

    def run(*tensors: Any) -> list[Any]:
        # The loaded object owns the variables: it lives as long as its function.
        results = loaded.signatures[name](**dict(zip(specs, tensors, strict=True)))
        return [results[each] for each in outputs]

    return Computation(f"SavedModel, signature {name}", run, declared(specs), outputs)


def _signature(path: Path, names: Iterable[str]) -> str:
    """The one that is served by default, or the only one."""
    names = sorted(names)
    if not names:
        raise _refused(path, "has no signature, so nothing tells what its inputs are")
    if _DEFAULT in names:
        return _DEFAULT
    if len(names) > 1:
        raise RequestError(
            f"{path.name} has the signatures {', '.join(names)} and none is {_DEFAULT}",
            stage="import",
            reason="format",
            details={"signatures": names},
            hint="Save the one to compile as tf.saved_model.save(model, folder, "
            f"signatures={{'{_DEFAULT}': model.{names[0]}}}).",
        )
    return names[0]


def _frozen(path: Path) -> Computation:
    import tensorflow as tf

    graph_def = _message(path, tf.compat.v1.GraphDef())
    if not graph_def.node:
        raise _refused(path, "holds no graph")
    _check_operators(path, graph_def)
    if variables := [node.name for node in graph_def.node if node.op in _VARIABLES]:
        raise _refused(path, f"is not frozen: {variables[0]} is a variable, kept elsewhere")
    inputs = [node.name for node in graph_def.node if node.op == "Placeholder"]
    ends = _ends(graph_def.node)
    if not inputs or not ends:
        raise _refused(path, "has no placeholder to feed, or nothing to fetch")
    with converting(f"{path.name} cannot be loaded", failures(), _HINT):
        whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph_def, name=""), [])
        tensors = [whole.graph.get_tensor_by_name(f"{name}:0") for name in inputs]
        results = _results(whole.graph.get_operation_by_name(name) for name in ends)
        function = whole.prune(tensors, list(results.values()))
    specs = dict(zip(inputs, tensors, strict=True))
    return Computation("frozen graph", function, declared(specs), tuple(results))


def _results(operations: Iterable[Any]) -> dict[str, Any]:
    """What a graph is fetched for: a node's result by its name, several by their tensors'."""
    found = {}
    for operation in operations:
        results = operation.outputs
        if len(results) == 1 or operation.type in _ONE_RESULT:
            found[operation.name] = results[0]
        else:
            found |= {tensor.name: tensor for tensor in results}
    return found


def _ends(nodes: Iterable[Any]) -> list[str]:
    """The nodes that nothing else reads."""
    nodes = list(nodes)
    read = {each.partition(":")[0].lstrip("^") for node in nodes for each in node.input}
    return [node.name for node in nodes if node.name not in read and node.op not in _NO_RESULT]


def _message(path: Path, message: Any) -> Any:
    from google.protobuf import text_format  # type: ignore[import-untyped]
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        if path.suffix == ".pbtxt":
            text_format.Parse(path.read_text(encoding="utf-8"), message)
        else:
            message.ParseFromString(path.read_bytes())
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        from sagectl.compiler.frontends.detection import looks_like

        raise _refused(
            path, f"is not a TensorFlow model{looks_like(path, 'TENSORFLOW')}"
        ) from error
    return message


def _check_operators(path: Path, graph_def: Any) -> None:
    nodes = [*graph_def.node]
    for function in graph_def.library.function:
        nodes += function.node_def
    if reaching := sorted({node.op for node in nodes if node.op in _REACHING}):
        raise _refused(
            path, f"has {', '.join(reaching)}, which reach beyond it, so it is not loaded"
        )


def _refused(path: Path, why: str) -> RequestError:
    return RequestError(f"{path.name} {why}", stage="import", reason="format", hint=_HINT)
