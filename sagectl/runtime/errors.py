"""What can go wrong between a package and its outputs."""

from __future__ import annotations


class RunnerError(Exception):
    """Base of all; the message says what is wrong, ``hint`` what to do about it."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PackageError(RunnerError):
    """A package that is damaged, unsafe, none at all, or for another machine."""


class LibraryError(RunnerError):
    """TVM's runtime library is missing or cannot be loaded."""


class TensorError(RunnerError):
    """An input that the model does not take: its name, type or shape."""
