"""Inputs as an exported program of PyTorch declares them, read without torch."""

from __future__ import annotations

import json
import re
import zipfile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.pytorch.files import EXPORTED, is_graph, vetted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared

# Numbers of torch's serialised ScalarType -> numpy's names.
_TYPES: Mapping[int, str] = MappingProxyType(
    {
        1: "uint8",
        2: "int8",
        3: "int16",
        4: "int32",
        5: "int64",
        6: "float16",
        7: "float32",
        8: "float64",
        12: "bool",
    }
)
# The whole of a size that is a symbol, as sympy's srepr writes it with what is assumed of it.
_SYMBOL = re.compile(r"Symbol\('(\w+)'[^()]*\)$")


def declared(path: Path) -> tuple[Declared, ...] | None:
    """The tensors among forward's arguments; None for TorchScript, which does not tell them.

    Nor are they told of types that numpy lacks, and of damaged files.
    """
    try:
        if vetted(path) != EXPORTED:
            return None
        with zipfile.ZipFile(path) as archive:
            (name,) = filter(is_graph, archive.namelist())
            module = json.loads(archive.read(name))["graph_module"]
        values = module["graph"]["tensor_values"]
        given = [
            each["user_input"]["arg"]
            for each in module["signature"]["input_specs"]
            if "user_input" in each
        ]
        names = [each["as_tensor"]["name"] for each in given if "as_tensor" in each]
        return tuple((each, *_tensor(values[each])) for each in names) or None
    except (AttributeError, LookupError, OSError, RequestError, TypeError, ValueError):
        return None


def _tensor(value: Any) -> tuple[str, list[int | str | None]]:
    return _TYPES[value["dtype"]], [_size(each) for each in value["sizes"]]


def _size(written: Any) -> int | str | None:
    """A size, or the name of an open one; None for what is reckoned from others."""
    if "as_int" in written:
        return int(written["as_int"])
    symbol = _SYMBOL.match(str(written["as_expr"]["expr_str"]))
    return symbol[1] if symbol else None
