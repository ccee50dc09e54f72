"""A page's figures as WebP: the same pixels in fewer bytes, and PNG where that cannot be."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from tutorial_engine.build_cache import BuildCache
from tutorial_engine.outputs import Picture
from tutorial_engine.webp import as_webp, lighter

from .test_publish import rendered
from .tiny import code, made_run, picture

PIXELS = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24).flatmap(
    lambda shape: st.sampled_from([1, 3, 4]).flatmap(
        lambda channels: arrays(np.uint8, (*shape, channels))
    )
)


def png_of(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(
        file, "PNG", **options
    )
    return file.getvalue()


def pixels_of(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGBA"))


def drawn(height: int = 200, width: int = 300) -> np.ndarray:
    """Return a picture like a figure's: one colour with a line across."""
    pixels = np.full((height, width, 3), 254, np.uint8)
    pixels[np.arange(height), np.arange(height) * width // height] = (20, 60, 120)
    return pixels


@given(pixels=PIXELS)
def test_not_a_pixel_changes(pixels):
    png = png_of(pixels)
    assert (pixels_of(as_webp(png)) == pixels_of(png)).all()


def test_a_figure_comes_in_fewer_bytes():
    png = png_of(drawn(), optimize=True)
    assert len(as_webp(png)) < 0.7 * len(png)


def test_what_lies_under_a_transparent_pixel_stays():
    pixels = np.dstack([drawn(), np.zeros((200, 300), np.uint8)])
    webp = as_webp(png_of(pixels))
    with Image.open(io.BytesIO(webp)) as image:
        assert (np.asarray(image) == pixels).all()


def test_a_colour_table_and_its_transparent_colour_are_read():
    image = Image.fromarray(drawn()).quantize(8)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=0)
    assert (pixels_of(as_webp(file.getvalue())) == pixels_of(file.getvalue())).all()


def animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(np.roll(drawn(), step, axis=1)) for step in (0, 40)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    "png",
    [
        pytest.param(animated(), id="two frames"),
        pytest.param(png_of(np.arange(6000, dtype=np.uint16).reshape(60, 100, 1)), id="16 bits"),
        pytest.param(png_of(np.zeros((2, 16_384, 3), np.uint8)), id="an edge too long for WebP"),
    ],
)
def test_what_webp_would_not_hold_whole_stays_a_png(png):
    assert as_webp(png) is None


def test_a_colour_profile_comes_along():
    webp = as_webp(png_of(drawn(), icc_profile=b"a profile"))
    with Image.open(io.BytesIO(webp)) as image:
        assert image.info["icc_profile"] == b"a profile"


def test_a_figure_whose_dark_twin_stays_a_png_stays_one_too():
    figure = Picture(png_of(drawn()), "png", "A line.", 150, 100, dark=animated())
    assert lighter(figure, BuildCache()) == figure


def test_a_figure_is_converted_once(tmp_path, monkeypatch):
    figure = Picture(png_of(drawn()), "png", "A line.", 150, 100)
    first = lighter(figure, BuildCache(tmp_path))
    monkeypatch.setattr("tutorial_engine.webp.as_webp", lambda png: pytest.fail("converted again"))
    assert lighter(figure, BuildCache(tmp_path)) == first
    assert first.extension == "webp"


def test_a_page_and_its_run_record_show_the_same_files(course):
    course.tutorial(code("1 + 1"))
    light, dark = png_of(drawn()), png_of(255 - drawn())
    page = course.page(made_run(course, outputs=[[picture(content=light, dark=dark)]]))
    (image,) = rendered(page.markdown).select("picture img")
    assert image["src"] == "tiny/figure-01.webp"
    assert (pixels_of(page.files["part/tiny/figure-01.webp"]) == pixels_of(light)).all()
    assert (pixels_of(page.files["part/tiny/figure-01-dark.webp"]) == pixels_of(dark)).all()
    (shown,) = page.figures.values()
    assert shown["src"] == "part/tiny/figure-01.webp"
    assert shown["data-dark"] == "figure-01-dark.webp"
