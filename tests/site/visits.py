"""Every page read to its end in a browser: what it fetched, what failed, how wide it is, what contrast it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page

# What is asked of every page depends on the width or on the scheme, on no pair of them.
SCREENS_OF_EVERY_PAGE = [(360, "light"), (1440, "dark")]
CODE = "article .highlight:not(.output) > pre > code"
# A function of an element: the WCAG contrast of its text on the nearest opaque background.
_CONTRAST = """(() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const known = new Map();
    const rgba = colour => {
        if (!known.has(colour)) {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            known.set(colour, canvas.getImageData(0, 0, 1, 1).data);
        }
        return known.get(colour);
    };
    const luminance = ([r, g, b]) => [r, g, b]
        .map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    return element => {
        const text = luminance(rgba(getComputedStyle(element).color));
        let below = element;
        while (below && rgba(getComputedStyle(below).backgroundColor)[3] < 255)
            below = below.parentElement;
        const paper = luminance(rgba(getComputedStyle(below ?? document.body).backgroundColor));
        return (Math.max(text, paper) + 0.05) / (Math.min(text, paper) + 0.05);
    };
})()"""
TEXTS = ("p", ".lead", ".facts a", "ul.claims li", ".output pre code")


@contextmanager
def opened(browser: Browser, width: int, scheme: str) -> Iterator[Page]:
    """A fresh page of one width and one scheme, with the requests it made and the errors it met."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = answering(context.new_page())
    page.requested = []
    page.problems = []
    page.on("request", lambda sent: page.requested.append(sent.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda said: page.problems.append(said.text) if said.type == "error" else None,
    )
    page.width = width
    yield page
    context.close()


def answering(page: Page) -> Page:
    """Have a tab that opens a page of the site wait for its scripts, which run only when the page has been painted."""
    for name in ("goto", "reload"):
        setattr(page, name, _until_scripts_ran(page, getattr(page, name)))
    return page


def _until_scripts_ran(page: Page, go: Callable[..., Any]) -> Callable[..., Any]:
    def go_and_wait(*address: str, **options: Any) -> Any:
        response = go(*address, **options)
        # Asked without a line of script: a strict policy lets none run that stands in a text.
        if page.locator("template#scripts").count():
            page.locator("html[data-scripts]").wait_for(state="attached")
        return response

    return go_and_wait


@dataclass(frozen=True)
class LinkInCode:
    """A name in code that leads somewhere."""

    name: str
    address: str
    is_tab_stop: bool


@dataclass(frozen=True)
class Visit:
    """What a reader's browser did on one page, read to its end."""

    requested: list[str]
    problems: list[str]
    figures: int
    first_figure: float
    images_that_failed: list[str]
    overflow: int
    contrasts: dict[str, float]
    code: list[str]
    links_in_code: list[LinkInCode]


def visits_of(
    browser: Browser, screen: tuple[int, str], address: str, urls: Iterable[str]
) -> dict[str, Visit]:
    """Read pages on one screen, each once: address -> visit."""
    found = {}
    with opened(browser, *screen) as page:
        for url in urls:
            page.requested, page.problems = [], []
            page.goto(address + url, wait_until="load")
            read_to_the_end(page)
            texts = {name: page.locator(f"article {name}").first for name in TEXTS}
            found[url] = Visit(
                page.requested,
                page.problems,
                page.locator("article img.figure").count(),
                page.evaluate(
                    "document.querySelector('article img.figure')?.getBoundingClientRect().y + scrollY"
                ),
                page.locator("article img").evaluate_all(
                    "all => all.filter(each => !each.naturalWidth).map(each => each.src)"
                ),
                page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                ),
                {name: contrast(text) for name, text in texts.items() if text.count()},
                page.locator(CODE).all_text_contents(),
                links_in_code(page),
            )
    return found


def read_to_the_end(page: Page) -> None:
    """Unfold the solutions, bring every figure into view, and wait until each has loaded."""
    # One call, and no waiting for a function: that reads its text anew each time, which a strict policy forbids.
    page.evaluate(
        """() => {
            document.querySelectorAll("article details").forEach(each => each.open = true);
            return Promise.all([...document.querySelectorAll("article img")].map((image) => {
                image.scrollIntoView();
                image.loading = "eager";  // a lazy one waits for a frame, and a busy browser may draw none
                return image.complete || new Promise((done) => { image.onload = image.onerror = done; });
            }));
        }"""
    )


def links_in_code(page: Page) -> list[LinkInCode]:
    """Wait until a page is idle, for then it links the names in its code; return the links."""
    page.evaluate("() => new Promise(done => requestIdleCallback(done))")
    found = page.locator(f"{CODE} a").evaluate_all(
        "all => all.map(each => [each.textContent, each.href, each.tabIndex === 0])"
    )
    return [LinkInCode(*each) for each in found]


def contrast(locator: Locator) -> float:
    """Return the WCAG contrast of an element's text on the nearest opaque background."""
    return locator.evaluate(f"element => {_CONTRAST}(element)")


def faint_texts(page: Page, least: float) -> list[str]:
    """Return the texts of a page that are seen and have less contrast than this."""
    return page.evaluate(
        f"""least => {{
            const contrast = {_CONTRAST};
            const hasText = it => [...it.childNodes].some(each => each.nodeType === 3 && each.data.trim());
            return [...document.querySelectorAll("article *")]
                .filter(it => hasText(it) && it.checkVisibility() && !it.closest("svg"))
                .map(it => [contrast(it), it])
                .filter(([ratio]) => ratio < least)
                .map(([ratio, it]) => `${{ratio.toFixed(1)}}: ${{it.outerHTML.slice(0, 80)}}`);
        }}""",
        least,
    )
