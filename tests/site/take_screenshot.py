"""Take the README's picture of the site: one page, light and dark halves, at 1440 by 900.

    make build && .venv/bin/python tests/site/take_screenshot.py

Reads `site/`, writes `docs/assets/screenshot.webp`. Needs Chromium, as the tests of the site do.
"""

from __future__ import annotations

import functools
import http.server
import io
import shutil
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
PAGE = "networks/first-network/"
FIGURE = 2


def main() -> None:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=ROOT / "site")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/{PAGE}"
        light, dark = (picture(address, scheme) for scheme in ("light", "dark"))
        server.shutdown()
    width, height = light.size
    light.paste(dark.crop((width // 2, 0, width, height)), (width // 2, 0))
    light.save(ROOT / "docs/assets/screenshot.webp", quality=82, method=6)


def picture(address: str, scheme: str) -> Image.Image:
    """Return a screenshot of the page's figure number `FIGURE` with what stands around it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
        page.goto(address)
        figure = page.locator("article img.figure").nth(FIGURE - 1)
        figure.scroll_into_view_if_needed()
        figure.evaluate("each => scrollTo(0, each.getBoundingClientRect().top + scrollY - 420)")
        page.wait_for_function("[...document.images].filter(i => i.src).some(i => i.complete)")
        page.wait_for_load_state("networkidle")
        shot = page.screenshot()
        browser.close()
    return Image.open(io.BytesIO(shot)).convert("RGB")


if __name__ == "__main__":
    main()
