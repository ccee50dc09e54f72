"""The network that answers in its page: as Keras does, about whatever a reader brings, and sending nothing."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import struct

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.site.barriers import violations
from tests.site.visits import SCREENS_OF_EVERY_PAGE, opened

PAGE = "beyond/export/"
WAYS = ("A photograph of the test set", "A photograph of yours", "A drawing")
PIXELS = """canvas => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    return Array.from({ length: height }, (_, y) =>
        Array.from({ length: width }, (_, x) => data[4 * (y * width + x)]));
}"""


@pytest.fixture
def reader(guarded, browser):
    with opened(browser, 1440, "light") as page:
        page.goto(guarded + PAGE)
        yield page


@pytest.fixture
def asked(reader):
    load(reader)
    return reader


@pytest.fixture(scope="module")
def network_file(site) -> bytes:
    return (site.folder / PAGE / "fashion.tflite").read_bytes()


@pytest.fixture(scope="module")
def questions(site) -> dict:
    return json.loads((site.folder / PAGE / "fashion-check.json").read_text(encoding="utf-8"))


def load(page: Page) -> None:
    page.get_by_role("button", name="Load the network").click()
    expect(page.get_by_role("table", name="The probability of each class")).to_be_visible()


def status(page: Page):
    return page.locator("[data-try=status]")


def answers(page: Page) -> dict[str, str]:
    """Return the text beside each class."""
    rows = page.locator(".try-bars tr")
    return dict(
        rows.evaluate_all(
            "all => all.map(row => [row.cells[0].firstChild.data, row.cells[1].textContent])"
        )
    )


def given(page: Page) -> np.ndarray:
    """Return the pixels that the network got."""
    return np.array(page.locator(".try-steps canvas").last.evaluate(PIXELS))


def bring(page: Page, content: bytes, name: str = "photo.png") -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("input#try-it-photograph").set_input_files(file)


def saved(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(box=(50, 60, 190, 340), size=(300, 500), paper=220, clothes=40) -> Image.Image:
    """Return a dark rectangle on light paper."""
    picture = Image.new("L", size, paper)
    left, top, right, bottom = box
    ImageDraw.Draw(picture).rectangle((left, top, right - 1, bottom - 1), fill=clothes)
    return picture


# What it costs, and where it takes place.


def test_nothing_of_it_comes_before_a_reader_asks_and_what_comes_is_the_site_s_own(guarded, reader):
    parts = ("try-it/", ".tflite", "fashion-check.json")
    assert not [url for url in reader.requested if any(part in url for part in parts)]
    expect(reader.get_by_role("button", name="Load the network (553 kB)")).to_be_visible()
    load(reader)
    for way in WAYS:
        reader.locator("summary", has_text=way).click()
    bring(reader, saved(photograph()))
    expect(status(reader)).to_contain_text("Your picture")
    assert [url for url in reader.requested if not url.startswith(guarded)] == []
    assert reader.problems == []


def test_the_size_on_the_button_is_that_of_the_files(site):
    files = [site.folder / PAGE / name for name in ("fashion.tflite", "fashion-check.json")]
    kilobytes = sum(file.stat().st_size for file in files) / 1000
    (button,) = site.pages[PAGE].select(".try-it button")
    assert button.text == f"Load the network ({kilobytes:.0f} kB)"


def test_the_script_is_on_that_page_alone_and_light(site):
    script = re.compile(r"assets/try-it\.js$")
    places = [url for url, page in site.pages.items() if page.find_all("script", src=script)]
    assert places == [PAGE]
    assert (site.folder / "assets/try-it.js").stat().st_size < 5000


def test_without_scripts_the_page_says_what_would_be_here_and_leads_to_the_file(guarded, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(guarded + PAGE)
    place = page.locator(".try-it")
    expect(place.get_by_text("That needs JavaScript")).to_be_visible()
    expect(place.get_by_role("button")).to_have_count(0)
    assert (
        place.get_by_role("link", name="fashion.tflite").get_attribute("href") == "fashion.tflite"
    )
    context.close()


def test_the_first_page_leads_to_it(guarded, laptop):
    laptop.goto(guarded)
    laptop.get_by_role("link", name="Ask a trained network in your browser").click()
    expect(laptop.get_by_role("heading", name="Try it")).to_be_in_viewport()


# What it computes.


def test_a_hundred_answers_are_keras_s(asked, network_file, questions):
    found = asked.evaluate(
        """([file, images]) => {
            const bytes = text => Uint8Array.from(atob(text), each => each.charCodeAt(0));
            const network = tryIt.readNetwork(bytes(file));
            const pixels = bytes(images);
            return Array.from({ length: pixels.length / 784 }, (_, number) =>
                Array.from(network.ask(pixels.subarray(784 * number, 784 * (number + 1)))));
        }""",
        [base64.b64encode(network_file).decode(), questions["images"]],
    )
    expected = np.array(questions["probabilities"])
    assert np.shape(found) == expected.shape == (100, 10)
    assert np.abs(found - expected).max() <= 1e-5
    assert (np.argmax(found, axis=1) == expected.argmax(axis=1)).all()


def test_the_page_compares_them_itself(asked):
    asked.get_by_role("button", name="Compare all 100 with Keras").click()
    expect(asked.get_by_text("100 of 100 answers are the same")).to_be_visible()


def test_twenty_test_images_two_of_each_class_each_with_its_answer(asked, questions):
    labels = np.array(questions["labels"])
    first = sorted(place for label in range(10) for place in np.flatnonzero(labels == label)[:2])
    names = questions["class_names"]
    buttons = asked.get_by_role("button", name="Test image")
    expect(buttons).to_have_count(20)
    images = np.frombuffer(base64.b64decode(questions["images"]), "uint8").reshape(-1, 28, 28)
    for number, place in enumerate(first, start=1):
        button = asked.get_by_role("button", name=f"Test image {number}", exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        probabilities = questions["probabilities"][place]
        answer = names[int(np.argmax(probabilities))]
        verdict = "so, too" if answer == names[labels[place]] else names[labels[place]]
        expect(status(asked)).to_have_text(
            f"Test image {number}: {answer}, {percent(max(probabilities))}. Its label says {verdict}."
        )
        assert answers(asked) == dict(zip(names, map(percent, probabilities), strict=True))
        assert (given(asked) == images[place]).all()
    expect(asked.locator(".try-tests [aria-pressed=true]")).to_have_count(1)


def percent(share: float) -> str:
    if share >= 0.9995:
        return ">99.9%"
    return "<0.1%" if share < 0.0005 else f"{100 * share:.1f}%"


def test_the_map_is_the_mean_fall_of_the_squares_that_cover_a_pixel(asked):
    weights = np.random.default_rng(7).normal(size=(28, 28))
    picture = np.random.default_rng(8).random((28, 28))
    found = asked.evaluate(
        """async ([weights, values]) => {
            const network = { ask: pixels => [pixels.reduce((sum, pixel, at) => sum + pixel * weights[at], 0)] };
            const picture = { width: 28, height: 28, values: Float64Array.from(values) };
            const { falls, worst } = await tryIt.occlusion(picture, network, 0, () => true);
            return { falls: Array.from(falls), worst };
        }""",
        [weights.ravel().tolist(), picture.ravel().tolist()],
    )
    sums, covers, worst = np.zeros((28, 28)), np.zeros((28, 28)), (-np.inf, 0, 0)
    for top in (*range(0, 22, 3), 22):
        for left in (*range(0, 22, 3), 22):
            place = np.s_[top : top + 6, left : left + 6]
            fall = (weights * picture)[place].sum()
            sums[place] += fall
            covers[place] += 1
            worst = max(worst, (fall, top, left))
    assert np.allclose(np.reshape(found["falls"], (28, 28)), sums / covers, atol=1e-5)
    assert (found["worst"]["top"], found["worst"]["left"]) == worst[1:]


def test_which_part_matters_stands_in_words(asked):
    said = asked.locator(".try-map figcaption")
    expect(said).to_contain_text("Covering 6 by 6 pixels")
    summary = said.inner_text().removeprefix("Which parts matter? ").partition("\n")[0]
    named = asked.get_by_role("img", name="Which parts matter: ")
    assert named.get_attribute("aria-label") == f"Which parts matter: {summary}"


# What a reader brings.


def test_a_photograph_becomes_what_the_network_was_trained_on(asked):
    bring(asked, saved(photograph()))
    expect(status(asked)).to_contain_text("Your picture: ")
    expect(asked.locator(".try-steps li")).to_have_count(6)
    expected = np.zeros((28, 28))
    expected[:, 7:21] = 255  # half as wide as high
    assert (given(asked) == expected).all()


def test_light_clothes_on_dark_and_on_nothing_become_the_same(asked):
    bare = photograph().convert("RGBA")
    bare.putalpha(photograph(paper=0, clothes=255))
    for picture in (photograph(paper=30, clothes=200), bare):
        bring(asked, saved(picture))
        expect(status(asked)).to_contain_text("Your picture: ")
        assert given(asked)[:, 7:21].min() == 255
        assert given(asked)[:, :7].max() == 0
        asked.get_by_role("button", name="Test image 1", exact=True).click()


def test_uneven_light_and_noise_do_not_count_as_clothes(asked):
    down, across = np.mgrid[:500, :300]
    light = 1 - 0.25 * ((across / 300 - 0.3) ** 2 + (down / 500 - 0.3) ** 2)
    noise = np.random.default_rng(7).normal(0, 6, light.shape)
    pixels = np.clip(np.asarray(photograph(clothes=90)) * light + noise, 0, 255)
    bring(asked, saved(Image.fromarray(pixels.astype("uint8"))))
    expect(status(asked)).to_contain_text("Your picture: ")
    assert given(asked)[:, :7].max() == 0
    assert given(asked)[:, 21:].max() == 0
    assert given(asked)[:, 7:21].min() > 150


def test_a_photograph_is_turned_upright(asked):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    bring(asked, saved(photograph(), "JPEG", exif=exif, quality=95), "sideways.jpg")
    expect(status(asked)).to_contain_text("Your picture: ")
    rows, columns = (np.ptp(np.flatnonzero((given(asked) > 100).any(axis=axis))) for axis in (1, 0))
    assert columns == 27
    assert 12 <= rows <= 14


def test_a_huge_photograph_is_made_small_first(asked):
    bring(asked, saved(photograph((3000, 500, 9000, 2500), (12_000, 3000))))
    expect(status(asked)).to_contain_text("Your picture: ", timeout=30_000)
    expect(asked.locator(".try-steps")).to_contain_text("12000 by 3000 pixels, made 512 by 128")
    assert given(asked).shape == (28, 28)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"no picture",
            "odd.png is not a picture that this browser can open, or too large for it.",
        ),
        (b"", "odd.png is not a picture"),
        (saved(photograph())[:200], "odd.png is not a picture"),
        (saved(Image.new("L", (40, 40), 128)), "There is nothing to see"),
        (saved(photograph((50, 50, 52, 52))), "There is too little to see"),
        (saved(Image.new("L", (1, 1), 9)), "There is nothing to see"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_next_picture_is_answered(asked, content, message):
    bring(asked, content, "odd.png")
    expect(status(asked)).to_contain_text(message)
    expect(asked.locator(".try-answer")).to_be_hidden()
    asked.get_by_role("button", name="Test image 3", exact=True).click()
    expect(status(asked)).to_contain_text("Test image 3: ")
    expect(asked.locator(".try-answer")).to_be_visible()
    assert asked.problems == []


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted(asked, event):
    asked.evaluate(
        """async ([event, content]) => {
            const bytes = Uint8Array.from(atob(content), each => each.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], "shirt.png", { type: "image/png" }));
            const sent = event === "drop"
                ? new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: carried, bubbles: true });
            document.querySelector(".try-it").dispatchEvent(sent);
        }""",
        [event, base64.b64encode(saved(photograph())).decode()],
    )
    expect(status(asked)).to_contain_text("Your picture: ")


def test_a_drawing_is_answered_filled_and_cleared(asked):
    asked.locator("summary", has_text="A drawing").click()
    sheet = asked.get_by_role("img", name="Sheet to draw on")
    sheet.scroll_into_view_if_needed()
    frame = sheet.bounding_box()
    corners = [(0.3, 0.2), (0.7, 0.2), (0.7, 0.8), (0.3, 0.8), (0.3, 0.2)]
    points = [
        (frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in corners
    ]
    asked.mouse.move(*points[0])
    asked.mouse.down()
    for point in points[1:]:
        asked.mouse.move(*point, steps=5)
    asked.mouse.up()
    expect(status(asked)).to_contain_text("Your drawing: ")
    assert given(asked)[14, 14] == 0
    asked.get_by_role("button", name="Fill the outline").click()
    assert given(asked)[14, 14] == 255
    asked.get_by_role("button", name="Clear the sheet").click()
    expect(status(asked)).to_have_text("The sheet is empty.")
    asked.get_by_role("button", name="Fill the outline").click()
    expect(status(asked)).to_contain_text("There is nothing to see")
    assert asked.problems == []


def test_it_is_loaded_and_asked_by_keyboard(reader):
    button = reader.get_by_role("button", name="Load the network")
    button.focus()
    button.press("Enter")
    first = reader.get_by_role("button", name="Test image 1", exact=True)
    expect(first).to_be_focused()
    reader.keyboard.press("Tab")
    reader.keyboard.press("Enter")
    expect(status(reader)).to_contain_text("Test image 2: ")


@pytest.mark.parametrize(("width", "scheme"), SCREENS_OF_EVERY_PAGE)
def test_no_barrier_and_nothing_wider_than_the_screen(guarded, browser, width, scheme):
    with opened(browser, width, scheme) as page:
        page.goto(guarded + PAGE)
        load(page)
        bring(page, saved(photograph()))
        expect(page.locator(".try-map figcaption")).to_contain_text("Covering 6 by 6 pixels")
        for way in WAYS:
            page.evaluate(
                """way => [...document.querySelectorAll(".try-it details")]
                    .find(each => each.textContent.startsWith(way)).open = true""",
                way,
            )
            assert violations(page) == [], way
            assert page.evaluate("document.documentElement.scrollWidth") == width
        smallest = page.locator(".try-it button, .try-it summary").evaluate_all(
            "all => Math.min(...all.filter(it => it.checkVisibility()).map(it => it.offsetHeight))"
        )
        assert smallest >= 24


# What may be wrong with the file.


# The message with which bytes are refused, empty where they are read and answer.
OUTCOME = """bytes => {
    try {
        const network = tryIt.readNetwork(bytes);
        network.ask(new Float32Array(network.shape.reduce((a, b) => a * b)));
        return "";
    } catch (error) {
        return error.message;
    }
}"""


def refusal(page: Page, file: bytes) -> str:
    """Return what the page says of a file that it does not read."""
    return page.evaluate(
        f"file => ({OUTCOME})(Uint8Array.from(atob(file), each => each.charCodeAt(0)))",
        base64.b64encode(file).decode(),
    )


class Edited:
    """A LiteRT file in which single fields are set; the places are found as the format says."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)
        self.model = self._follow(0)
        self.graph = self.element(self.model, 2, 0)

    def _follow(self, at: int) -> int:
        return at + struct.unpack_from("<I", self.content, at)[0]

    def field(self, table: int, number: int) -> int:
        listed = table - struct.unpack_from("<i", self.content, table)[0]
        (offset,) = struct.unpack_from("<H", self.content, listed + 4 + 2 * number)
        assert offset, "the file leaves this field out"
        return table + offset

    def element(self, table: int, number: int, index: int) -> int:
        return self._follow(self._follow(self.field(table, number)) + 4 + 4 * index)

    def options(self, operator: int) -> int:
        return self._follow(self.field(self.element(self.graph, 3, operator), 4))

    def set(self, at: int, value: int) -> bytes:
        self.content[at] = value
        return bytes(self.content)


def test_a_file_that_the_page_cannot_compute_is_refused_by_what_it_has(asked, network_file):
    def edited(find, value: int) -> bytes:
        file = Edited(network_file)
        return file.set(find(file), value)

    files = {
        "is not a LiteRT file": edited(lambda file: 4, ord("X")),
        "is of version 9": edited(lambda file: file.field(file.model, 0), 9),
        "uses the operator number 99": edited(
            lambda file: file.field(file.element(file.model, 1, 0), 0), 99
        ),
        "activation number 3": edited(lambda file: file.field(file.options(3), 3), 3),
        'computes with padding="valid" alone': edited(
            lambda file: file.field(file.options(3), 0), 0
        ),
        "another kind than float32": edited(
            lambda file: file.field(file.element(file.graph, 0, 11), 1), 9
        ),
        "shapes that do not fit": edited(lambda file: file.field(file.options(3), 1), 3),
        "cut short or damaged": network_file[:-20_000],
    }
    for expected, file in files.items():
        message = refusal(asked, file)
        assert expected in message
        assert message.startswith("The network's file ")


def test_whatever_is_cut_off_or_turned_over_the_page_goes_on(asked, network_file):
    chance = random.Random(7)
    lengths = [chance.randrange(len(network_file)) for _ in range(60)]
    # What is no weight stands in the first and the last kilobytes.
    places = [*range(2000), *range(len(network_file) - 4000, len(network_file))]
    bits = [[chance.choice(places), 1 << chance.randrange(8)] for _ in range(200)]
    cut, turned = asked.evaluate(
        f"""async ([lengths, bits]) => {{
            const file = new Uint8Array(await (await fetch("fashion.tflite")).arrayBuffer());
            const outcome = {OUTCOME};
            const turned = ([place, bit]) => {{
                const copy = file.slice();
                copy[place] ^= bit;
                return copy;
            }};
            return [
                lengths.map(length => outcome(file.slice(0, length))),
                bits.map(each => outcome(turned(each))),
            ];
        }}""",
        [lengths, bits],
    )
    assert all(message.startswith("The network's file ") for message in (*cut, *turned) if message)
    assert all(cut)
    assert sum(map(bool, turned)) > 20
    assert asked.evaluate("1 + 1") == 2


def test_a_file_of_another_checksum_is_not_used_and_loading_can_be_tried_again(
    reader, network_file
):
    def answer(route) -> None:
        route.fulfill(body=network_file[:-1], content_type="application/octet-stream")

    reader.route("**/fashion.tflite", answer)
    button = reader.get_by_role("button", name="Load the network")
    button.click()
    expect(status(reader)).to_contain_text(
        "fashion.tflite is not the file that this page published"
    )
    reader.unroute("**/fashion.tflite")
    load(reader)
    assert reader.problems == []


def test_a_file_that_is_not_there_is_said(reader):
    reader.route("**/fashion-check.json", lambda route: route.fulfill(status=404))
    reader.get_by_role("button", name="Load the network").click()
    expect(status(reader)).to_contain_text(
        "fashion-check.json could not be fetched: the server answers 404"
    )
