"""Models of ONNX-ML as exporters write them: maps and names of classes in their outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import AttributeProto, ModelProto, NodeProto, ValueInfoProto

ML = "ai.onnx.ml"
# Operator -> the attributes of its classes: those that are names, and those that are numbers.
_LABELS = {
    "LinearClassifier": ("classlabels_strings", "classlabels_ints"),
    "SVMClassifier": ("classlabels_strings", "classlabels_ints"),
    "TreeEnsembleClassifier": ("classlabels_strings", "classlabels_int64s"),
}
# What hands on what goes in, in another shape or order.
_PASSING = frozenset({"Identity", "Reshape", "Squeeze", "Flatten", "Unsqueeze"})


def has_trees(model: ModelProto) -> bool:
    """Whether decision trees are in it, which are compiled for processors alone."""
    return any(
        node.domain == ML and node.op_type.startswith("TreeEnsemble")
        for node in model.graph.node
    )


def of_tensors(model: ModelProto) -> tuple[ModelProto, tuple[str, ...]]:
    """The model with outputs of maps and of class names as tensors, and what that changed.

    A ZipMap hands out the matrix that it would pack; names of classes become their places.
    Where nothing is so, the model itself.
    """
    from onnx import ModelProto

    if not any(_is_packed(each) for each in model.graph.output):
        return model, ()
    changed = ModelProto()
    changed.CopyFrom(model)
    makers = {name: node for node in changed.graph.node for name in node.output}
    said = [*_unzipped(changed, makers), *_numbered(changed, makers)]
    return (changed, tuple(said)) if said else (model, ())


def _is_packed(output: ValueInfoProto) -> bool:
    from onnx import TensorProto

    is_text: bool = output.type.tensor_type.elem_type == TensorProto.STRING
    return is_text or output.type.WhichOneof("value") == "sequence_type"


def _unzipped(model: ModelProto, makers: Mapping[str, NodeProto]) -> list[str]:
    """Let outputs of ZipMap be what goes into it."""
    from onnx import TensorProto, helper

    said = []
    read = {name for node in model.graph.node for name in node.input}
    for output in model.graph.output:
        maker = makers.get(output.name)
        if maker is None or (maker.domain, maker.op_type) != (ML, "ZipMap"):
            continue
        labels = _classes(maker)
        if output.name in read or not labels:
            continue
        replaced = helper.make_node("Identity", list(maker.input), [output.name], maker.name)
        maker.CopyFrom(replaced)
        output.type.CopyFrom(
            helper.make_tensor_type_proto(TensorProto.FLOAT, (None, len(labels)))
        )
        said.append(
            f"Output {output.name!r} is a matrix in place of a list of maps, a column for each "
            f"class: {', '.join(labels)}"
        )
    return said


def _numbered(model: ModelProto, makers: Mapping[str, NodeProto]) -> list[str]:
    """Let outputs that name classes tell their places."""
    from onnx import TensorProto

    said = []
    for output in model.graph.output:
        if output.type.tensor_type.elem_type != TensorProto.STRING:
            continue
        names = _made_numbers(model, makers, output.name)
        if names is None:
            continue
        output.type.tensor_type.elem_type = TensorProto.INT64
        listed = ", ".join(f"{place} {name}" for place, name in enumerate(names))
        said.append(f"Output {output.name!r} tells classes by their places: {listed}")
    return said


def _made_numbers(
    model: ModelProto, makers: Mapping[str, NodeProto], name: str
) -> list[str] | None:
    """Turn what an output's names come from into places; None where that is not plain."""
    from onnx import TensorProto

    passed = []
    while (node := makers.get(name)) is not None:
        is_text_cast = node.op_type == "Cast" and node.attribute[0].i == TensorProto.STRING
        if not node.domain and (node.op_type in _PASSING or is_text_cast):
            passed += [node] if is_text_cast else []
            name = node.input[0]
        elif node.domain == ML and node.op_type == "ArrayFeatureExtractor":
            name = node.input[0]
        else:
            break
    names = _of_classifier(node) if node is not None else _of_list(model, name)
    if names is not None:
        for each in passed:
            each.attribute[0].i = TensorProto.INT64
    return names


def _of_classifier(node: NodeProto) -> list[str] | None:
    from onnx import helper

    text, number = _LABELS.get(node.op_type, ("", "")) if node.domain == ML else ("", "")
    given = {each.name: each for each in node.attribute}
    if text not in given:
        return None
    names = [each.decode() for each in given[text].strings]
    kept = [each for each in node.attribute if each.name not in (text, number)]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(number, range(len(names)))])
    return names


def _of_list(model: ModelProto, name: str) -> list[str] | None:
    """The names in an initializer that is read by nothing else."""
    import numpy as np
    from onnx import numpy_helper

    for tensor in model.graph.initializer:
        if tensor.name == name and sum(name in node.input for node in model.graph.node) == 1:
            array = numpy_helper.to_array(tensor)
            places = np.arange(array.size, dtype=np.int64).reshape(array.shape)
            tensor.CopyFrom(numpy_helper.from_array(places, name))
            return [
                each.decode() if isinstance(each, bytes) else str(each)
                for each in array.reshape(-1).tolist()
            ]
    return None


def _classes(node: NodeProto) -> list[str]:
    given: dict[str, AttributeProto] = {each.name: each for each in node.attribute}
    if "classlabels_strings" in given:
        return [each.decode() for each in given["classlabels_strings"].strings]
    numbers = given.get("classlabels_int64s")
    return [str(each) for each in numbers.ints] if numbers is not None else []
