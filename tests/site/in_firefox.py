"""Three pages driven in Firefox, wide and light and narrow and dark: what a reader does there has its effect.

    .venv/bin/python -m tests.site.in_firefox SITE [FOLDER]

Prints what did not, and writes a screenshot of each page and screen to FOLDER. `make audit` counts the same.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.site.firefox import Firefox, firefox
from tests.site.hosting import hosted

SCREENS = ((1280, "light"), (360, "dark"))
SETTLED = "document.documentElement.dataset.scripts && document.fonts.status == 'loaded'"


def everywhere(window: Firefox, scheme: str) -> dict[str, bool]:
    """Return what holds of any page: its name -> whether it does."""
    wanted = "slate" if scheme == "dark" else "default"
    return {
        "has loaded with its fonts": window.until(SETTLED),
        "has the system's scheme": window.until(f"document.body.dataset.mdColorScheme == '{wanted}'"),
        "does not scroll sideways": window.evaluate("document.body.scrollWidth <= innerWidth"),
        "shows figures of its scheme": window.evaluate(
            f"""[...document.querySelectorAll("article picture > img.figure")]
                .filter(it => it.complete && it.naturalWidth)
                .every(it => it.currentSrc.includes("-dark.") == {str(scheme == "dark").lower()})"""
        ),
    }


def home(window: Firefox, scheme: str) -> dict[str, bool]:
    """Search for a typing error's sake, and follow the first result."""
    window.click("label.md-header__button[for=__search], .md-search__input")
    window.until("document.activeElement.matches('.md-search__input')")
    window.press(*"confusoin matrix")
    first = "document.querySelector('.md-search-result__item a')"
    found = window.until(f"{first}?.href.includes('evaluation') || {first}?.href.includes('confusion')")
    return {"finds the confusion matrix, misspelt": found}


def broadcasting(window: Firefox, scheme: str) -> dict[str, bool]:
    """Answer a question with the pointer and another with keys; mark the page as done."""
    verdict = "document.querySelectorAll('.quiz-verdict')"
    window.click("#question-1 button.quiz-choice")
    by_pointer = window.until(f"{verdict}[0].textContent.length > 20")
    window.press("Tab", "Enter")
    pressed = "document.querySelectorAll('#question-1 button.quiz-choice[aria-pressed=true]')"
    second = f"{pressed}.length == 1 && {pressed}[0] == document.querySelectorAll('#question-1 button.quiz-choice')[1]"
    by_keys = window.until(second)
    window.click("[data-path=done]")
    done = window.until("JSON.parse(localStorage['course.path']).done.includes('foundations/broadcasting')")
    kept = window.until("'foundations/broadcasting' in JSON.parse(localStorage['course.quiz'])")
    return {
        "answers a question by pointer": by_pointer,
        "answers it by keyboard": by_keys,
        "marks the page as done": done,
        "keeps the answers": kept,
    }


def evaluation(window: Firefox, scheme: str) -> dict[str, bool]:
    """Explain a term, open a figure in full size where it is shown smaller, move a threshold with keys."""
    window.hover("article a.term")
    tip = window.until("document.querySelector('.term-tip')?.matches(':popover-open')")
    window.press("Escape")
    enlarged = True
    if window.evaluate("!!document.querySelector('.enlarge')"):
        window.click(".enlarge")
        enlarged = window.until("document.querySelector('.figure-dialog')?.open")
        window.press("Escape")
    return {"explains a term": tip, "opens a figure in full size": enlarged}


PAGES: dict[str, Callable[[Firefox, str], dict[str, bool]]] = {
    "": home,
    "foundations/broadcasting/": broadcasting,
    "networks/evaluation/": evaluation,
}


def failures(address: str, folder: Path | None = None) -> dict[str, list[str]]:
    """Drive the three pages of a served site; return what failed on each, a screenshot of each in a folder."""
    found: dict[str, list[str]] = {url: [] for url in PAGES}
    for width, scheme in SCREENS:
        with firefox(scheme) as window:
            for url, drive in PAGES.items():
                window.goto(address + url, width=width)
                checks = everywhere(window, scheme)
                try:
                    checks |= drive(window, scheme)
                except RuntimeError as error:  # what was to be used is not there
                    checks[str(error).partition("\n")[0]] = False
                found[url] += [f"{width}, {scheme}: {name}" for name, holds in checks.items() if not holds]
                found[url] += [f"{width}, {scheme}: {each}" for each in window.problems]
                window.problems.clear()
                if folder:
                    name = url.strip("/").replace("/", "-") or "home"
                    window.screenshot(folder / f"{name}-{width}-{scheme}.png")
    return found


def main() -> int:
    site, folder = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with hosted(site) as address:
        found = failures(address, folder)
    for url, each in found.items():
        print(f"{url or 'home'}: {'; '.join(each) or 'all well'}")
    return any(found.values())


if __name__ == "__main__":
    sys.exit(main())
