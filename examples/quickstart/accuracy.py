"""Score digits.onnx and a compiled package of it on the 450 images of the test set.

python examples/quickstart/accuracy.py PACKAGE
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime

from sagectl import runtime

HERE = Path(__file__).parent


def main(package: str) -> None:
    test = np.load(HERE / "digits-test.npz")
    session = onnxruntime.InferenceSession(HERE / "digits.onnx")
    compiled = runtime.load(package)
    before, after = [], []
    for image in test["image"][:, None]:
        before.append(session.run(["probability"], {"image": image})[0][0])
        after.append(compiled.run({"image": image})["probability"][0])
    print(f"onnxruntime  {accuracy(before, test['label']):.4f}")
    print(f"compiled     {accuracy(after, test['label']):.4f}")
    print(
        f"largest difference of a probability: {np.abs(np.subtract(before, after)).max():.1e}"
    )


def accuracy(probabilities: list[np.ndarray], labels: np.ndarray) -> float:
    return float(np.mean(np.argmax(probabilities, axis=1) == labels))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
