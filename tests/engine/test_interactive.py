"""An interactive cell prints the data of a figure; the page holds it, the notebook and the reading do without."""

from __future__ import annotations

import json

import pytest
from bs4 import BeautifulSoup

from tutorial_engine.errors import ExecutionError, SourceError
from tutorial_engine.html_pages import lean_page
from tutorial_engine.interactive import KINDS, MOST, figure_data
from tutorial_engine.notebooks import record_notebook, standalone_notebook
from tutorial_engine.outputs import OutputError
from tutorial_engine.settings import Settings

from .test_publish import rendered, stream
from .tiny import REPOSITORY, code, made_run, picture

FIGURE = {
    "figure": "threshold",
    "label": 'A dot on "three" charts',
    "expected": [{"threshold": 0.5}],
    "words": "</script><p>out & about $x$ `y` *z*",
}
TUTORIAL = (
    code("total = 2 + 3\nprint(total)")
    + '\n# %% tags=["interactive"]\nimport json\n\nprint(json.dumps({}))\n'
)


def printed(data: object) -> str:
    """Return an interactive cell that prints this."""
    return f'\n# %% tags=["interactive"]\nprint({json.dumps(data)!r})\n'


@pytest.fixture
def tiny(course):
    course.tutorial(TUTORIAL)
    return course


def run_of(course, figure: object = FIGURE):
    return made_run(course, outputs=[[stream("5\n")], [stream(json.dumps(figure) + "\n")]])


def test_a_page_holds_the_data_and_not_the_code(tiny):
    page = tiny.page(run_of(tiny))
    soup = rendered(page.markdown)
    box = soup.select_one("div.interactive")
    assert (box["data-figure"], box["role"]) == ("threshold", "group")
    assert box["aria-label"] == FIGURE["label"]
    assert json.loads(box.script.string) == FIGURE
    assert box.script["type"] == "application/json"
    assert "JavaScript" in box.select_one("p.no-script").text
    assert "json.dumps" not in soup.text


def test_nothing_in_the_data_ends_it_or_is_markdown(tiny):
    markdown = tiny.page(run_of(tiny)).markdown
    (line,) = (line for line in markdown.splitlines() if "data-figure" in line)
    data = line.partition('json">')[2].partition("</script>")[0]
    assert not set("<>&") & set(data)
    assert json.loads(data) == FIGURE
    lean = BeautifulSoup(lean_page(line), "html.parser")
    assert json.loads(lean.script.string) == FIGURE


def test_before_its_run_a_page_has_no_figure(tiny):
    assert "interactive" not in tiny.page(None).markdown


def test_a_notebook_leaves_the_cell_out_and_the_record_shows_it(tiny):
    run, settings = run_of(tiny), Settings.load(tiny.root)
    (lesson,) = tiny.lessons()
    alone = json.loads(standalone_notebook(lesson.tutorial, run, settings))
    assert "json.dumps" not in json.dumps(alone)
    record = json.loads(record_notebook(lesson.tutorial, run, settings))
    (cell,) = (
        cell for cell in record["cells"] if "interactive" in cell["metadata"].get("tags", ())
    )
    assert "json.dumps" in cell["source"]
    assert json.loads(cell["outputs"][0]["text"]) == FIGURE


@pytest.mark.parametrize(
    ("uses", "where"),
    [
        ("text = json.dumps(1)", "code"),
        ("import json", "code"),
        ("def json():\n    return 1", "code"),
        ("# `{python} json.dumps(1)`", "markdown"),
    ],
)
def test_a_name_that_other_cells_use_is_refused(course, uses, where):
    cell = f"\n# %% [markdown]\n{uses}\n" if where == "markdown" else f"\n# %%\n{uses}\n"
    course.tutorial(TUTORIAL + cell)
    (lesson,) = course.lessons()
    assert isinstance(lesson.error, SourceError)
    assert "sets json, which cell 3 uses" in lesson.error.message
    assert lesson.error.cell == 2


def test_names_inside_a_function_are_the_cell_s_own(course):
    course.tutorial(
        code("json = 1")
        + '\n# %% tags=["interactive"]\ndef draw():\n    import json\n    print(json)\n\n\ndraw()\n'
    )
    (lesson,) = course.lessons()
    assert lesson.error is None


def test_the_tag_stands_alone(course):
    course.tutorial(code("x = 1") + '\n# %% tags=["interactive", "measured"]\nprint(x)\n')
    (lesson,) = course.lessons()
    assert "contradict" in lesson.error.message


def test_a_figure_comes_out_of_a_run(course):
    course.tutorial(code("total = 2 + 3") + printed(FIGURE))
    run = course.run()
    assert json.loads(run.outputs[1][0]["text"]) == FIGURE


def test_what_is_no_figure_is_refused_with_its_cell(course):
    course.tutorial(code("total = 2 + 3") + printed({"figure": "pie"}))
    with pytest.raises(ExecutionError) as raised:
        course.run()
    assert "of no known kind: pie" in raised.value.message
    assert "threshold" in raised.value.remedy
    assert raised.value.cell == 2


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([], "prints nothing"),
        ([stream("no JSON")], "not JSON"),
        ([stream("[1, 2]")], "of no known kind"),
        ([stream('{"figure": "threshold", "expected": [1]}')], "without a label"),
        ([stream('{"figure": "threshold", "label": " "}')], "without a label"),
        ([stream('{"figure": "threshold", "label": "x"}')], "nothing can be compared"),
        ([stream('{"figure": "threshold", "label": "x", "expected": []}')], "nothing can be"),
        ([stream('{"figure": NaN}')], "NaN is not a number"),
        ([stream(json.dumps(FIGURE)), stream("a warning", "stderr")], "shows stdout, stderr"),
        ([stream(json.dumps(FIGURE) * 2)], "not JSON"),
        ([picture()], "shows execute_result"),
        ([stream("1" * (MOST + 100))], "24.1 kB of data; the limit is 24 kB"),
    ],
)
def test_anything_but_one_object_that_describes_a_figure_is_refused(outputs, message):
    with pytest.raises(OutputError, match=message) as raised:
        figure_data(outputs)
    assert raised.value.remedy


def test_each_kind_has_its_script():
    scripts = {file.stem for file in (REPOSITORY / "docs/assets/interactive").glob("*.js")}
    assert scripts - {"tools"} == KINDS
