"""Values of AWS Secrets Manager."""

from __future__ import annotations

from sagectl.errors import InputError
from sagectl.gateway.failures import translated


def secret_text(name: str, region: str, *, profile: str | None = None) -> str:
    """The text of a secret by name, or by ARN in the ARN's own region.

    Raises NotFoundError, CredentialsError, and InputError for a secret that is no text.
    """
    from sagectl.gateway.session import client

    if name.startswith("arn:"):
        region = name.split(":")[3]
    with translated("GetSecretValue"):
        answer = client("secretsmanager", region, profile=profile).get_secret_value(
            SecretId=name
        )
    text: str | None = answer.get("SecretString")
    if text is None:
        raise InputError(
            f"the secret {name} is binary, and text is wanted", hint="Store it as SecretString."
        )
    return text
