"""What axe finds on representative pages; `make audit` asks it about every page."""

from __future__ import annotations

import pytest

from tests.site.barriers import barriers
from tests.site.visits import opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_keeps_anybody_from_reading_a_page(site, address, browser, width, scheme):
    with opened(browser, width, scheme) as page:
        found = {}
        for url in ("", "networks/first-network/", "snippets/plot_evaluation/"):
            assert page.goto(address + url).ok
            found[url] = barriers(page)
    assert found == {url: [] for url in found}
