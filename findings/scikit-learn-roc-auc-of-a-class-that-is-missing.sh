#!/bin/sh
# scikit-learn 1.9.1: roc_auc_score where one of three classes has no example is nan, or a number without a word.
#
# The same labels and scores, `labels=[0, 1, 2]` given in both calls. Seen:
#
# - multi_class="ovr": nan, with an UndefinedMetricWarning.
# - multi_class="ovo": the mean over the pairs of classes that have examples, here one of three, and no warning:
#   scores that never rank the missing class well, or badly, get 1.0.
# Expected: the same answer to both, nan with a warning, since in both an area is undefined that the mean includes;
# or, in both, the mean of what is defined, with a warning that says what was left out.
#
# Run: sh findings/scikit-learn-roc-auc-of-a-class-that-is-missing.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check scikit-learn==1.9.1 numpy==2.4.6
cat > auc.py <<'PYTHON'
import warnings

import numpy as np
from sklearn.metrics import roc_auc_score

labels = np.array([0, 0, 1, 1])  # no example of class 2
scores = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
for way in ("ovr", "ovo"):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        area = roc_auc_score(labels, scores, multi_class=way, labels=[0, 1, 2])
    print(way, round(float(area), 4), [each.category.__name__ for each in caught])
PYTHON
cat > expected <<'TEXT'
ovr nan ['UndefinedMetricWarning']
ovo 1.0 []
TEXT
.venv/bin/python auc.py > seen
cat seen
diff expected seen && echo "As described."
