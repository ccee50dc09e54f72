"""A reader's screens, and the site as a strict host serves it."""

from __future__ import annotations

import re

import pytest

from tests.site.hosting import hosted
from tests.site.visits import opened


@pytest.fixture
def laptop(browser):
    with opened(browser, 1440, "light") as page:
        yield page


@pytest.fixture
def phone(browser):
    with opened(browser, 360, "light") as page:
        yield page


@pytest.fixture(scope="session")
def guarded(site):
    """Where the site answers with the policy that its build wrote."""
    (policy,) = re.findall(
        r"Content-Security-Policy: (.+)", (site.folder / "_headers").read_text(encoding="utf-8")
    )
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    with hosted(site.folder, {"Content-Security-Policy": policy}, "/course/") as address:
        yield address
