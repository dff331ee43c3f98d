"""XGBoost's deprecated binary form, which 3.1 has stopped reading.

The layout is that of ``LearnerIO::Load`` and ``RegTree::Load`` in xgboost 0.90 to 2.1: C
structures as they lie in memory, little-endian.
"""

from __future__ import annotations

import struct
from typing import Any

from sagectl.compiler.frontends.xgboost.ubj import DamagedError

_MAGIC = b"binf"
# LearnerModelParamLegacy: base_score, num_feature, num_class, contain_extra_attrs,
# contain_eval_metrics, major_version, minor_version, num_target, and room.
_LEARNER = struct.Struct("<fIiiiIII104x")
# GBTreeModelParam: num_trees, num_roots, num_feature, pad, num_pbuffer, num_output_group,
# size_leaf_vector, and room.
_MODEL = struct.Struct("<iiiiqii128x")
# TreeParam: num_roots, num_nodes, num_deleted, max_depth, num_feature, size_leaf_vector.
_TREE = struct.Struct("<iiiiii124x")
_LONGEST_NAME = 1 << 10
_DEFAULT_LEFT = 1 << 31
_NODE = [
    ("parent", "<i4"),
    ("left", "<i4"),
    ("right", "<i4"),
    ("split", "<u4"),
    ("info", "<f4"),
]
_STATS_BYTES = 16


def is_binary(content: bytes) -> bool:
    """Whether bytes begin as the binary form does: parameters, then the objective's name."""
    content = content.removeprefix(_MAGIC)
    if len(content) < _LEARNER.size + 8:
        return False
    (length,) = struct.unpack_from("<Q", content, _LEARNER.size)
    name = content[_LEARNER.size + 8 :][: min(length, _LONGEST_NAME)]
    return 0 < length <= _LONGEST_NAME and name.isascii() and b":" in name


def parsed_binary(content: bytes) -> dict[str, Any]:
    """The document of the JSON form for what is in ``content``. Raises DamagedError."""
    reader = _Reader(content.removeprefix(_MAGIC))
    base, features, classes, has_attributes, _, _, _, targets = reader.unpack(_LEARNER)
    objective, booster = reader.text(), reader.text()
    if booster not in ("gbtree", "dart"):
        raise DamagedError(f"its booster is {booster!r}; gbtree and dart are known")
    count = reader.unpack(_MODEL)[0]
    reader.require(count, _TREE.size)
    trees = [reader.tree(index) for index in range(count)]
    model = {"trees": trees, "tree_info": reader.array("<i4", count).tolist()}
    boosted: dict[str, Any] = {"name": "gbtree", "model": model}
    if booster == "dart":
        dropped = reader.array("<f4", reader.size() if count else 0).tolist()
        boosted = {"name": "dart", "gbtree": boosted, "weight_drop": dropped}
    attributes = reader.attributes() if has_attributes else {}
    return {
        "learner": {
            "attributes": attributes,
            "gradient_booster": boosted,
            "learner_model_param": {
                "base_score": base,
                "num_class": classes,
                "num_feature": features,
                "num_target": max(1, targets),
            },
            "objective": {"name": objective},
        }
    }


class _Reader:
    """A place in a buffer, moved by what is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def require(self, count: int, size: int) -> None:
        if count < 0 or count * size > len(self.content) - self.at:
            raise DamagedError(f"it ends at byte {len(self.content)}, within {count} items")

    def unpack(self, form: struct.Struct) -> tuple[Any, ...]:
        self.require(1, form.size)
        self.at += form.size
        return form.unpack_from(self.content, self.at - form.size)

    def size(self) -> int:
        return int(self.unpack(struct.Struct("<Q"))[0])

    def text(self) -> str:
        size = self.size()
        self.require(size, 1)
        self.at += size
        return self.content[self.at - size : self.at].decode("utf-8", "replace")

    def array(self, dtype: Any, count: int) -> Any:
        import numpy as np

        form = np.dtype(dtype)
        self.require(count, form.itemsize)
        self.at += count * form.itemsize
        return np.frombuffer(self.content, form, count, self.at - count * form.itemsize)

    def attributes(self) -> dict[str, str]:
        count = self.size()
        self.require(count, 16)
        return {self.text(): self.text() for _ in range(count)}

    def tree(self, index: int) -> dict[str, Any]:
        _, count, _, _, _, width = self.unpack(_TREE)
        if width > 1:
            raise DamagedError(f"tree {index} has leaves of {width} numbers")
        nodes = self.array(_NODE, count)
        self.require(count, _STATS_BYTES)
        self.at += count * _STATS_BYTES
        return {
            "left_children": nodes["left"].copy(),
            "right_children": nodes["right"].copy(),
            "split_indices": (nodes["split"] & (_DEFAULT_LEFT - 1)).astype("i4"),
            "split_conditions": nodes["info"].copy(),
            "default_left": (nodes["split"] & _DEFAULT_LEFT != 0).astype("i4"),
        }
