"""What to do about a failed compilation, by what its FailureReason says.

The texts are those seen in FailureReason of real jobs: the developer guide's page on
troubleshooting Neo, and issues of sagemaker-python-sdk (2062), amazon-sagemaker-examples (846,
986, 1037, 1284, 2784) and neo-ai-dlr (24, 243).
"""

from __future__ import annotations

# Part of a FailureReason -> what to do; the first that is found counts.
HINTS = {
    "Unable to untar input model": "The input must be a tar.gz that holds the model; "
    "{upload: PATH} of the model file packs it.",
    "S3 object does not exist": "Put the model there, or write {upload: PATH} as S3Uri.",
    "which is different from AWS Sagemaker service region": "Copy the model to a bucket of "
    "the job's region.",
    "bucket": "Check the name and the region of the bucket, and what the role may read.",
    "Failed to assume role": "Let sagemaker.amazonaws.com assume RoleArn in its trust policy.",
    "operators are not implemented": "Export the model without these operators, or in an "
    "older operator set.",
    "has wrong shape in Input Shape dictionary": "Give the shapes of DataInputConfig in NCHW "
    "order.",
    "shape mismatch": "Compare DataInputConfig with the model's own input names and shapes.",
    "Check 1. Input names": "Compare DataInputConfig with the model's own input names and "
    "shapes.",
    "Exactly one .pb": "Leave one .pb or .pbtxt file in the archive.",
    "h5 file": "Put exactly one .h5 file into the archive.",
    "Only one parameter file": "Leave one -symbol.json and one .params file in the archive.",
    "No valid Mxnet model file": "Put one -symbol.json and one .params file into the archive.",
    "No pth file": "Put one .pth file into the archive.",
    "Incompatible": "Check Framework, and that the file is a model that its own runtime loads.",
    "make sure the framework you select": "Check that Framework is what the model was made "
    "with.",
    "MaxRuntimeInSeconds": "Raise StoppingCondition.MaxRuntimeInSeconds.",
    "held more than": "Give it more memory, or run fewer jobs at once (SAGECTL_WORKERS).",
    "internal server error": "Try again in a few minutes with --retry-failed.",
    "unexpected error": "Check the inputs, then try again with --retry-failed.",
}


def failure_hint(reason: str) -> str | None:
    """What to do about a job that failed for ``reason``, None where nothing is known."""
    return next((hint for text, hint in HINTS.items() if text in reason), None)
