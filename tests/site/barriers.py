"""What keeps somebody from reading a page, as axe finds it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def barriers(page: Page) -> list[str]:
    """Unfold everything on a page and return each violation that axe finds with the element that has it."""
    page.evaluate(
        """async () => {
            document.querySelectorAll("article details").forEach(each => each.open = true);
            await document.fonts.ready;
            await new Promise(done => requestIdleCallback(done));
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )
    return violations(page)


def violations(page: Page) -> list[str]:
    """Return what axe finds on a page as it is."""
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['html'][:120]}"
        for violation in found
        for node in violation["nodes"]
    ]
