"""Names in code that lead to what they name: a snippet's to its page, a library's to its documentation."""

from __future__ import annotations

import functools
import importlib
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.site.visits import CODE, SCREENS_OF_EVERY_PAGE, LinkInCode, links_in_code, opened

ROOT = Path(__file__).parents[2]
TF = "https://www.tensorflow.org/api_docs/python/tf"
NUMPY = "https://numpy.org/doc/stable/reference"
SKLEARN = "https://scikit-learn.org/stable/modules/generated"
SCIPY = "https://docs.scipy.org/doc/scipy/reference/generated"
SNIPPETS = "https://example.org/snippets/"


@pytest.fixture(scope="module")
def links_of(browser):
    """Return links in code, name -> address, of a page that holds nothing else but a way to the snippets."""
    with opened(browser, 1440, "light") as page:

        def read(*blocks: str, way: str = f"<a class=md-nav__link href={SNIPPETS}></a>"):
            code = "".join(
                f"<div class=highlight><pre><code>{each}</code></pre></div>" for each in blocks
            )
            page.set_content(f"{way}<article>{code}</article>")
            page.add_script_tag(path=ROOT / "docs/assets/code.js")
            links = links_in_code(page)
            assert page.problems == []
            return {link.name: link.address for link in links}

        yield read


@pytest.mark.parametrize(
    ("line", "name", "target"),
    [
        ("import numpy as np", "np.zeros", f"{NUMPY}/generated/numpy.zeros.html"),
        ("import numpy as np", "np.linalg.norm", f"{NUMPY}/generated/numpy.linalg.norm.html"),
        ("import numpy as np", "np.abs", f"{NUMPY}/generated/numpy.absolute.html"),
        (
            "import numpy as np",
            "np.random.default_rng",
            f"{NUMPY}/random/generator.html#numpy.random.default_rng",
        ),
        ("import tensorflow as tf", "tf.nn.softmax", f"{TF}/nn/softmax"),
        (
            "import tensorflow as tf",
            "tf.data.Dataset.from_tensor_slices",
            f"{TF}/data/Dataset#from_tensor_slices",
        ),
        ("import keras", "keras.layers.Dense", f"{TF}/keras/layers/Dense"),
        ("from keras import layers", "layers.Dense", f"{TF}/keras/layers/Dense"),
        ("from sklearn.metrics import f1_score", "f1_score", f"{SKLEARN}/sklearn.metrics.f1_score.html"),
        (
            "from sklearn.metrics import RocCurveDisplay",
            "RocCurveDisplay.from_predictions",
            f"{SKLEARN}/sklearn.metrics.RocCurveDisplay.html"
            "#sklearn.metrics.RocCurveDisplay.from_predictions",
        ),
        ("from scipy import ndimage", "ndimage.sobel", f"{SCIPY}/scipy.ndimage.sobel.html"),
        (
            "import matplotlib.pyplot as plt",
            "plt.plot",
            "https://matplotlib.org/stable/api/_as_gen/matplotlib.pyplot.plot.html",
        ),
        ("from snippets import metrics", "metrics", f"{SNIPPETS}metrics/"),
        ("from snippets import metrics", "metrics.class_report", f"{SNIPPETS}metrics/#class_report"),
        ("from snippets.metrics import class_report as report", "report", f"{SNIPPETS}metrics/#class_report"),
        ("from snippets.datasets import CIFAR10_CLASSES", "CIFAR10_CLASSES", f"{SNIPPETS}datasets/"),
        ("from snippets import (\n    metrics,\n    roc,\n)", "roc.RocCurve", f"{SNIPPETS}roc/#RocCurve"),
    ],
)
def test_an_imported_name_leads_to_what_it_names(links_of, line, name, target):
    assert links_of(f"{line}\n\nx = [{name}(1).x]")[name] == target


@pytest.mark.parametrize(
    "code",
    [
        "x.mean() + answers.metrics.x + math.pi",
        "np.float32(0), np.inf, np.e, np.s_[1:], np.add.at, np",
        "tf.__version__, tf.uint8, tf",
        'f(<span class="s2">"np.zeros"</span>)  <span class="c1"># np.zeros</span>',
        "softmax = 3",
        "f(softmax=3)",
        "unheard.of(3)",
    ],
)
def test_what_names_nothing_that_has_a_page_is_no_link(links_of, code):
    imports = "import numpy as np\nimport tensorflow as tf\nfrom scipy.special import softmax"
    assert links_of(imports, code).keys() == {"softmax"}, "which the import itself names"


def test_a_name_is_known_from_its_import_on(links_of):
    assert "np.ones" not in links_of("np.ones(3)", "import numpy as np", "np.zeros(3)")


def test_a_site_without_snippets_has_no_links_to_them(links_of):
    assert links_of("from snippets import metrics\nmetrics.class_report()", way="") == {}


@pytest.fixture(scope="module")
def visits(visited, browser):
    """Every tutorial as read on one screen: address -> visit."""
    return visited[SCREENS_OF_EVERY_PAGE[0]].result()


@pytest.fixture(scope="module")
def links(site, visits) -> set[LinkInCode]:
    return {link for url in site.reading_pages for link in visits[url].links_in_code}


def test_each_snippet_that_code_names_has_its_place(site, address, links):
    own = {link.address for link in links if link.address.startswith(address)}
    assert len(own) > 100
    for each in own:
        parts = urlsplit(each)
        page = site.pages[parts.path.removeprefix("/")]
        assert not parts.fragment or page.find(id=parts.fragment), each


def test_each_library_name_is_a_public_one_that_has_a_page(address, links):
    """The libraries' sites are not asked: the object is imported under the name that its page has."""
    others = {link.address for link in links if not link.address.startswith(address)}
    assert len(others) > 100
    for each in others:
        found = named(each)
        assert callable(found) or isinstance(found, ModuleType), each


def named(address: str) -> object:
    """Return what a page of a library's documentation is about."""
    if address.startswith(TF):
        names = re.split("[/#]", address.removeprefix(f"{TF}/"))
        # TensorFlow's documentation has Keras under `tf.keras`; what that gives is not all of it.
        root, names = (keras, names[1:]) if names[0] == "keras" else (tf, names)
        return functools.reduce(getattr, names, root)
    parts = re.search(r"[/#](\w+(?:\.\w+)+?)(?:\.html)?$", address)[1].split(".")
    first = next((at for at, part in enumerate(parts) if part[0].isupper()), len(parts) - 1)
    module, names = ".".join(parts[:first]), parts[first:]
    home = importlib.import_module(module)
    found = functools.reduce(getattr, names, home)
    # A second name of an object has no page, nor has a kind of number.
    assert found.__name__ == names[-1], address
    # Where a module does not list what is public, what it defines itself is.
    own = [names[0]] if getattr(home, names[0]).__module__ == module else []
    assert names[0] in getattr(home, "__all__", own), address
    assert not (isinstance(found, type) and issubclass(found, np.generic)), address
    return found


def test_links_leave_code_as_it_is_written(site, visits):
    """What the copy button copies is the text."""
    for url in site.reading_pages:
        written = [code.get_text() for code in site.pages[url].select(CODE)]
        assert visits[url].code == written, url


def test_the_tab_key_comes_to_each_address_once_a_page(site, visits):
    for url in site.reading_pages:
        links = visits[url].links_in_code
        stops = [link.address for link in links if link.is_tab_stop]
        assert len(stops) == len(set(stops)), url
        assert set(stops) == {link.address for link in links}, url


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_in_code_looks_as_code_does_until_it_is_pointed_at(site, address, browser, scheme):
    look = """each => [getComputedStyle(each).textDecorationLine,
        getComputedStyle(each).color === getComputedStyle(each.closest("code")).color]"""
    with opened(browser, 1440, scheme) as page:
        page.goto(address + site.reading_pages[0])
        links_in_code(page)
        first = page.locator(f"{CODE} a").first
        assert first.evaluate(look) == ["none", True]
        first.hover()
        assert first.evaluate(look) == ["underline", True]
        page.mouse.move(0, 0)
        first.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert first.evaluate(look) == ["underline", True]
