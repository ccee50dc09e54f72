"""The picture of what is trained and what is frozen draws and says the numbers that it is given."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snippets import plot_networks

few = settings(max_examples=10, deadline=None)
layer_rows = st.lists(
    st.tuples(
        st.sampled_from(["conv", "norm", "logits"]), st.integers(0, 999), st.integers(0, 999)
    ).filter(lambda row: row[1] + row[2]),
    min_size=1,
    max_size=5,
)


@few
@given(rows=layer_rows)
def test_the_solid_part_of_a_box_is_the_share_that_is_trained(rows):
    figure = plot_networks.trained_parts({"a model": rows})
    (ax,) = figure.axes
    solid = {}
    for bar in ax.patches:
        if bar.get_facecolor()[3]:
            assert not bar.get_hatch()
            solid[round(bar.get_y() + bar.get_height() / 2)] = bar.get_width()
        else:
            assert bar.get_hatch()
    for place, (_, changed, still) in enumerate(rows):
        assert solid.get(place, 0) == pytest.approx(changed / (changed + still))
    trained, whole = sum(row[1] for row in rows), sum(row[1] + row[2] for row in rows)
    assert f"{trained:,} of {whole:,} weights." in figure.alt


def test_columns_share_a_height_and_the_figure_fits_a_page(assert_fit_for_a_page):
    models = {"new head": [("base", 0, 90), ("head", 10, 0)], "half": [("block", 30, 10)]}
    figure = plot_networks.trained_parts(models)
    assert_fit_for_a_page(figure)
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    assert "new head: base frozen, head trained; 10 of 100 weights." in figure.alt
    assert "half: block 30 of 40 weights trained; 30 of 40 weights." in figure.alt
    assert [text.get_text() for text in figure.axes[0].texts] == ["base", "head"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ({}, "at least one model"),
        ({"empty": []}, "at least one model"),
        ({"a": [("flat", 0, 0)]}, "every layer needs weights"),
        ({"a": [("odd", -1, 3)]}, "every layer needs weights"),
    ],
)
def test_a_model_that_cannot_be_drawn_is_refused(models, message):
    with pytest.raises(ValueError, match=message):
        plot_networks.trained_parts(models)
