"""Train the quickstart's model: handwritten digits, from data that ships with scikit-learn.

    pip install 'sagectl[examples]'
    python examples/quickstart/train.py

Writes ``digits.onnx`` (the classifier, batch size left open) and ``digits-test.npz`` (the 450
images it has never seen, with their labels) beside this file. The same versions of
scikit-learn and numpy give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).parent


def main() -> None:
    pixels, labels = load_digits(return_X_y=True)
    images = (pixels / 16).astype(np.float32)
    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=450, random_state=0, stratify=labels
    )
    classifier = MLPClassifier((128, 64), alpha=1e-3, max_iter=400, random_state=0)
    classifier.fit(train, train_labels)
    onnx.save(exported(classifier), HERE / "digits.onnx")
    np.savez_compressed(HERE / "digits-test.npz", image=test, label=test_labels)
    print(f"accuracy on 450 unseen images: {classifier.score(test, test_labels):.4f}")


def exported(classifier: MLPClassifier) -> onnx.ModelProto:
    """The classifier as an ONNX graph: ``image`` [N, 64] to ``probability`` [N, 10]."""
    nodes, weights, value = [], [], "image"
    layers = list(zip(classifier.coefs_, classifier.intercepts_, strict=True))
    for index, (weight, bias) in enumerate(layers):
        names = [f"weight{index}", f"bias{index}"]
        weights += [
            numpy_helper.from_array(array.astype(np.float32), name)
            for array, name in zip((weight, bias), names, strict=True)
        ]
        is_last = index == len(layers) - 1
        nodes += [
            helper.make_node("Gemm", [value, *names], [f"sum{index}"]),
            helper.make_node(
                "Softmax" if is_last else "Relu",
                [f"sum{index}"],
                ["probability" if is_last else f"hidden{index}"],
            ),
        ]
        value = f"hidden{index}"
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 64])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N", 10])],
        weights,
    )
    model = helper.make_model(
        graph, producer_name="", opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    main()
