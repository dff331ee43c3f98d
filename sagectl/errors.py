"""Every failure sagectl reports on purpose, with the exit code it earns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sagectl.diagnostics import Diagnostic


EXIT_CODES = {
    0: "Done; for `diff`: nothing to change.",
    1: "A question answered no, never an error: `diff` found changes.",
    2: "Your input: usage, manifest, request or file; all findings are listed.",
    3: "The service refused, what was named does not exist, or the local state is unusable.",
    4: "No credentials, or the caller may not do this.",
    5: "A compilation, or a job that was waited for, ended Failed or Stopped.",
    6: "An apply was done in part: a call failed.",
    7: "A verification failed, or a benchmark missed its threshold.",
    70: "A bug: one line on screen, a crash log written, its path shown.",
    124: "A wait timed out.",
    130: "Interrupted: what was done and what was not is said.",
    141: "Whoever read the output closed it.",
}


class SagectlError(Exception):
    """Base of all expected failures; whatever is not one of these is a bug (exit 70).

    The message says what is wrong and where, ``hint`` what to do about it.
    """

    exit_code: ClassVar[int]

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(SagectlError):
    """What the user gave cannot be used: a flag, a file, a model."""

    exit_code = 2


class FindingsError(InputError):
    """A manifest or request breaks the schema or a rule; carries every finding."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class MissingExtraError(InputError):
    """A feature needs a package that is not installed; the hint is the pip command."""


class ServiceError(SagectlError):
    """The service refused a call, or what was named does not exist.

    ``code`` is the service's own (``ResourceInUse``), ``status`` the HTTP status it came with.
    """

    exit_code = 3

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        operation: str | None = None,
        request_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.status = status
        self.operation = operation
        self.request_id = request_id

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class NotFoundError(ServiceError):
    """What was named does not exist."""


class StateError(SagectlError):
    """The local state directory or its database cannot be used."""

    exit_code = 3


class CredentialsError(SagectlError):
    """No credentials, or the caller may not do this."""

    exit_code = 4


class JobFailedError(SagectlError):
    """A compilation, or a job that was waited for, ended Failed or Stopped."""

    exit_code = 5


class CompileError(JobFailedError):
    """A model could not be compiled.

    ``stage`` is the step that failed (import, optimize, schedule, generate, link, package,
    verify), ``reason`` one of the words of ``COMPILE_REASONS``, ``details`` what a message in
    another voice needs (``{"operators": ["Foo"]}``).
    """

    def __init__(
        self,
        message: str,
        *,
        stage: str,
        reason: str,
        details: Mapping[str, Any] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.stage = stage
        self.reason = reason
        self.details = dict(details or {})


COMPILE_REASONS = (
    "archive",  # not a tar.gz, or an unsafe one
    "no-model",  # no model file of the framework in it
    "several-models",
    "format",  # a file that is not what its name says, or of another framework
    "operator",  # an operator the compiler lacks
    "input",  # shapes or names that do not fit the model
    "extra",  # a package that reads the framework is not installed
    "target",  # a platform or option that cannot be served
    "linker",
    "mismatch",  # compiled, but its results differ from the reference
    "internal",  # the compiler failed
)


class PartialApplyError(SagectlError):
    """An apply was done in part; the message says what was and what was not."""

    exit_code = 6


class VerificationError(SagectlError):
    """A compiled model differs from its reference, or a benchmark missed its threshold."""

    exit_code = 7


class WaitTimeoutError(SagectlError):
    """A wait ran out of time."""

    exit_code = 124


class InterruptedRunError(SagectlError):
    """The user interrupted; the message says what was done and what was not."""

    exit_code = 130
