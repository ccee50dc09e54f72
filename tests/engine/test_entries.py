"""Entries: a page of what goes wrong holds a symptom, a cure and claims each; the atlas lists and indexes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.engine.test_truth import refused
from tests.engine.tiny import made_run
from tutorial_engine.atlas import Atlas, versions_note
from tutorial_engine.course import stops_of
from tutorial_engine.course_files import ATLAS_MARK, NAV_MARK, expand_navigation
from tutorial_engine.entries import ERROR, SILENCE, WARNING, entries_of, kind_of
from tutorial_engine.errors import SourceError
from tutorial_engine.versions import Behaviour, Measured, compared, digest_of_entry, name_of

ATLAS_FILE = "2_wrong/02_sums.py"
ENTRIES = """\
# %% [markdown]
# Sums that go wrong.

# %% [markdown]
# ## can only concatenate
#
# Words and numbers meet.

# %% tags=["symptom", "raises-exception"] also="adding text; plus of a string"
import sys

"one" + 1

# %% [markdown]
# **Why.** A word is no number.

# %% tags=["cure"]
print(int("1") + 1)

# %% tags=["claims"]
assert "concatenate" in str(sys.last_value), "text and numbers do not add"

# %% [markdown]
# ## `sum` warns

# %% tags=["symptom"]
import warnings

warnings.warn("the sum is large", stacklevel=1)
total = sum([1, 2])

# %% tags=["cure"]
print(total)

# %% tags=["claims"]
assert total == 3, "one and two make three"

# %% [markdown]
# ## The sum is too small

# %% tags=["symptom"]
cut = sum(map(int, [0.5, 0.5]))
print(cut)

# %% tags=["cure"]
print(sum([0.5, 0.5]))

# %% tags=["claims"]
assert cut == 0, "whole numbers lose the halves"
"""


@pytest.fixture(scope="module")
def ran(module_course):
    """A page of three entries, with its run."""
    module_course.tutorial(file="1_part/01_tiny.py")
    module_course.tutorial(ENTRIES, file=ATLAS_FILE, title="Sums", summary="Sums go wrong.")
    return module_course.parse(ATLAS_FILE), module_course.run(ATLAS_FILE)


def test_the_run_decides_what_an_entry_is(ran):
    tutorial, run = ran
    kinds = [kind_of(entry, tutorial, run) for entry in entries_of(tutorial)]
    assert kinds == [ERROR, WARNING, SILENCE]


def test_an_entry_has_its_address_and_what_else_it_is_called(ran):
    tutorial, _ = ran
    entries = entries_of(tutorial)
    assert [entry.anchor for entry in entries] == [
        "can-only-concatenate",
        "sum-warns",
        "the-sum-is-too-small",
    ]
    assert entries[0].also == ("adding text", "plus of a string")


def test_the_page_says_below_each_heading_what_the_entry_is(module_course, ran):
    page = module_course.page(ran[1], ATLAS_FILE).markdown
    places = [
        page.index(f"## {heading}\n\n<span") < page.index(f">{says}</span>")
        for heading, says in (
            ("can only concatenate", "raises an error"),
            ("`sum` warns", "warns and goes on"),
            ("The sum is too small", "says nothing"),
        )
    ]
    assert places == [True] * 3
    assert page.count('title="What goes wrong"') == page.count('title="The cure"') == 3


def test_the_index_holds_what_was_really_said(ran):
    concatenate, warned, silent = Atlas([ran]).messages()
    assert concatenate[:4] == [
        "can only concatenate",
        "wrong/sums/#can-only-concatenate",
        "raises an error",
        "adding text; plus of a string",
    ]
    assert concatenate[4].startswith("TypeError: can only concatenate str")
    assert "UserWarning: the sum is large" in warned[4]
    assert silent[4] == ""


def test_of_a_message_that_quotes_files_the_index_holds_what_stands_around(ran):
    tutorial, run = ran
    quoted = 'in user code:\n\n    File "/a/b.py", line 7, in step  **\n        loss(x)\n\n    ValueError: no rank\n'
    error = {"output_type": "error", "ename": "ValueError", "evalue": quoted, "traceback": []}
    ((*_, message), *_) = Atlas(
        [(tutorial, replace(run, outputs=[[error], *run.outputs[1:]]))]
    ).messages()
    assert " ".join(message.split()) == "ValueError: in user code: ValueError: no rank"


def test_the_listing_leads_to_each_entry_and_counts_them(ran):
    listing = Atlas([ran]).listing("wrong/index.md")
    assert "3 entries: 1 that raise an error, 1 that warn and go on, 1 that say nothing." in listing
    assert "## [Sums](sums.md)" in listing
    assert "- [The sum is too small](sums.md#the-sum-is-too-small) " in listing


def test_before_it_has_run_the_listing_says_what_the_entries_are_called_and_no_more(ran):
    listing = Atlas([(ran[0], None)]).listing("index.md")
    assert "[`sum` warns](wrong/sums.md#sum-warns)" in listing
    assert "entry-kind" not in listing


@pytest.fixture
def measured(ran):
    """What a script might have measured of the three entries, with one older pair."""
    tutorial, _ = ran
    environments = [
        {"tensorflow": "2.17.1", "keras": "3.5.0", "python": "3.11.2"},
        {"tensorflow": "2.21.0", "keras": "3.15.1", "python": "3.11.2"},
    ]
    entries = entries_of(tutorial)
    verdicts = dict(
        zip(
            [name_of(tutorial, each) for each in entries],
            [["no error"], [""], ["another value: 1"]],
            strict=True,
        )
    )
    digests = {name_of(tutorial, each): digest_of_entry(each) for each in entries}
    return Measured("2026-11-30", "tests/bench/versions.py", environments, verdicts, digests)


def test_the_table_names_the_entries_that_differ_with_other_versions(ran, measured):
    table = Atlas([ran], measured).by_version("wrong/versions.md")
    assert "| [can only concatenate](sums.md#can-only-concatenate) | no error |" in table
    assert "| [The sum is too small](sums.md#the-sum-is-too-small) | another value |" in table
    assert "`sum` warns" not in table
    assert "1 of 3 entries behave alike" in table
    assert "2026-11-30" in table


def test_an_entry_whose_code_has_changed_is_not_said_to_differ(ran, measured):
    tutorial, _ = ran
    entry = entries_of(tutorial)[0]
    assert "no error" in versions_note(entry, tutorial, measured)
    old = replace(measured, digests=dict.fromkeys(measured.digests, "another"))
    assert versions_note(entry, tutorial, old) == ""
    assert "3 entries have changed since" in Atlas([ran], old).by_version("wrong/versions.md")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, ""),
        ({"raised": ["ValueError: shape (7, 3) of layer 0x7f"]}, ""),
        ({"raised": []}, "no error"),
        ({"raised": ["ValueError: shape"] * 2}, "an error: ValueError: shape"),
        ({"raised": ["TypeError: shape"]}, "another error: TypeError: shape"),
        ({"raised": ["ValueError: rank"]}, "another message: ValueError: rank"),
        ({"warned": "UserWarning: mind"}, "a warning: UserWarning: mind"),
        ({"claims": [False], "printed": "3"}, "another value: 3"),
    ],
)
def test_two_behaviours_are_told_apart_by_error_message_warning_and_claims(changes, verdict):
    expected = Behaviour(["ValueError: shape (2, 3) of layer 0x1a"], "", "2", [True])
    assert compared(replace(expected, **changes), expected) == verdict


def test_an_atlas_page_is_no_stop_of_the_course(module_course, ran):
    lessons = module_course.lessons()
    assert [lesson.name for lesson in stops_of(lessons)] == ["tiny"]
    navigation = expand_navigation([NAV_MARK, {"Help": ["help.md", ATLAS_MARK]}], lessons, {})
    assert navigation == [
        {"Part": [{"1. Tiny": "part/tiny.md"}]},
        {"Help": ["help.md", {"Sums": "wrong/sums.md"}]},
    ]
    assert "**1 of 1**" in module_course.page(None).markdown
    run = made_run(module_course, ATLAS_FILE)
    assert " of " not in module_course.page(run, ATLAS_FILE).markdown.partition("Take it")[0]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('# %% tags=["cure"]\nprint(total)\n', "", "the entry '`sum` warns' without a cure"),
        ('# %% tags=["claims"]\nassert total', "# %%\nassert total", "without a claim"),
        ("# ## The sum is too small", "# ## `sum` warns", "two entries have the address"),
        ("# Words and numbers meet.", "# ## Words and numbers meet.", "an entry inside a cell"),
        ('["cure"]\nprint(total)', '["cure"] also="x"\nprint(total)', "an also on a cell"),
    ],
)
def test_an_entry_that_lacks_something_is_refused_by_its_name(course, before, after, message):
    assert ENTRIES.count(before) == 1
    error = refused(course, ENTRIES.replace(before, after), SourceError)
    assert message in error.message


def test_a_cure_of_nothing_is_refused(course):
    error = refused(course, '# %%\nx = 1\n\n# %% tags=["cure"]\nprint(x)\n', SourceError)
    assert error.message == "a cure without a symptom"
    assert error.cell == 2
