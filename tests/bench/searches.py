"""Forty searches as people type them, in the built site's search box: is a right page among the first three?

    make build && .venv/bin/python tests/bench/searches.py [SITE]

Prints for each search the rank of the first right page. Fails below 36 of 40. Needs Chromium, as the tests of
the site do.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
FIRST = 3
ENOUGH = 36
# What is typed, and the pages that answer it.
SEARCHES = {
    "roc curve multiclass": ("snippets/roc/", "snippets/plot_evaluation/", "networks/evaluation/"),
    "plot confusion matrix percent": ("snippets/plot_evaluation/",),
    "reduce overfitting keras": ("networks/regularisation/",),
    "class weights imbalanced": ("snippets/splits/",),
    "stratified train test split": ("snippets/splits/",),
    "early stopping restore best weights": ("snippets/stopping/", "networks/regularisation/"),
    "top k accuracy": ("snippets/thresholds/",),
    "grad cam": ("snippets/explain/", "convnets/explanations/"),
    "average precision per class": ("snippets/thresholds/", "networks/evaluation/"),
    "k fold cross validation keras": ("snippets/cross_validation/",),
    "best threshold binary classifier cost": ("snippets/thresholds/",),
    "confidence interval for accuracy": ("snippets/metrics/", "networks/how-sure/"),
    "model overconfident calibration": ("snippets/calibration/", "networks/how-sure/"),
    "plot training history loss accuracy": ("snippets/plot_training/",),
    "learning rate finder": ("snippets/training/", "networks/experiments/"),
    "load images from folder tf.data": ("snippets/folders/",),
    "mixed precision float16 nan": ("snippets/mixed_precision/",),
    "save keras model with custom layer": ("snippets/saving/",),
    "reproducible results tensorflow seed": ("snippets/reproducible/",),
    "count flops keras model": ("snippets/network_costs/",),
    "receptive field of cnn": ("snippets/network_costs/", "convnets/convolution/"),
    "fine tune pretrained model freeze layers": (
        "snippets/transfer/",
        "convnets/transfer-learning/",
    ),
    "find duplicate images train test": ("snippets/augmentation/",),
    "fgsm adversarial attack": ("snippets/explain/", "convnets/explanations/"),
    "convert keras model to tflite": ("snippets/export/", "beyond/export/"),
    "tflite quantization": ("snippets/export/", "beyond/export/"),
    "check gradient numerically": ("snippets/gradients/", "foundations/gradients/"),
    "multiworkermirroredstrategy": ("snippets/distributed/", "beyond/distributed/"),
    "numpy broadcasting shape mismatch": ("foundations/broadcasting/", "snippets/tensors/"),
    "show grid of images matplotlib": ("snippets/plot_images/",),
    "backpropagation": ("foundations/gradients/", "foundations/training-by-hand/"),
    "loss is nan": (
        "when-it-goes-wrong/stuck-loss/",
        "foundations/training-by-hand/",
        "snippets/mixed_precision/",
    ),
    "gpu out of memory": ("foundations/broadcasting/", "snippets/batch_sizes/"),
    "multi gpu training": ("beyond/distributed/", "snippets/distributed/"),
    "SparseCategoricalCrossentropy from_logits": (
        "networks/first-network/",
        "networks/functional-api/",
        "foundations/training-by-hand/",
    ),
    "GradientTape": ("foundations/gradients/", "snippets/gradients/"),
    "expected ndim=4, found ndim=3": ("when-it-goes-wrong/shapes/", "convnets/convolution/"),
    "cannot take the length of shape with unknown rank": (
        "when-it-goes-wrong/shapes/",
        "when-it-goes-wrong/pipelines/",
    ),
    "color jitter": ("convnets/augmentation/", "snippets/augmentation/"),
    "image_dataset_from_directory": ("convnets/own-photographs/", "snippets/folders/"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("site", nargs="?", type=Path, default=ROOT / "site")
    given = parser.parse_args()
    with search_page(given.site) as (page, address):
        listed = {typed: results(page, address, typed) for typed in SEARCHES}
    for typed, pages in listed.items():
        print(f"{rank(typed, pages) or '-':>3}  {typed:42} {', '.join(pages[:FIRST])}")
    found = sum(rank(typed, pages[:FIRST]) is not None for typed, pages in listed.items())
    print(f"{found} of {len(SEARCHES)} have a right page in the first {FIRST}")
    sys.exit(found < ENOUGH)


def rank(typed: str, pages: list[str]) -> int | None:
    """Return the place of the first page that answers a search, from 1."""
    return next((place for place, page in enumerate(pages, 1) if page in SEARCHES[typed]), None)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing: the output is the table."""


@contextmanager
def search_page(site: Path) -> Iterator[tuple[Page, str]]:
    """Serve a built site, and open its first page in a browser."""
    handler = functools.partial(_Quiet, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(address)
            yield page, address
            browser.close()
        server.shutdown()


def results(page: Page, address: str, typed: str) -> list[str]:
    """Type a search; return the pages that are listed, relative to the site."""
    page.locator(".md-search-result__item").evaluate_all(
        "all => all.forEach(each => each.dataset.before = '')"
    )
    box = page.get_by_role("textbox", name="Search")
    box.fill(typed)
    box.press("End")  # the search listens to keys
    page.wait_for_selector(
        ".md-search-result__item:not([data-before]), .md-search-result__meta:text('No matching')",
        state="attached",
    )
    links = page.locator(".md-search-result__item").evaluate_all(
        "all => all.map(each => each.querySelector('a').href)"
    )
    return [urlsplit(link.removeprefix(address)).path for link in links]


if __name__ == "__main__":
    main()
