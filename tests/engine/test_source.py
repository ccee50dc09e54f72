"""A tutorial file is read as its author meant it, or refused with file, cell, line and remedy."""

from __future__ import annotations

import jupytext
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tutorial_engine.errors import SourceError
from tutorial_engine.source import find_sources, parse, parse_text
from tutorial_engine.structure import problems

from .tiny import HEADER, TINY, Course, code


def refused(course: Course, body: str = TINY, **options) -> SourceError:
    course.tutorial(body, **options)
    with pytest.raises(SourceError) as caught:
        course.parse()
    assert caught.value.file == "tutorials_src/1_part/01_tiny.py"
    assert caught.value.remedy
    assert "What to do: " in str(caught.value)
    return caught.value


def test_cells_have_the_kind_tags_and_lines_of_the_file(course):
    path = course.tutorial()
    lines = path.read_text().splitlines()
    cells = course.parse().cells
    assert [cell.kind for cell in cells] == ["markdown", "code", "markdown", "code"]
    assert cells[3].tags == {"claims"}
    assert all(lines[cell.line - 1].startswith("# %%") for cell in cells)
    assert [cell.number for cell in cells] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "body", [code(r'x = "\d"'), code("x = 1") + "\n# %% [markdown]\n# `{python} '\\d'`\n"]
)
def test_what_python_only_warns_of_is_refused_whoever_hides_warnings(course, body):
    assert "invalid escape sequence" in refused(course, body).message


def test_the_header_gives_title_summary_and_lists(course):
    course.tutorial(needs=["other"], teaches=["sums"], data=["digits"], artifacts=["m"], seed=7)
    header = course.parse().header
    assert (header.title, header.summary) == ("Tiny", "A tutorial that runs at once.")
    assert (header.needs, header.teaches) == (("other",), ("sums",))
    assert (header.data, header.artifacts, header.seed) == (("digits",), ("m",), 7)


def test_inline_expressions_may_go_over_lines_and_hang_on_the_clock(course):
    course.tutorial(
        code("x = 1") + "\n# %% [markdown]\n# It is `{python} max(\n# x,\n# 2)` after "
        "`{python measured} x + 1` s.\n"
    )
    first, second = course.parse().cells[1].expressions
    assert (first.code, first.measured) == ("max(\nx,\n2)", False)
    assert (second.code, second.measured) == ("x + 1", True)


def test_a_file_without_a_header_is_refused(course):
    assert "header is missing" in refused(course, header="").message


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (HEADER.replace("# title: Tiny\n", ""), "'title': Field required"),
        (HEADER.replace("title", "author"), "'author': Extra inputs"),
        (HEADER.replace("A tutorial", "A" * 140), "'summary': String should have at most 140"),
        (HEADER.replace("Tiny", "Tiny: [unclosed"), "not YAML"),
        (HEADER.replace("# title", "# seed: many\n# title"), "'seed'"),
        (HEADER.replace("title: Tiny", "just words").replace("summary: ", ""), "header"),
    ],
    ids=["missing field", "unknown field", "long summary", "bad YAML", "wrong kind", "no fields"],
)
def test_a_wrong_header_is_refused_by_field_and_points_at_its_line(course, header, said):
    error = refused(course, header=header)
    assert any(said in each.message for each in error.faults)
    shown = header.splitlines()[error.line - 1]
    assert error.line == 1 or said.split("'")[1:2] == [shown[2:].split(":")[0]] or "Tiny" in shown


def test_a_summary_of_140_characters_is_accepted(course):
    course.tutorial(summary="s" * 140)
    assert len(course.parse().header.summary) == 140


@pytest.mark.parametrize("line", ["%time total", "!ls", "%%timeit\npass"])
def test_magics_and_shell_escapes_are_refused_where_they_stand(course, line):
    error = refused(course, code(f"x = 1\n{line}"))
    assert "not Python" in error.message
    assert "magics" in error.remedy
    assert error.line == 8


@pytest.mark.parametrize("word", ["copy", "cp", "mv", "rm", "ls", "echo", "cat", "%time", "!ls"])
def test_a_comment_that_looks_like_a_command_stays_a_comment(course, word):
    course.tutorial(code(f"# {word} the first row\nx = 1"))
    assert course.parse().cells[0].source == f"# {word} the first row\nx = 1"


def test_code_outside_a_cell_is_refused(course):
    error = refused(course, "x = 1\n\n" + TINY)
    assert "outside a cell" in error.message


def test_a_tutorial_without_code_is_refused(course):
    assert "no code cell" in refused(course, "# %% [markdown]\n# Only words.\n").message


def test_an_unknown_tag_is_refused_with_the_known_ones(course):
    error = refused(course, '# %% tags=["hide"]\nx = 1\n')
    assert "unknown tag hide" in error.message
    assert "measured" in error.remedy
    assert (error.cell, error.line) == (1, 6)


def test_an_empty_markdown_cell_is_refused(course):
    assert "empty markdown" in refused(course, "# %% [markdown]\n\n" + code("x = 1")).message


@pytest.mark.parametrize(
    ("claim", "said", "line"),
    [
        ("x = 1", "without an assert", 6),
        ("x = 1\nassert x == 1", "without its text", 8),
        ('x = 1\nassert x, f"{x} is one"', "without its text", 8),
    ],
    ids=["no assert", "no text", "text that is computed"],
)
def test_a_claim_without_assertion_and_plain_text_is_refused(course, claim, said, line):
    error = refused(course, f'# %% tags=["claims"]\n{claim}\n')
    assert said in error.message
    assert error.line == line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It is `{python}`.", "does not read as one"),
        ("It is `{python total`.", "does not read as one"),
        ("It is `{python} total +`.", "not Python"),
        ("It is `{python} x = 1`.", "not Python"),
    ],
)
def test_a_malformed_expression_is_refused(course, text, said):
    error = refused(course, code("x = 1") + f"\n# %% [markdown]\n# {text}\n")
    assert said in error.message
    assert (error.cell, error.line) == (2, 10)


def test_an_expression_in_a_heading_is_refused_with_its_line(course):
    words = "# Before.\n#\n# ```text\n# two\n# lines\n# ```\n#\n# ## After `{python} 1` step\n"
    error = refused(course, code("x = 1") + f"\n# %% [markdown]\n{words}")
    assert "heading" in error.message
    assert error.line == 9 + 8


@pytest.mark.parametrize(
    "tags",
    [
        ["starter"],
        ["starter", "solution", "check"],
        ["check", "solution"],
        ["starter", "check"],
        ["starter", "", "check", "solution"],
    ],
)
def test_an_exercise_out_of_order_is_refused(course, tags):
    cells = [f'# %% tags=["{tag}"]\nx = 1\n' if tag else "# %%\nx = 1\n" for tag in tags]
    assert "outside an exercise" in refused(course, "\n".join(cells)).message


def test_a_seed_that_the_header_does_not_name_is_refused(course):
    error = refused(course, code("import keras\n\nkeras.utils.set_random_seed(7)"))
    assert "seed is not in the header" in error.message
    assert error.line == 9


def test_not_python_is_refused_with_its_line(course):
    error = refused(course, code("x = 1\ny = = 2"))
    assert (error.cell, error.line) == (1, 8)


def test_a_file_that_is_not_text_is_refused(course):
    path = course.tutorial()
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match=r"01_tiny\.py.*py:percent"):
        course.parse()


def test_tutorials_come_in_course_order_and_data_is_none_of_them(course):
    for file in ("2_b/03_c.py", "1_a/10_b.py", "1_a/02_a.py", "data/fetch.py", "1_a/.x/01_x.py"):
        (course.root / "tutorials_src" / file).parent.mkdir(exist_ok=True)
        course.tutorial(file=file)
    found = find_sources(course.root / "tutorials_src")
    assert [path.name for path in found] == ["02_a.py", "10_b.py", "03_c.py"]


@pytest.mark.parametrize(
    "file", ["1_a/notes.py", "helpers/01_x.py", "01_x.py", "1_a/b/01_x.py", "1_a/01_x.ipynb"]
)
def test_a_file_that_is_named_like_no_tutorial_is_refused_by_name(course, file):
    course.tutorial()
    path = course.root / "tutorials_src" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TINY)
    good, refused = course.lessons()
    assert good.error is None
    assert refused.error.file == f"tutorials_src/{file}"
    assert "NUMBER_part/NUMBER_name.py" in refused.error.remedy


words = st.text("abcdefgh +*_-.,()", min_size=1, max_size=30).map(str.strip).filter(bool)
markdown = st.lists(words | st.just(""), min_size=1, max_size=5).filter(
    lambda lines: lines[0] and not any(problems("\n".join(lines).strip("\n")))
)
python = st.lists(
    st.sampled_from(
        ["x = 1", "y = 'two  blanks'", "", "def f():\n    return 1", "# a remark", "x;"]
    ),
    min_size=1,
    max_size=6,
).filter(lambda lines: lines[0] and lines[-1])


@given(
    cells=st.lists(
        st.tuples(st.just("markdown"), markdown) | st.tuples(st.just("code"), python),
        min_size=1,
        max_size=5,
    )
)
def test_cells_that_are_written_and_read_again_lose_nothing(tmp_path_factory, cells):
    written = []
    text = HEADER
    for kind, lines in [*cells, ("code", ["x = 1"])]:
        source = "\n".join(lines).strip("\n")
        written.append((kind, source))
        if kind == "markdown":
            shown = "\n".join(f"# {line}".rstrip() for line in source.split("\n"))
            text += f"# %% [markdown]\n{shown}\n\n"
        else:
            text += f"# %%\n{source}\n\n"
    root = tmp_path_factory.getbasetemp() / "written and read"
    path = root / "01_tiny.py"
    root.mkdir(exist_ok=True)
    path.write_text(text)
    read = [(cell.kind, cell.source) for cell in parse(path, root).cells]
    assert read == written


gaps = st.lists(st.sampled_from(["", "  "]), max_size=4)
codes = st.lists(
    st.sampled_from(
        ["x = 1", "", " ", "# a remark", "#", "# + copy", "# %time", "s = '''\n# It's\n\n'''"]
    ),
    max_size=5,
)
proses = st.lists(
    st.sampled_from(["# more", "#", "", " ", "#tight", "#  far", "# # %%", "# `%%`"]), max_size=5
)


@given(
    st.lists(
        st.tuples(st.just("# %%\ny = 2"), codes, gaps)
        | st.tuples(st.just("# %% [markdown]\n# Words."), proses, gaps),
        max_size=5,
    ),
    st.sampled_from(["", "\n"]),
)
def test_a_cell_is_what_jupytext_reads(cells, end):
    cells = [("# %%\nx = 1", [], []), *cells]
    body = "\n".join(line for first, lines, gap in cells for line in (first, *lines, *gap)) + end
    try:
        tutorial = parse_text(HEADER + body, "tutorials_src/1_part/01_tiny.py")
    except SourceError:
        assume(False)
    # A comment stays a comment, also `# copy the first row`, which Jupytext would take for a magic.
    fmt = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    theirs = [(cell.cell_type, cell.source) for cell in jupytext.reads(body, fmt=fmt).cells]
    assert [(cell.kind, cell.source) for cell in tutorial.cells] == theirs


def test_a_marker_inside_a_fence_of_prose_is_named_as_the_fence_that_it_cuts(course):
    body = "# %% [markdown]\n# ```python\n# %%\n# x = 2\n# ```\n\n" + code("x = 1")
    error = refused(course, body)
    assert "a fence that is not closed" in error.message
    assert (error.cell, error.line) == (1, 7)


def test_a_source_of_nothing_but_a_header_is_refused(course):
    assert "no code cell" in refused(course, "").message


def test_a_claim_that_the_page_could_not_list_is_refused(course):
    claims = (
        code("x = [1, 2]")
        + '\n# %% tags=["claims"]\nfor each in x:\n    assert each, "all are set"\n'
    )
    assert "inside a loop" in refused(course, claims).message
