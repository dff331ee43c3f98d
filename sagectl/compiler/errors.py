"""The compile failure that is the asker's to mend."""

from __future__ import annotations

from sagectl.errors import CompileError, InputError


class RequestError(CompileError, InputError):
    """What was asked of the compiler cannot be: an option, a target, a shape, a model file.

    An input error to a command (exit 2), a failed compilation with its reason to a job.
    """

    exit_code = InputError.exit_code
