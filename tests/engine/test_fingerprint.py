"""A key changes with what decides a tutorial's outputs, and with nothing else."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tutorial_engine import fingerprint
from tutorial_engine.course import load_course
from tutorial_engine.errors import DataFileError, SourceError
from tutorial_engine.fingerprint import make_key

from .tiny import HELPER, TINY, Course, code

BODY = '''\
# %% [markdown]
# Some words, and no value.

# %%
from snippets import helper

# %%
def double(x):
    """Twice."""
    return 2 * x


total = helper.add(double(1), 3)
total

# %% [markdown]
# Together they make `{python} total`, in *words*.
'''


@pytest.fixture
def tiny(course):
    course.data("digits")
    course.tutorial(BODY, data=["digits"])
    return course


def changes(course, before, after, **options) -> list[str]:
    """Return what an edit of the tutorial changes in its key."""
    old = course.key()
    course.edit(before, after)
    return course.key(**options).changes_since(old.parts)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("total\n\n# %% [markdown]", "# shown below\ntotal  # the sum\n\n# %% [markdown]"),
        ("return 2 * x\n\n\n", "\n    return 2 * x\n\n"),
        ('    """Twice."""\n', '    """Two times a number."""\n'),
        ('    """Twice."""\n', ""),
        ("2 * x", "(2*x)"),
        ("Some words", "Other words, and more of them"),
        ("# Together", "# New first line.\n#\n# Together"),
        ("# Together they make", "# A cell more.\n\n# %% [markdown]\n# It makes"),
        ("title: Tiny", "title: Small"),
        ("total\n\n# %% [mark", "total  # done;\n\n# %% [mark"),
    ],
    ids=[
        "comments",
        "blank lines",
        "docstring edited",
        "docstring removed",
        "layout",
        "prose",
        "prose before an expression",
        "markdown cell added",
        "title",
        "a comment that ends in a semicolon",
    ],
)
def test_an_edit_that_decides_no_output_keeps_the_key(tiny, before, after):
    assert changes(tiny, before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("2 * x", "3 * x", "code changed"),
        ("total\n\n# %% [mark", "total;\n\n# %% [mark", "code changed"),
        ("total\n\n# %% [mark", "total;  # quiet\n\n# %% [mark", "code changed"),
        ("# %%\nfrom", '# %% tags=["measured"]\nfrom', "code changed"),
        ("# %%\ndef", "def", "code changed"),
        ("no value", "`{python} helper`", "inline expressions changed"),
        ("{python} total", "{python} total + 1", "inline expressions changed"),
        ("`{python} total`", "a number", "inline expressions changed"),
        ("# ---\n\n", "# artifacts: [model]\n# ---\n\n", "artifacts changed"),
        ("# data: ", "# teaches: ", "data digits removed"),
        ("from snippets", "import psutil\nfrom snippets", "version of psutil added"),
    ],
)
def test_an_edit_that_decides_an_output_changes_the_key_and_is_named(tiny, before, after, reason):
    assert reason in changes(tiny, before, after)


def test_an_expression_that_moves_past_a_code_cell_changes_the_key(tiny):
    tiny.tutorial(
        BODY.replace("no value", "`{python} total`").replace("`{python} total`, in", "in")
    )
    moved = tiny.key()
    tiny.tutorial(BODY)
    assert "inline expressions changed" in moved.changes_since(tiny.key().parts)


def test_an_expression_that_moves_within_its_place_keeps_the_key(tiny):
    assert (
        changes(tiny, "Together they make `{python} total`, in", "It is in `{python} total`") == []
    )


def test_a_snippet_counts_by_what_it_does(tiny):
    old = tiny.key()
    tiny.snippet("helper", HELPER.replace('"""Sums."""', '"""Adds things up."""\n# A remark.'))
    assert tiny.key() == old
    tiny.snippet("helper", HELPER.replace("left + right", "right + left"))
    assert tiny.key().changes_since(old.parts) == ["snippets/helper.py changed"]


MANY = '''\
"""Several things."""
import math

UNIT = math.pi


def used(x):
    return _inner(x) * UNIT


def _inner(x):
    return x + 1


def neighbour(x):
    import psutil

    return x - 1
'''


@pytest.fixture
def one_of_many(course):
    """A tutorial that uses one function of a snippet that holds several."""
    course.snippet("many", MANY)
    course.tutorial(code("from snippets import many\n\nmany.used(2)"))
    return course


@pytest.mark.parametrize(
    ("before", "after"),
    [("x - 1", "x - 2"), ("def neighbour", "def other"), ("import psutil", "import yaml")],
    ids=["its code", "its name", "what it imports"],
)
def test_a_function_that_the_tutorial_cannot_reach_does_not_count(one_of_many, before, after):
    old = one_of_many.key()
    one_of_many.snippet("many", MANY.replace(before, after))
    assert one_of_many.key() == old


@pytest.mark.parametrize(
    ("before", "after"),
    [("* UNIT", "/ UNIT"), ("x + 1", "x + 2"), ("math.pi", "math.e")],
    ids=["the function it calls", "what that calls", "a value both use"],
)
def test_whatever_the_tutorial_reaches_counts(one_of_many, before, after):
    old = one_of_many.key()
    one_of_many.snippet("many", MANY.replace(before, after))
    assert one_of_many.key().changes_since(old.parts) == ["snippets/many.py changed"]


@pytest.mark.parametrize(
    "body",
    [
        code("from snippets import many\n\nf = many\nf.used(2)"),
        code("import snippets.many\n\nsnippets.many.used(2)"),
        code("from snippets.many import *\n\nused(2)"),
        code("from snippets import many\n\ngetattr(many, 'used')(2)"),
    ],
    ids=["passed on", "imported by its full name", "star", "asked by a string"],
)
def test_all_of_a_snippet_counts_where_its_use_cannot_be_read_off(one_of_many, body):
    one_of_many.tutorial(body)
    old = one_of_many.key()
    one_of_many.snippet("many", MANY.replace("x - 1", "x - 2"))
    assert one_of_many.key().changes_since(old.parts) == ["snippets/many.py changed"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def neighbour", "@print\ndef neighbour"),
        ("return _inner(x) * UNIT", "return globals()['neighbour'](x)"),
    ],
    ids=["decorated, so it may register itself", "names looked up while it runs"],
)
def test_what_a_snippet_may_reach_at_run_time_counts(one_of_many, before, after):
    source = MANY.replace(before, after)
    one_of_many.snippet("many", source)
    old = one_of_many.key()
    one_of_many.snippet("many", source.replace("x - 1", "x - 2"))
    assert one_of_many.key().changes_since(old.parts) == ["snippets/many.py changed"]


def test_a_function_used_in_an_inline_expression_counts(one_of_many):
    one_of_many.edit(
        "many.used(2)", "many.used(2)\n\n# %% [markdown]\n# `{python} many.neighbour(1)`"
    )
    old = one_of_many.key()
    one_of_many.snippet("many", MANY.replace("x - 1", "x - 2"))
    assert one_of_many.key().changes_since(old.parts) == ["snippets/many.py changed"]


@pytest.mark.parametrize(
    "line",
    [
        "from snippets import deep",
        "from snippets.deep import five",
        "import snippets.deep",
        "from . import deep",
        "from .deep import five",
    ],
)
def test_a_snippet_that_a_snippet_imports_counts(tiny, line):
    tiny.snippet("deep", "five = 5\n")
    tiny.snippet("helper", f"{line}\n\n{HELPER}")
    old = tiny.key()
    tiny.snippet("deep", "five = 6\n")
    assert tiny.key().changes_since(old.parts) == ["snippets/deep.py changed"]


def test_a_snippet_that_is_not_imported_does_not_count(tiny):
    old = tiny.key()
    tiny.snippet("other", "x = 1\n")
    assert tiny.key() == old


def test_published_data_counts_by_its_checksum(tiny):
    old = tiny.key()
    tiny.data("digits", b"other pixels")
    assert tiny.key().changes_since(old.parts) == ["data digits changed"]


@pytest.mark.parametrize(
    ("setting", "reason"),
    [({"edition": "full"}, "edition changed"), ({"threads": 2}, "numeric environment changed")],
)
def test_settings_that_decide_outputs_count(tiny, setting, reason):
    assert tiny.key(**setting).changes_since(tiny.key().parts) == [reason]


@pytest.mark.parametrize(
    "setting", [{"jobs": 1}, {"cell_cpu_limit": 5}, {"site_url": "https://a.b"}]
)
def test_settings_that_decide_no_output_do_not_count(tiny, setting):
    assert tiny.key(**setting) == tiny.key()


def test_a_distribution_of_another_version_counts(tiny, monkeypatch):
    tiny.edit("from snippets", "import numpy as np\nfrom snippets")
    old = tiny.key()
    real = fingerprint.importlib.metadata.version
    monkeypatch.setattr(
        fingerprint.importlib.metadata,
        "version",
        lambda name: "9.9" if name == "numpy" else real(name),
    )
    # What installing it does to the folder of packages.
    monkeypatch.setattr(fingerprint, "_state_of_environment", lambda: "another")
    said = tiny.key().changes_since(old.parts)
    assert said == [f"version of numpy changed from {real('numpy')} to 9.9"]


def test_python_and_the_schema_count(tiny, monkeypatch):
    old = tiny.key()
    monkeypatch.setattr(fingerprint.platform, "python_version", lambda: "3.99.0")
    monkeypatch.setattr(fingerprint, "SCHEMA", 0)
    said = "; ".join(tiny.key().changes_since(old.parts))
    assert said.startswith("schema changed; version of python changed from")


def test_a_module_is_known_by_the_distribution_that_brings_it(tiny):
    tiny.edit("from snippets", "import yaml\nimport sklearn\nfrom snippets")
    parts = tiny.key().parts
    assert "version of scikit-learn" in parts
    assert any(name.lower() == "version of pyyaml" for name in parts)


def test_the_same_tutorial_has_the_same_key_in_another_folder(tmp_path):
    keys = []
    for name in ("one", "two"):
        course = Course(tmp_path / name)
        course.tutorial()
        keys.append(course.key().digest)
    assert keys[0] == keys[1]


def test_a_snippet_edit_makes_stale_exactly_the_tutorials_that_import_it(course):
    course.snippet("other", "x = 1\n")
    course.tutorial(TINY)
    course.tutorial(code("from snippets import other\n\nother.x"), file="1_part/02_other.py")
    course.tutorial(code("import math"), file="2_more/03_alone.py")
    before = {lesson.name: lesson.key for lesson in load_course(course.settings())}
    course.snippet("helper", HELPER.replace("+", "-"))
    after = {lesson.name: lesson.key for lesson in load_course(course.settings())}
    assert [name for name in before if before[name] != after[name]] == ["tiny"]


def test_no_code_is_parsed_twice_for_all_keys_together(course, monkeypatch):
    course.snippet("helper", f"SHARED = 1\n{HELPER}")
    for number in range(3):
        body = code(f"from snippets import helper\n\nhelper.add({number}, 3.25)")
        course.tutorial(body, file=f"1_part/0{number}_tiny.py", title="Parsed once")
    parsed, parse = Counter(), ast.parse
    monkeypatch.setattr(
        ast, "parse", lambda source, **options: parsed.update([source]) or parse(source, **options)
    )
    tutorials = [course.parse(f"1_part/0{number}_tiny.py") for number in range(3)]
    parsed.clear()
    for tutorial in tutorials:
        make_key(tutorial, course.settings())
    assert set(parsed.values()) == {1}


def test_a_snippet_that_is_not_there_is_named_with_the_line_of_its_import(tiny):
    tiny.edit("import helper", "import helpful")
    with pytest.raises(SourceError, match=r"snippets/helpful\.py does not exist") as caught:
        tiny.key()
    assert caught.value.line == tiny.parse().code_cells[0].line + 1


def test_a_snippet_that_is_not_python_is_named_with_its_line(tiny):
    tiny.snippet("helper", "x = 1\ny = = 2\n")
    with pytest.raises(SourceError, match=r"snippets/helper\.py:2: ") as caught:
        tiny.key()
    assert caught.value.remedy == "correct snippets/helper.py"


def test_a_damaged_data_file_is_named_with_both_checksums_and_the_cure(tiny):
    file = tiny.root / "tutorials_src" / "data" / "digits" / "pixels.bin"
    file.write_bytes(b"pixel")
    with pytest.raises(DataFileError) as caught:
        tiny.key()
    shown = "tutorials_src/data/digits/pixels.bin"
    assert caught.value.file == shown
    assert caught.value.remedy == f"git checkout -- {shown}"
    expected = tiny.checksums["digits"]["default"]["files"]["digits/pixels.bin"]
    assert f"expected SHA-256 {expected}, found " in caught.value.message


def test_a_missing_data_file_is_named(tiny):
    (tiny.root / "tutorials_src" / "data" / "digits" / "pixels.bin").unlink()
    with pytest.raises(DataFileError, match="found no file"):
        tiny.key()


def test_data_that_the_course_does_not_have_is_refused_with_what_it_has(tiny):
    tiny.edit("digits", "letters")
    with pytest.raises(SourceError, match="unknown data 'letters'") as caught:
        tiny.key()
    assert caught.value.remedy == "name one of digits"
