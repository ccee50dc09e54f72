"""Rows of maps show what they are given, and say it in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snippets import plot_images

few = settings(max_examples=10, deadline=None)
PHOTOS = np.arange(2 * 5 * 4, dtype=np.uint8).reshape(2, 5, 4)
HEAT = np.zeros((2, 5, 4))
HEAT[0, 1, 2] = 3.0
TITLES = ["Coat", "Ankle\nboot"]


def test_photographs_are_grey_and_maps_are_not(assert_fit_for_a_page):
    figure = plot_images.map_rows({"photograph": PHOTOS, "map": HEAT}, TITLES, outlines=PHOTOS)
    assert [ax.images[0].get_cmap().name for ax in figure.axes] == ["gray"] * 2 + ["inferno"] * 2
    assert figure.axes[0].get_ylabel() == "photograph"
    assert figure.axes[1].get_title() == TITLES[1]
    assert_fit_for_a_page(figure)


def test_the_alt_text_says_where_each_map_is_brightest_or_that_it_is_nowhere():
    figure = plot_images.map_rows({"photograph": PHOTOS, "map": HEAT}, TITLES)
    assert "Maps of 5 by 4 pixels for Coat, Ankle boot." in figure.alt
    assert "map brightest at (1, 2), nowhere, rows" in figure.alt
    assert "photograph" not in figure.alt


def test_photographs_alone_need_no_word_about_maps():
    assert plot_images.map_rows({"photograph": PHOTOS}, TITLES).alt.endswith(
        "for Coat, Ankle boot."
    )


def test_each_map_has_its_own_scale_unless_the_row_shares_one():
    heat = np.stack([HEAT[0], HEAT[0] / 3])
    tops = {
        shared: [
            ax.images[0].norm.vmax
            for ax in plot_images.map_rows({"map": heat}, TITLES, shared=shared).axes
        ]
        for shared in (False, True)
    }
    assert tops == {False: [3.0, 1.0], True: [3.0, 3.0]}


@few
@given(heat=arrays(float, (2, 5, 4), elements=st.floats(0, 1e6)))
def test_any_map_of_numbers_of_0_or_above_is_drawn(heat):
    figure = plot_images.map_rows({"map": heat}, TITLES, outlines=PHOTOS)
    assert figure.alt.endswith("counted from 0.")


@pytest.mark.parametrize(
    ("rows", "titles", "outlines", "message"),
    [
        ({}, [], None, "must match"),
        ({"map": HEAT[0]}, TITLES, None, r"rows\['map'\] must be of shape"),
        ({"map": HEAT}, TITLES[:1], None, "must match"),
        ({"map": HEAT, "photograph": PHOTOS[:1]}, TITLES, None, "must match"),
        ({"map": HEAT}, TITLES, PHOTOS[:, 1:], "must match"),
        ({"map": -HEAT}, TITLES, None, "0 or above"),
        ({"map": HEAT * np.nan}, TITLES, None, "finite"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, titles, outlines, message):
    with pytest.raises(ValueError, match=message):
        plot_images.map_rows(rows, titles, outlines=outlines)
