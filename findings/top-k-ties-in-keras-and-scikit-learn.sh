#!/bin/sh
# Keras 3.15.1 (TensorFlow 2.21.0) and scikit-learn 1.9.1: what a tie is worth in top-k accuracy.
#
# A network that has collapsed gives every class the same score. One expects its top-1 accuracy to be that
# of a guess, or worse, and two libraries to agree. Seen, three examples of three classes, one of each:
#
# - `keras.metrics.SparseTopKCategoricalAccuracy(k=1)` gives 1.0: each true class is among the first.
# - `sklearn.metrics.top_k_accuracy_score(k=1)` gives 1/3, and example by example 0, 0, 1: of equal scores
#   the class with the largest label comes first.
# - On the same scores as float64, NumPy's own type, Keras's metric raises InvalidArgumentError, where
#   `SparseCategoricalAccuracy` takes them.
# - For two classes, scikit-learn's function refuses scores of shape (n, 2) and asks for `labels`, although
#   `labels=[0, 1]` was passed: it takes only the scores of the second class.
#
# Run: sh findings/top-k-ties-in-keras-and-scikit-learn.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check \
  tensorflow==2.21.0 keras==3.15.1 scikit-learn==1.9.1
cat > ties.py <<'PYTHON'
import keras
import numpy as np
from sklearn.metrics import top_k_accuracy_score

labels, scores = np.array([0, 1, 2]), np.full((3, 3), 1 / 3)


def of_keras(scores, name="SparseTopKCategoricalAccuracy", **options):
    try:
        return float(getattr(keras.metrics, name)(**options)(labels, scores))
    except Exception as error:
        return type(error).__name__


print("keras, float32:", of_keras(scores.astype("float32"), k=1))
print("keras, float64:", of_keras(scores, k=1))
print("keras, accuracy, float64:", round(of_keras(scores, "SparseCategoricalAccuracy"), 3))
print("scikit-learn:", round(top_k_accuracy_score(labels, scores, k=1), 3))
each = [top_k_accuracy_score([y], scores[:1], k=1, labels=range(3)) for y in labels]
print("scikit-learn, one by one:", [float(value) for value in each])
try:
    print(top_k_accuracy_score([0, 1, 1], np.full((3, 2), 0.5), k=1, labels=[0, 1]))
except ValueError as error:
    print("scikit-learn, two classes:", "`labels` must be provided" in str(error))
PYTHON
cat > expected <<'TEXT'
keras, float32: 1.0
keras, float64: InvalidArgumentError
keras, accuracy, float64: 0.333
scikit-learn: 0.333
scikit-learn, one by one: [0.0, 0.0, 1.0]
scikit-learn, two classes: True
TEXT
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python ties.py 2> log > seen || { cat log; exit 1; }
cat seen
diff expected seen && echo "As described."
