"""Shared by the tests of the figures."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure


@pytest.fixture
def assert_fit_for_a_page() -> Callable[[Figure], None]:
    """Assert that a figure is described, closed (and no other left open) and narrow enough for a page."""

    def check(figure: Figure) -> None:
        assert isinstance(figure, Figure)
        assert figure.alt.endswith(".")
        assert len(figure.alt) > 40
        assert not plt.get_fignums()
        assert figure.get_size_inches()[0] <= 7.2

    return check
