"""botocore's failures, told as sagectl's own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagectl.errors import (
    CredentialsError,
    InputError,
    NotFoundError,
    SagectlError,
    ServiceError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOT_FOUND_CODES = frozenset(
    ("ResourceNotFound", "ResourceNotFoundException", "NoSuchBucket", "NoSuchKey", "404")
)
# Describe and Delete of workforces, work teams and labeling jobs answer ValidationException
# for what is not there; terraform-provider-aws tells the texts apart the same way.
_NOT_FOUND_TEXTS = ("No workforce", "The work team", "does not exist", "Could not find")
_SIGN_IN_CODES = frozenset(
    (
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "OptInRequired",
        "SignatureDoesNotMatch",
        "UnauthorizedOperation",
        "UnrecognizedClientException",
        "403",
    )
)
_HINTS = {
    "AccessDenied": "Ask for a policy that allows this action on this resource.",
    "AccessDeniedException": "Ask for a policy that allows this action on this resource.",
    "ExpiredToken": "Sign in again: aws sso login, or new session credentials.",
    "ExpiredTokenException": "Sign in again: aws sso login, or new session credentials.",
    "UnrecognizedClientException": "The access key is unknown here: check the profile, "
    "the region and the partition.",
    "InvalidSignatureException": "Check the secret key, and this machine's clock.",
    "ThrottlingException": "The service asks for fewer calls: lower --parallel, or raise "
    "AWS_MAX_ATTEMPTS.",
    "ResourceLimitExceeded": "Delete what is not needed, or have the quota raised.",
}
_NO_CREDENTIALS_HINT = (
    "Set AWS_PROFILE or --profile, or run `aws configure`. To work without AWS, add --local."
)
# botocore's classes of failure without an answer from the service -> our class, and what to do.
_UNANSWERED: dict[str, tuple[type[SagectlError], str | None]] = {
    "NoCredentialsError": (CredentialsError, _NO_CREDENTIALS_HINT),
    "PartialCredentialsError": (CredentialsError, _NO_CREDENTIALS_HINT),
    "CredentialRetrievalError": (CredentialsError, _NO_CREDENTIALS_HINT),
    "TokenRetrievalError": (CredentialsError, "Sign in again: aws sso login."),
    "SSOError": (CredentialsError, "Sign in again: aws sso login."),
    "LoginError": (CredentialsError, "Sign in again: aws login."),
    "ParamValidationError": (InputError, None),
    "InvalidRegionError": (InputError, "Check --region."),
    "NoRegionError": (InputError, "Give --region, or set AWS_REGION."),
    "EndpointConnectionError": (
        ServiceError,
        "Check the network, --region and --endpoint-url. To work without AWS, add --local.",
    ),
    "SSLError": (ServiceError, "Behind a proxy with its own certificates, set AWS_CA_BUNDLE."),
    "ProxyConnectionError": (ServiceError, "Check HTTPS_PROXY and NO_PROXY."),
    "HTTPClientError": (ServiceError, "Try again; the connection broke."),
}


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Have botocore's failures of ``operation`` leave as SagectlErrors."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise refusal(error.response, operation) from error
    except BotoCoreError as error:
        raise unanswered(error, operation) from error


def refusal(response: Any, operation: str) -> SagectlError:
    """The error for what the service answered; ``response`` is a ClientError's."""
    told = response.get("Error", {})
    code, message = told.get("Code", "Unknown"), told.get("Message", "") or "no reason given"
    about = response.get("ResponseMetadata", {})
    if code in _SIGN_IN_CODES:
        return CredentialsError(
            f"{operation}: {code}: {message}", hint=_HINTS.get(code, _NO_CREDENTIALS_HINT)
        )
    is_missing = code in _NOT_FOUND_CODES or (
        code == "ValidationException"
        and operation.startswith(("Describe", "Delete", "Stop", "List"))
        and any(text in message for text in _NOT_FOUND_TEXTS)
    )
    return (NotFoundError if is_missing else ServiceError)(
        code,
        message,
        status=about.get("HTTPStatusCode", 400),
        operation=operation,
        request_id=about.get("RequestId"),
        hint=_HINTS.get(code),
    )


def unanswered(error: Exception, operation: str) -> SagectlError:
    """The error for a call that no service answered."""
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _UNANSWERED:
            kind, hint = _UNANSWERED[ancestor.__name__]
            break
    else:
        kind, hint = ServiceError, None
    if kind is ServiceError:
        return ServiceError(
            type(error).__name__, str(error), status=0, operation=operation, hint=hint
        )
    return kind(f"{operation}: {error}", hint=hint)
