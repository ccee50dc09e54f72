#!/bin/sh
# scikit-learn 1.9.1 (NumPy 2.4.6): what a confident mistake costs in log_loss depends on the dtype it is stored in.
#
# A network that gives probability 1 to the wrong class has an infinite loss. `sklearn.metrics.log_loss` keeps
# probabilities away from 0 by the machine epsilon of the array's dtype, without a word. Seen, one mistake with
# the same three sets of numbers, all exact in each dtype:
#
# - float64: 36.04, float32: 15.94, float16: 6.93.
# - So the mean over a test set with a few such mistakes, and the order of two networks, may differ by whether the
#   probabilities come from Keras (float32) or were computed in NumPy (float64).
# Expected: one bound for all, or a warning; `eps`, by which a caller once chose it, is no argument any more.
#
# Run: sh findings/scikit-learn-log-loss-depends-on-the-dtype.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cat > loss.py <<'PYTHON'
import warnings

import numpy as np
from sklearn.metrics import log_loss

warnings.simplefilter("error")
probabilities = np.array([[1.0, 0.0]])
for dtype in ("float64", "float32", "float16"):
    print(dtype, round(float(log_loss([1], probabilities.astype(dtype), labels=[0, 1])), 2))
try:
    log_loss([1], probabilities, labels=[0, 1], eps=1e-7)
except TypeError as error:
    print("eps:", type(error).__name__)
PYTHON
cat > expected <<'TEXT'
float64 36.04
float32 15.94
float16 6.93
eps: TypeError
TEXT
.venv/bin/python loss.py > seen
cat seen
diff expected seen && echo "As described."
