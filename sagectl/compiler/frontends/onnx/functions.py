"""Bodies of operators that are functions: the model's own, and those of ONNX's schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.protos import node_proto, opset_versions
from sagectl.compiler.frontends.onnx.typing import schema_of, type_proto

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import AttributeProto, FunctionProto, ModelProto, NodeProto

    from sagectl.compiler.frontends.onnx.graph import Node


def of_one_version(model: ModelProto) -> ModelProto:
    """The model with its functions written out, where they import another operator set.

    onnxruntime takes the operators of a function for those of the model's own set. Where
    ONNX cannot convert them, and where all import the same, the model itself.
    """
    from onnx.inliner import inline_local_functions

    versions = opset_versions(model.opset_import)
    imported = [opset_versions(each.opset_import) for each in model.functions]
    if all(versions.get(name, n) == n for each in imported for name, n in each.items()):
        return model
    try:
        return inline_local_functions(model, True)
    except RuntimeError:
        return model


def schema_function(node: Node) -> FunctionProto | None:
    """The body that ONNX's schema gives for this application of the operator.

    Some bodies depend on attributes, left-out inputs and element types; the schema builds
    those for the node at hand.
    """
    from onnx import FunctionProto

    schema = schema_of(node)
    if schema is None:
        return None
    if schema.has_context_dependent_function:
        versions = [
            version
            for version in schema.context_dependent_function_opset_versions
            if version <= node.version
        ]
        if versions:
            types = [
                b"" if value is None else type_proto(value).SerializeToString()
                for value in node.inputs
            ]
            text = schema.get_context_dependent_function_with_opset_version(
                max(versions), node_proto(node).SerializeToString(), types
            )
            body = FunctionProto.FromString(text)
            return body if body.node else None
    if schema.has_function:
        return schema.function_body if schema.function_body.node else None
    return None


def bound_attributes(body: FunctionProto, node: Node) -> dict[str, AttributeProto]:
    """What the body's ``ref_attr_name`` means here: given, else the default."""
    bound = {each.name: each for each in body.attribute_proto}
    schema = schema_of(node)
    if schema is not None:
        for name, declared in schema.attributes.items():
            if declared.default_value.name:
                bound[name] = declared.default_value
    return bound | dict(node.attributes)


def resolved_attributes(
    proto: NodeProto, bound: Mapping[str, AttributeProto]
) -> dict[str, AttributeProto]:
    """The node's attributes with references to the enclosing function's replaced."""
    from onnx import AttributeProto

    resolved = {}
    for attribute in proto.attribute:
        if not attribute.ref_attr_name:
            resolved[attribute.name] = attribute
        elif attribute.ref_attr_name in bound:
            copy = AttributeProto()
            copy.CopyFrom(bound[attribute.ref_attr_name])
            copy.name = attribute.name
            resolved[attribute.name] = copy
    return resolved
