"""What to do about the reasons that SageMaker gives for failed jobs.

The texts are those of the developer guide's page on troubleshooting Neo, and of issues in
which users quote them (aws/amazon-sagemaker-examples, neo-ai/neo-ai-dlr).
"""

from __future__ import annotations

import re

_FRAMEWORK = "Check that InputConfig.Framework names what the model was saved with"
_SHAPES = "Check the names and shapes in DataInputConfig against the inputs of the model."

# A part of the reason -> what to do, first match wins.
_HINTS = (
    (
        r"operators are not implemented",
        "Replace these operators, export another operator set, or try sagectl compile build.",
    ),
    (r"Exactly one \.pbt?", "Put one .pb or .pbtxt file into the archive."),
    (r"h5 files? provided", "Put exactly one .h5 file at the top of the archive."),
    (r"sample_weight_mode", "Save the Keras model again with an older Keras (2.2)."),
    (r"should be provided in NCHW", "Give shapes as batch, channels, height, width (NCHW)."),
    (r"Only one parameter file", f"{_FRAMEWORK}, and put one .params file into the archive."),
    (
        r"S3 object does not exist",
        "Upload the model, or correct InputConfig.S3Uri; apply --dry-run=server looks first.",
    ),
    (
        r"bucket \S+ does not exist",
        "Check the bucket's name and the region, or let {upload: PATH} send the model.",
    ),
    (
        r"is in region .* different from",
        "Copy the bucket's objects to the job's region, or give the job the bucket's region.",
    ),
    (r"Unable to untar", "Make a tar.gz of the model's files; {upload: PATH} does it for you."),
    (r"No valid Mxnet model", f"{_FRAMEWORK}, and put NAME-symbol.json into the archive."),
    (r"No pth file", f"{_FRAMEWORK}; PyTorch wants one .pth or .pt file in the archive."),
    (
        r"list index out of range|input-shape mismatch|Input names and shapes|wrong shape",
        _SHAPES,
    ),
    (r"unknown TensorShape", "Export the model with fixed shapes, or set them in its graph."),
    (
        r"No operations were successfully partitioned",
        "The model has nothing that this accelerator runs: choose another target.",
    ),
    (
        r"Incompatible (Tensorflow|ONNX) model",
        f"{_FRAMEWORK}; sagectl compile build MODEL says which operator is at fault.",
    ),
    (
        r"invoking the Lambda function",
        "Check that the function exists in this region and that the role may invoke it.",
    ),
    (r"[Ii]nternal [Ss]erver [Ee]rror|InternalServerError", "Run it again: --retry-failed."),
    (r"AccessDenied|not authorized|Access Denied", "Give the job's role the right it lacks."),
)


def failure_hint(reason: str) -> str | None:
    """What to do about a job that failed for ``reason``, if that is known."""
    return next((hint for pattern, hint in _HINTS if re.search(pattern, reason)), None)
