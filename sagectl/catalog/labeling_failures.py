"""Why labeling jobs fail, and what to do about it.

Texts: FailureReason of real jobs, in the developer guide and in issues of
amazon-sagemaker-examples (1945, 2928).
"""

from __future__ import annotations

# What the reason holds -> what to do.
HINTS: tuple[tuple[str, str], ...] = (
    (
        "LambdaErrorCode",
        (
            "The role needs lambda:InvokeFunction on the function, which must be in the job's"
            " region; its own log says what it raised."
        ),
    ),
    (
        "AccessDenied",
        "Let the role read the input bucket and write to the output path.",
    ),
    (
        "S3 object does not exist",
        "Run validate --check-objects on the manifest: it names every object that is missing.",
    ),
    (
        "manifest",
        "Run validate on the job's document: it reads the manifest line by line.",
    ),
    (
        "different from AWS Sagemaker service region",
        "Use a bucket in the region of the job.",
    ),
    (
        "labeling errors",
        "The output manifest has a failure-reason for each object that was not labeled.",
    ),
    ("KMS", "Let the role use the key: kms:Decrypt and kms:GenerateDataKey."),
    ("role", "Check that the role exists and that sagemaker.amazonaws.com may assume it."),
)


def failure_hint(reason: str) -> str | None:
    """What to do about a FailureReason, if that is known."""
    return next((hint for words, hint in HINTS if words.lower() in reason.lower()), None)
