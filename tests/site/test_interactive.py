"""The figures that answer a reader, in a browser: each shows what the run says, by keyboard and by pointer."""

from __future__ import annotations

import gzip
import json
import math
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.conftest import ROOT
from tests.site.barriers import barriers
from tests.site.visits import opened

PAGES = {
    "batch-gradient": "foundations/training-by-hand/",
    "broadcast": "foundations/broadcasting/",
    "descent": "foundations/gradients/",
    "dropout": "networks/regularisation/",
    "filter": "convnets/convolution/",
    "temperature": "networks/how-sure/",
    "threshold": "networks/evaluation/",
}
SCREENS = [(360, "light"), (1440, "dark")]
MOST_BYTES = 15_000
ROOM = 20


class Figure:
    """A figure on its page, drawn, with the data that the page holds for it."""

    def __init__(self, page: Page, address: str, kind: str) -> None:
        page.goto(address + PAGES[kind])
        self.page = page
        self.box = page.locator(f".interactive[data-figure='{kind}']")
        self.data = json.loads(self.box.locator("script").text_content())
        self.box.scroll_into_view_if_needed()
        expect(self.box).to_have_class(re.compile(r"\bdrawn\b"))
        assert page.problems == []

    @property
    def said(self) -> str:
        return self.box.locator(".said").inner_text()

    def slider(self, name: str) -> Locator:
        return self.box.get_by_role("slider", name=name)

    def press(self, name: str, value: float) -> None:
        """Take a slider to a value by the arrow keys alone."""
        slider = self.slider(name)
        slider.focus()
        self.page.keyboard.press("Home")
        least, step = (float(slider.get_attribute(each)) for each in ("min", "step"))
        for _ in range(round((value - least) / step)):
            self.page.keyboard.press("ArrowRight")
        assert float(slider.input_value()) == pytest.approx(value)

    def drag(self, name: str, to: float) -> float:
        """Drag a slider from where it is to a fraction of its length; return its value."""
        slider = self.slider(name)
        slider.scroll_into_view_if_needed()
        frame = slider.bounding_box()
        middle = frame["y"] + frame["height"] / 2
        self.page.mouse.move(frame["x"] + frame["width"] / 2, middle)
        self.page.mouse.down()
        self.page.mouse.move(frame["x"] + to * frame["width"], middle, steps=4)
        self.page.mouse.up()
        return float(slider.input_value())

    def click(self, name: str, times: int = 1) -> None:
        for _ in range(times):
            self.box.get_by_role("button", name=name).click()


@pytest.fixture
def figure(request, address, laptop):
    return Figure(laptop, address, request.param)


def of(kind: str):
    return pytest.mark.parametrize("figure", [kind], indirect=True, ids=[kind])


def written(number: float, digits: int = 2) -> str:
    """Return a number as the pages write it."""
    text = f"{number:,.{digits}f}"
    return text.removeprefix("-") if not float(text.replace(",", "")) else text.replace("-", "−")


@of("threshold")
def test_each_threshold_has_the_run_s_counts_and_grades(figure):
    thresholds = figure.data["thresholds"]
    for row in figure.data["expected"]:
        figure.press("Threshold", thresholds.index(row["threshold"]))
        assert counts(figure) == {
            "true positives": row["hits"],
            "false positives": row["alarms"] - row["hits"],
            "false negatives": figure.data["positives"] - row["hits"],
            "true negatives": figure.data["count"]
            - figure.data["positives"]
            - (row["alarms"] - row["hits"]),
        }
        for name in ("precision", "recall", "F1", "false-positive rate", "accuracy"):
            if name == "precision" and not row["alarms"]:
                assert "no alarms, so no precision" in figure.said
            else:
                assert f"{name} {row[name]:.1%}" in figure.said


def counts(figure: Figure) -> dict[str, int]:
    cells = figure.box.locator("tbody td").all()
    pairs = [cell.inner_text().split("\n") for cell in cells]
    return {name.strip(): int(count.replace(",", "")) for count, name in pairs}


@of("threshold")
def test_a_dragged_threshold_and_a_click_on_a_curve_move_the_dot_in_all_three_places(figure):
    place = int(figure.drag("Threshold", 0.8))
    assert place > len(figure.data["thresholds"]) / 2
    assert counts(figure)["true positives"] == figure.data["hits"][place]
    assert f"At {figure.data['thresholds'][place]}:" in figure.said
    before = [dot.bounding_box() for dot in figure.box.locator("circle.dot").all()]
    assert len(before) == 2
    curve = figure.box.locator("svg").nth(1)
    curve.scroll_into_view_if_needed()
    frame = curve.bounding_box()
    figure.page.mouse.click(frame["x"] + 0.9 * frame["width"], frame["y"] + 0.4 * frame["height"])
    chosen = int(figure.slider("Threshold").input_value())
    assert chosen < place
    assert counts(figure)["true positives"] == figure.data["hits"][chosen]
    after = [dot.bounding_box() for dot in figure.box.locator("circle.dot").all()]
    assert all(one != other for one, other in zip(before, after, strict=True))


@of("descent")
def test_a_walk_ends_where_the_run_s_walk_does(figure):
    for walk in figure.data["expected"]:
        figure.press("Learning rate", walk["rate"])
        figure.click("Back to the start")
        assert figure.said.startswith("After 0 steps")
        figure.click("20 steps", walk["steps"] // 20)
        figure.click("One step", walk["steps"] % 20)
        steps = f"After {walk['steps']} step{'s' * (walk['steps'] != 1)}: place "
        place = ", ".join(map(written, walk["place"]))
        assert figure.said.startswith(f"{steps}({place})"), walk
        assert f"height {written(walk['height'], 4)}, " in figure.said


@of("descent")
def test_a_dragged_rate_bends_the_walk_and_numbers_stay_numbers(figure):
    path = figure.box.locator("polyline")
    before = path.get_attribute("points")
    assert figure.drag("Learning rate", 1) == 0.55
    assert path.get_attribute("points") != before
    figure.click("20 steps", 3)
    expect(figure.box.get_by_role("button", name="20 steps")).to_be_disabled()
    expect(figure.box.get_by_role("button", name="Back to the start")).to_be_focused()
    assert "outside the picture" in figure.said
    assert "above the start" in figure.said
    assert not re.search(r"NaN|Infinity|-", figure.said)


@of("broadcast")
def test_two_shapes_give_the_result_or_the_error_that_tensorflow_gives(figure):
    left, right = figure.box.get_by_role("textbox").all()
    for pair in figure.data["expected"]:
        for field, shape in ((left, pair["left"]), (right, pair["right"])):
            field.focus()
            figure.page.keyboard.press("ControlOrMeta+a")
            figure.page.keyboard.type(f"({', '.join(map(str, shape))})")
        assert outcome(figure) == pair["outcome"]


def outcome(figure: Figure) -> list[int] | str:
    if shape := re.fullmatch(r"The result has the shape \((.*)\)\.", figure.said):
        return [int(size) for size in shape[1].split(",") if size]
    return figure.said.removeprefix("InvalidArgumentError: ")


@of("broadcast")
def test_a_click_chooses_a_pair_and_each_axis_says_why(figure):
    figure.box.locator("summary").click()
    for number, pair in enumerate(figure.data["expected"]):
        figure.box.locator("details button").nth(number).click()
        assert outcome(figure) == pair["outcome"]
    figure.box.get_by_label("Left shape").fill("3, 1")
    figure.box.get_by_label("Right shape").fill("2")
    verdicts = figure.box.locator(".verdicts td")
    assert verdicts.all_inner_texts() == ["missing right: counts as 1", "left repeats"]
    figure.box.get_by_label("Right shape").fill("two")
    assert "whole numbers" in figure.said
    expect(figure.box.get_by_label("Right shape")).to_have_attribute("aria-invalid", "true")


@of("filter")
def test_the_products_under_a_filter_add_up_to_the_run_s_map(figure):
    board = figure.box.get_by_role("application")
    for place in figure.data["expected"]:
        figure.box.get_by_role("combobox").select_option(place["filter"])
        row, column = (int(figure.slider(name).input_value()) for name in ("Row", "Column"))
        board.focus()
        for key, steps in (
            ("ArrowDown" if place["row"] > row else "ArrowUp", abs(place["row"] - row)),
            ("ArrowRight" if place["column"] > column else "ArrowLeft", abs(place["column"] - column)),
        ):
            for _ in range(steps):
                figure.page.keyboard.press(key)
        assert figure.said.startswith(f"Row {place['row']}, column {place['column']} of the map")
        assert figure.said.endswith(f" {written(place['sum'])}.")
        shown = figure.box.locator(".products strong").all_inner_texts()
        products = [float(text.removeprefix("= ").replace("−", "-")) for text in shown]
        assert sum(products) == pytest.approx(place["sum"], abs=0.05)


@of("filter")
def test_a_pointer_moves_the_window_on_the_picture_and_the_cell_on_the_map(figure):
    expected = [each for each in figure.data["expected"] if each["filter"] == "upright edges"]
    picture, sums = figure.box.locator("canvas").all()
    for place in expected:
        for canvas, size, middle in ((picture, 28, 1), (sums, 26, 0)):
            canvas.scroll_into_view_if_needed()
            frame = canvas.bounding_box()
            at = [
                frame[start] + (place[axis] + middle + 0.5) * frame[length] / size
                for start, length, axis in (("x", "width", "column"), ("y", "height", "row"))
            ]
            figure.page.mouse.click(*at)
            assert figure.said.startswith(f"Row {place['row']}, column {place['column']} of")
            assert figure.said.endswith(f" {written(place['sum'])}.")


def percent(share: float) -> str:
    """Return a probability as the figure has it: none is 0, and none is 1."""
    if 0.0005 <= share <= 0.9995:
        return f"{share:.1%}"
    return "<0.1%" if share < 0.5 else ">99.9%"


@of("temperature")
def test_ten_bars_show_the_run_s_probabilities_at_each_temperature(figure):
    truth = figure.data["truth"]
    for reference in figure.data["expected"]:
        temperature = reference["temperature"]
        if temperature == figure.data["fitted"]:
            figure.click("As fitted")
        else:
            figure.press("Temperature", temperature)
        shown = figure.box.locator(".bars .value").all_inner_texts()
        assert shown == [percent(share) for share in reference["shares"]]
        assert figure.said.startswith(f"Temperature {written(temperature)}: ")
        assert f"the true class, {percent(reference['shares'][truth])}" in figure.said
        assert figure.said.endswith(f"the cross-entropy is {written(reference['cost'])}.")


@of("temperature")
def test_a_dragged_temperature_levels_the_bars_and_keeps_their_order(figure):
    def widths() -> list[float]:
        bars = figure.box.locator(".bar")
        return bars.evaluate_all("all => all.map(bar => bar.getBoundingClientRect().width)")

    before = widths()
    assert figure.drag("Temperature", 1) == 10
    after = widths()
    assert max(after) < max(before)
    largest = max(range(10), key=after.__getitem__)
    assert largest == max(range(10), key=figure.data["logits"].__getitem__)


@of("dropout")
def test_many_draws_have_the_mean_of_keras_s_own(figure):
    for reference in figure.data["expected"]:
        figure.press("Rate", reference["rate"])
        figure.click("Draw 500 times", 4)
        assert f"the others times {written(reference['scale'])}." in figure.said
        assert figure.said.endswith(f"in use {written(reference['sum'])}.")
        count, mean = re.search(r"mean of ([\d,]+) draws ([\d.,]+);", figure.said).groups()
        assert count == "2,001"
        # Both means are of two thousand draws: five standard errors of their difference.
        most = 5 * reference["spread"] * math.sqrt(2 / 2000)
        assert abs(float(mean.replace(",", "")) - reference["mean"]) < most


@of("dropout")
def test_a_draw_scales_what_it_keeps_and_use_drops_nothing(figure):
    rate = round(figure.drag("Rate", 1), 2)
    assert rate == 0.6
    outputs = figure.data["outputs"]
    drawn = bars(figure)
    crosses = figure.box.locator(".cross").evaluate_all("all => all.map(it => !it.hasAttribute('hidden'))")
    figure.box.get_by_label("training").uncheck()
    used = bars(figure)
    assert figure.said == f"In use: no output is dropped, none is scaled. Sum {written(sum(outputs))}."
    assert any(crosses)
    assert not all(crosses)
    for was_dropped, bar, whole in zip(crosses, drawn, used, strict=True):
        assert bar == pytest.approx(0 if was_dropped else whole / (1 - rate), abs=0.01)
    expect(figure.box.get_by_role("button", name="Draw again")).to_be_disabled()
    figure.box.get_by_label("training").check()
    figure.click("Draw again")
    assert bars(figure) != drawn


def bars(figure: Figure) -> list[float]:
    heights = figure.box.locator(".drawn-bar").evaluate_all("all => all.map(it => it.getAttribute('height'))")
    return [float(height) for height in heights]


@of("batch-gradient")
def test_the_gradients_of_each_size_scatter_as_the_run_says(figure):
    for place, reference in enumerate(figure.data["expected"]):
        figure.press("Batch size", place)
        size = f"{reference['size']:,} picture{'s' * (reference['size'] > 1)}"
        assert figure.slider("Batch size").get_attribute("aria-valuetext") == size
        assert figure.said.startswith(f"40 batches of {reference['size']:,}: ")
        # Of tips that the page holds with three decimals.
        distance, cosine = re.search(r"lie ([\d.]+) times .* is (−?[\d.]+)\.$", figure.said).groups()
        assert float(distance) == pytest.approx(reference["distance"], abs=0.0101)
        assert float(cosine.replace("−", "-")) == pytest.approx(reference["cosine"], abs=0.0101)


@of("batch-gradient")
def test_a_dragged_batch_size_gathers_the_arrows(figure):
    ends = "all => all.map(it => [it.cx.baseVal.value, it.cy.baseVal.value])"
    before = figure.box.locator(".stops circle").evaluate_all(ends)
    assert figure.drag("Batch size", 1) == len(figure.data["sizes"]) - 1
    after = figure.box.locator(".stops circle").evaluate_all(ends)
    assert len(after) == 40
    assert after != before


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_a_figure_keeps_nobody_out_and_fits_its_place(address, browser, kind, screen):
    with opened(browser, *screen) as page:
        figure = Figure(page, address, kind)
        assert barriers(page) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0
        page.emulate_media(media="print")
        expect(figure.box).to_be_hidden()


@pytest.mark.parametrize("screen", SCREENS, ids=str)
def test_the_text_below_stays_where_it_is_when_a_figure_is_drawn(address, browser, screen):
    for kind in PAGES:
        with opened(browser, *screen) as page:
            page.route(f"**/interactive/{kind}.js", lambda route: None)  # never comes
            page.goto(address + PAGES[kind])
            box = page.locator(f".interactive[data-figure='{kind}']")
            box.scroll_into_view_if_needed()
            kept = box.bounding_box()["height"]
        with opened(browser, *screen) as page:
            assert abs(Figure(page, address, kind).box.bounding_box()["height"] - kept) <= ROOM, kind


def test_what_draws_a_figure_is_fetched_when_it_comes_near(address, laptop):
    laptop.goto(address + PAGES["filter"], wait_until="networkidle")
    assert [sent for sent in laptop.requested if "/interactive/" in sent] == []
    laptop.locator(".interactive").scroll_into_view_if_needed()
    expect(laptop.locator(".interactive")).to_have_class(re.compile("drawn"))
    fetched = {sent.rpartition("/")[2] for sent in laptop.requested if "/interactive/" in sent}
    assert fetched == {"figures.css", "tools.js", "filter.js"}


@pytest.mark.parametrize("kind", PAGES)
def test_a_figure_is_light(site, kind):
    page = (site.folder / PAGES[kind] / "index.html").read_bytes()
    (data,) = re.findall(rb"<script type=[\"']?application/json[\"']?>(.*?)</script>", page)
    assets = site.folder / "assets"
    files = [ROOT / "docs/assets/interactive.js"]  # on the site one part of a script for every page
    files += [assets / "interactive" / name for name in ("tools.js", f"{kind}.js", "figures.css")]
    parts = [data, *(file.read_bytes() for file in files)]
    assert sum(len(gzip.compress(part, 9)) for part in parts) <= MOST_BYTES


def test_without_javascript_a_line_says_what_would_move(site, address, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for url in PAGES.values():
        page.goto(address + url)
        expect(page.locator(".interactive .no-script")).to_contain_text("moves under your hand")
        height = page.locator(".interactive").bounding_box()["height"]
        assert height < 100
    context.close()


def test_a_figure_whose_script_fails_says_so(address, laptop):
    laptop.route("**/interactive/filter.js", lambda route: route.abort())
    laptop.goto(address + PAGES["filter"])
    laptop.locator(".interactive").scroll_into_view_if_needed()
    expect(laptop.locator(".interactive .no-script")).to_be_visible()


def test_every_interactive_figure_of_the_course_is_tried(site):
    found = {
        box["data-figure"]: url
        for url in site.reading_pages
        for box in site.pages[url].select(".interactive")
    }
    assert found == PAGES
