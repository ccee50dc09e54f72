"""Entries: a page of what goes wrong holds a symptom, a cure and claims each; the atlas lists and indexes them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from tests.engine.test_truth import refused
from tests.engine.tiny import build_site, made_run
from tutorial_engine.atlas import Atlas, versions_note
from tutorial_engine.build_cache import BuildCache
from tutorial_engine.course import stops_of
from tutorial_engine.course_pages import CoursePages
from tutorial_engine.entries import ERROR, SILENCE, WARNING, entries_of, kind_of
from tutorial_engine.errors import SourceError
from tutorial_engine.markup import convert
from tutorial_engine.navigation import ATLAS_MARK, NAV_MARK, expand_navigation
from tutorial_engine.schedule import Outcome
from tutorial_engine.sharing import Publication, tutorial_data
from tutorial_engine.versions import FILE, Behaviour, Measured, compared, digest_of_entry, name_of

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
        ("# Words and numbers meet.", "# > ## Words meet.", "an entry inside a cell"),
        ("# Words and numbers meet.", '# !!! note\n#     ## "Words"', "an entry inside a cell"),
        ("# ## can only concatenate\n", "# Words.\n", "symptom in no entry"),
        ("# ## The sum is too small", "# ## The *sum* is too small", "plain words and code"),
        ("# ## The sum is too small", "# ## The [sum](#x) is too small", "plain words and code"),
        ("# ## The sum is too small", "# ## The sum is $small$", "plain words and code"),
        ("# ## The sum is too small", "# ## The sum is too small ##", "plain words and code"),
        ("# ## The sum is too small", "# ## The sum {#small}", "plain words and code"),
        ("# ## The sum is too small", "# ## The sum &lt; 1", "plain words and code"),
        ("# ## The sum is too small", "# ## +", "something else on the page has the address"),
        ("# ## The sum is too small", "# ## Tiny", "the address #tiny"),
        ("# Words and numbers meet.", "# ### `sum` warns", "the address #sum-warns"),
        ("# Words and numbers meet.", "# Words.\n# { #sum-warns }", "the address #sum-warns"),
        ("# ## The sum is too small", "# ## The sum {#sum-warns}", "the address #sum-warns"),
        (
            "# %% [markdown]\n# ## `sum` warns",
            '# %% [markdown] tags=["question"]\n# ## `sum` warns\n#\n# Does it?\n#\n# - yes\n#     - It does.\n'
            '# - no\n#     - It does.\n\n# %% tags=["question"]\n[sys.maxsize > 0, sys.maxsize < 0]',
            "an entry that begins with a tag",
        ),
    ],
)
def test_an_entry_that_lacks_something_is_refused_by_its_name(course, before, after, message):
    assert ENTRIES.count(before) == 1
    error = refused(course, ENTRIES.replace(before, after), SourceError)
    assert message in error.message
    assert error.file == "tutorials_src/1_part/01_tiny.py"
    assert error.cell
    assert error.remedy


def test_a_title_is_shown_as_it_is_written_wherever_it_stands(module_course, ran, measured):
    tutorial, run = ran
    title = "`x[0] | y` <b> a_b_c is_ & [no] link | \\"
    cells = [
        replace(cell, source=f"## {title}") if cell is entries_of(tutorial)[0].cells[0] else cell
        for cell in tutorial.cells
    ]
    changed = replace(tutorial, cells=tuple(cells))
    ((name, *_), *_) = Atlas([(changed, run)]).messages()
    assert name == title.replace("`", "")
    item = next(
        line for line in Atlas([(changed, run)]).listing("a.md").split("\n") if "is_" in line
    )
    shown = BeautifulSoup(convert(item), "lxml")
    assert shown.a.get_text() == name
    assert shown.a.code.get_text() == "x[0] | y"
    old = name_of(tutorial, entries_of(tutorial)[0])
    new = name_of(changed, entries_of(changed)[0])
    renamed = replace(
        measured,
        verdicts=measured.verdicts | {new: measured.verdicts[old]},
        digests=measured.digests | {new: measured.digests[old]},
    )
    table = BeautifulSoup(convert(Atlas([(changed, run)], renamed).by_version("a.md")), "lxml")
    row = next(row for row in table.select("tbody tr") if "is_" in row.get_text())
    assert [cell.get_text() for cell in row.select("td")] == [name, "no error"]


def test_a_page_that_has_not_run_is_counted_as_such(ran):
    (_, run), other = ran, ran[0]
    listing = Atlas([(other, None), (other, run)]).listing("index.md")
    assert "6 entries: 1 that raise an error" in listing
    assert "1 that say nothing, 3 that have not run." in listing


def test_without_entries_there_is_no_box():
    assert "textarea" not in Atlas([]).listing("index.md")


@pytest.mark.parametrize("field", ["needs", "helps"])
def test_a_page_of_the_atlas_is_nobodys_stop_before(course, field):
    course.tutorial(ENTRIES, file=ATLAS_FILE, title="Sums")
    course.tutorial(**{field: ["sums"]})
    (error,) = [lesson.error for lesson in course.lessons() if lesson.error]
    assert f"header field '{field}': sums is no stop of the course" in str(error)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda known: "{", "Invalid JSON"),
        (lambda known: [], "object"),
        (lambda known: known | {"environments": []}, "environments: there is none"),
        (lambda known: known | {"environments": [{"keras": "3"}] * 2}, "one has no python, tensor"),
        (lambda known: known | {"verdicts": {}}, "sums#can-only-concatenate: 0, where 1 pairs"),
        (lambda known: known | {"verdicts": {"sums#sum-warns": [1]}}, "sums#sum-warns: 0: Input"),
        (
            lambda known: {name: known[name] for name in known if name != "digests"},
            "digests: Field required",
        ),
    ],
)
def test_a_damaged_file_of_versions_is_named_with_its_fault_and_the_remedy(
    course, measured, change, said, caplog
):
    file = course.root / FILE
    file.parent.mkdir()
    changed = change(json.loads(measured.to_json()))
    file.write_text(changed if isinstance(changed, str) else json.dumps(changed))
    with pytest.raises(SourceError) as caught:
        Measured.load(course.root)
    assert caught.value.file == FILE
    assert said in caught.value.message
    assert "tests/bench/versions.py" in caught.value.remedy
    course.tutorial()
    course.site()
    assert "BuildError" in build_site(course)
    assert f"{FILE}: not what was measured" in caplog.text


def test_a_file_of_versions_is_read_as_it_was_written(course, measured):
    file = course.root / FILE
    file.parent.mkdir()
    file.write_text(measured.to_json(), encoding="utf-8")
    assert Measured.load(course.root) == measured


def test_a_page_of_the_atlas_before_the_course_does_not_count_in_it(course):
    course.tutorial(ENTRIES, file="1_wrong/01_sums.py", title="Sums")
    course.tutorial(file="2_part/02_tiny.py")
    atlas, tiny = lessons = course.lessons()
    publication = Publication("Course", "", "https://example.org/", "en", "")
    assert tutorial_data(publication, tiny, lessons)["position"] == 1
    assert "position" not in tutorial_data(publication, atlas, lessons)


def test_a_page_knows_when_the_atlas_on_it_has_become_another(course):
    course.tutorial(file="1_part/01_tiny.py")
    course.tutorial(ENTRIES, file=ATLAS_FILE, title="Sums")
    files = CoursePages(course.settings(), BuildCache())
    files.make_pages([Outcome(lesson) for lesson in files.lessons])
    assert "The sum is too small" in files.with_atlas("<!-- atlas -->", "wrong/index.md")
    files.with_atlas("No mark.", "index.md")
    assert files.atlas_changes() == set()
    course.edit("## The sum is too small", "## The sum is cut", file=ATLAS_FILE)
    assert files.read_again()
    assert files.atlas_changes() == {"wrong/index.md"}


def test_a_tutorial_that_becomes_a_page_of_the_atlas_changes_the_course(course):
    course.tutorial(file="1_part/01_tiny.py")
    lesson = re.sub('"symptom"|"cure"', '"measured"', re.sub(" also=.*", "", ENTRIES))
    course.tutorial(lesson, file="1_part/02_sums.py")
    files = CoursePages(course.settings(), BuildCache())
    assert not any(lesson.error for lesson in files.lessons)
    assert len(stops_of(files.lessons)) == 2
    course.tutorial(ENTRIES, file="1_part/02_sums.py")
    assert not files.read_again()


def test_a_cure_of_nothing_is_refused(course):
    error = refused(course, '# %%\nx = 1\n\n# %% tags=["cure"]\nprint(x)\n', SourceError)
    assert error.message == "a cure without a symptom"
    assert error.cell == 2
