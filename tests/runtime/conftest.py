"""One compiled model for all tests of the loader."""

from tests.compiler.conftest import model, package

__all__ = ["model", "package"]
