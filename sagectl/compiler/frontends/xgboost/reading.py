"""XGBoost's model files, told apart by how they begin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.xgboost.binary import is_binary, parsed_binary
from sagectl.compiler.frontends.xgboost.ubj import DamagedError, parsed_ubj

if TYPE_CHECKING:
    from pathlib import Path

_PICKLE = b"\x80"
_SAVE = "Save it with: booster.save_model('model.ubj')"


def read_model(path: Path) -> dict[str, Any]:
    """The document in a model file, as ``save_model("model.json")`` would have written it.

    Raises RequestError (reason "format").
    """
    content = path.read_bytes()
    try:
        document = _parsed(content, path.name)
    except (DamagedError, ValueError, RecursionError) as error:
        raise refused(f"{path.name} is no XGBoost model, or a damaged one ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("learner"), dict):
        raise refused(f"{path.name} is no XGBoost model: it has no learner")
    return document


def _parsed(content: bytes, name: str) -> Any:
    head = content[:2]
    if not content:
        raise DamagedError("it is empty")
    if head[:1] == _PICKLE:
        raise refused(f"{name} is a pickle, which runs code when it is read")
    # Both forms begin with a brace; a name follows in JSON, the length of one in UBJSON.
    if head[:1] == b"{" and content[1:].lstrip()[:1] in (b'"', b"}"):
        return json.loads(content)
    if head[:1] == b"{":
        return parsed_ubj(content)
    if is_binary(content):
        return parsed_binary(content)
    raise DamagedError("it begins like none of JSON, UBJSON and the binary form")


def refused(message: str, hint: str = _SAVE) -> RequestError:
    return RequestError(message, stage="import", reason="format", hint=hint)
