from __future__ import annotations

import sys

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.extras import EXTRAS, require


@pytest.mark.parametrize("framework", EXTRAS)
def test_a_missing_extra_is_told_with_the_command_that_brings_it(
    framework: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra, modules = EXTRAS[framework]
    monkeypatch.setitem(sys.modules, modules[0], None)  # as Python itself marks one that is not

    with pytest.raises(RequestError, match=modules[0]) as caught:
        require(framework)

    assert caught.value.reason == "extra"
    assert f"pip install 'sagectl[{extra}]'" in (caught.value.hint or "")
