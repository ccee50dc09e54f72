"""What the search's index has of a page."""

from __future__ import annotations

import json

import pytest

from tutorial_engine.searching import names_in, read_words, searchable, with_names

from .tiny import build_site, made_run


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("from keras.callbacks import EarlyStopping", {"keras", "callbacks", "EarlyStopping"}),
        ("loss = keras.losses.Huber(delta=2.0)", {"losses", "Huber", "delta"}),
        ("layer = Dense(3, activation='relu')", {"Dense", "activation", "relu"}),
        ("callback = stop(monitor='val_loss')", {"monitor", "val_loss"}),
        ("def f(a, *, from_logits: bool) ->", {"from_logits"}),
        ("total = 2 + 3", set()),
        ("print('a sentence, no option')", set()),
    ],
)
def test_names_are_those_that_code_takes_from_elsewhere(code, names):
    assert set(names_in(code)) == names


def test_of_code_only_names_are_searched_and_of_outputs_only_errors():
    content = """
        <p>A zebra.</p>
        <div class="highlight"><pre><code>herd = keras.layers.Dense(12)</code></pre></div>
        <div class="output no-copy highlight"><pre><code>an answer</code></pre></div>
        <div class="output rich"><table><tr><td>a table</td></tr></table></div>
        <div class="output error no-copy highlight"><pre><code>ValueError: too wild</code></pre></div>
    """
    entry = with_names({"location": "zoo/", "title": "Zoo", "text": searchable(content)})
    assert entry["names"].split() == ["Dense", "layers"]
    assert "A zebra." in entry["text"]
    assert "ValueError: too wild" in entry["text"]
    assert not [word for word in ("herd", "answer", "table", "12") if word in entry["text"]]


def test_a_page_without_code_has_no_names():
    entry = {"location": "zoo/", "title": "Zoo", "text": "<p>A zebra.</p> <p> </p>"}
    assert with_names(entry) == entry | {"text": "<p>A zebra.</p>"}


def test_the_index_has_the_names_of_a_tutorials_code_and_the_sites_own_words(course):
    course.site()
    course.tutorial(teaches=["sum"])
    course.glossary("sum")
    course.store.save(made_run(course))
    words = {"synonyms": {"sum": ["total", "addition"]}, "background": ["python"]}
    (course.root / "docs/search.yml").write_text(json.dumps(words))
    assert build_site(course) == ""
    index = json.loads((course.root / "site/search/search_index.json").read_text())
    (entry,) = [entry for entry in index["docs"] if entry["location"] == "part/tiny/"]
    assert entry["teaches"] == ["sum"]
    assert entry["names"].split() == ["snippets", "helper", "add"]
    assert "Two numbers go in, one comes out." in entry["text"]
    assert "print" not in entry["text"]
    assert {name: index["config"][name] for name in words} == words


def test_a_site_whose_list_of_words_is_none_is_not_built(course, caplog):
    course.site()
    course.tutorial()
    course.store.save(made_run(course))
    (course.root / "docs/search.yml").write_text("synonyms: {sum: total}")
    assert build_site(course)
    assert "search.yml: it holds" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "synonyms: [a]",
        "synonyms: {a: b}",
        "synonyms: {a: [no]}",
        "synonyms: {on: [a]}",
        "background: a",
        "other: []",
        "- a",
        "synonyms: {a",
    ],
)
def test_a_list_of_words_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "search.yml").write_text(text)
    with pytest.raises(ValueError, match=r"search\.yml"):
        read_words(tmp_path)


def test_a_site_needs_no_list_of_words(tmp_path):
    assert read_words(tmp_path) == {}
