"""Figures and tables for deep-learning notebooks, each with alt text written from the data it draws.

Needs: matplotlib, numpy. Copy this one file into your project and `import plots`.

Every function creates its figure with pyplot, sets `figure.alt` to a sentence that says what the
figure shows, closes the figure and returns it: leave the call as a cell's last expression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure


def _finish(figure: Figure, alt: str) -> Figure:
    """Attach the alt text and close, so that a notebook shows the figure once."""
    figure.alt = alt
    plt.close(figure)
    return figure
