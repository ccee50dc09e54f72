"""All that is wrong with a file is said by one build; the next one runs only what the correction asks for."""

from __future__ import annotations

import json
from concurrent.futures import Executor

import pytest
from bs4 import BeautifulSoup

from tutorial_engine.errors import (
    Blemish,
    ClaimError,
    ExecutionError,
    SourceError,
    together,
    with_unforeseen,
)
from tutorial_engine.figure_texts import PART, retold, texts_by_cell
from tutorial_engine.publish import error_box
from tutorial_engine.remedies import remedy_for
from tutorial_engine.report import build_report
from tutorial_engine.schedule import Outcome, bring_up_to_date

from .tiny import TINY, Course, code, made_run, picture, prose

FILE = "tutorials_src/1_part/01_tiny.py"

SEVEN = """\
# %% tags=["meassured"]
import matplotlib.pyplot as plt

numbers = [1, 2, 3]

# %% [markdown]
# It is right on 88% of them, and takes 3.7 s.

# %%
_ = plt.plot(numbers)
plt.show()

# %%
fig, ax = plt.subplots()
ax.plot(numbers[::-1])
plt.show()

# %%
figure, axes = plt.subplots()
axes.bar(numbers, numbers)
plt.close(figure)
figure

# %% tags=["claims"]
assert max(numbers) == 4, "the largest is four"
assert min(numbers) == 1, "the least is one"
"""
SAID = [
    (1, 6, "unknown tag meassured"),
    (2, 12, "the number 88% is typed by hand"),
    (2, 12, "the number 3.7 is typed by hand"),
    (3, 14, "a figure without alt text"),
    (4, 18, "a figure without alt text"),
    (5, 23, "a figure without alt text"),
    (6, 30, "a claim does not hold: the largest is four"),
]
# What corrects the seven, but for the claim.
WORDS = [
    (' tags=["meassured"]', ""),
    ("88%", '*88%*{.given title="the paper"}'),
    ("3.7 s", "a while"),
    ("plt.plot(numbers)\n", 'plt.plot(numbers)\nplt.gcf().alt = "It rises."\n'),
    ("numbers[::-1])\n", 'numbers[::-1])\nfig.alt = "It falls."\n'),
    ("plt.close(figure)\n", 'plt.close(figure)\nfigure.alt = "Three bars."\n'),
]


class Nobody(Executor):
    """Runs nothing, and says so."""

    def submit(self, function, parcel):
        raise AssertionError(f"{parcel.tutorial.name} is run")


def bring(course: Course, **options) -> Outcome:
    (outcome,) = bring_up_to_date(course.lessons(), course.settings(), course.store, **options)
    return outcome


def told(outcome: Outcome) -> list[tuple[int | None, int | None, str]]:
    """Return where each fault is and what it is, in the order in which they are said."""
    faults = outcome.error.faults if outcome.error else ()
    return [(each.cell, each.line, each.message) for each in faults]


def correct(course: Course, corrections: list[tuple[str, str]]) -> None:
    for before, after in corrections:
        course.edit(before, after)


@pytest.fixture
def seven(course) -> Course:
    course.tutorial(SEVEN)
    return course


def test_one_build_says_all_seven_faults_in_the_order_of_the_file(seven):
    outcome = bring(seven)
    assert told(outcome) == SAID
    assert all(each.file == FILE and each.remedy for each in outcome.error.faults)
    said = str(outcome.error)
    assert [
        said.count(f"{FILE}:{line} (cell {cell}): {message}") for cell, line, message in SAID
    ] == [1] * 7


def test_the_next_build_runs_only_what_the_correction_asks_for(seven):
    assert bring(seven).executed
    # Nothing corrected: nothing runs, and all is said again.
    assert told(bring(seven, executor=Nobody())) == SAID
    # Words, a tag that nobody knew and texts of figures: nothing runs, the claim is left.
    correct(seven, WORDS)
    outcome = bring(seven, executor=Nobody())
    assert told(outcome) == [(6, 33, "a claim does not hold: the largest is four")]
    # Code: the tutorial runs, once, and is well.
    seven.edit("max(numbers) == 4", "max(numbers) == 3")
    outcome = bring(seven)
    assert (outcome.executed, outcome.error) == (True, None)
    assert bring(seven, executor=Nobody()).run.claims == ["the largest is four", "the least is one"]


def test_a_run_that_got_its_texts_later_is_what_a_run_with_them_is(seven):
    bring(seven)
    correct(seven, WORDS)
    later = bring(seven, executor=Nobody()).run
    fresh = bring(seven, again=True).run
    assert later is not fresh
    assert (later.key, later.parts, later.outputs) == (fresh.key, fresh.parts, fresh.outputs)
    alts = [
        output["metadata"]["image/png"]["alt"]
        for outputs in later.outputs
        for output in outputs
        if "image/png" in output.get("data", {})
    ]
    assert alts == ["It rises.", "It falls.", "Three bars."]


def test_a_build_publishes_no_draft_and_fails(seven):
    seven.site()
    built = seven.build()
    assert built.returncode == 1
    article = BeautifulSoup((seven.root / "site/part/tiny/index.html").read_text(), "lxml").article
    assert "7 things are to be corrected" in article.get_text(" ")
    assert [each.get_text() for each in article.select("[role=alert] li pre")] == [
        message for _, _, message in SAID
    ]
    assert "88% of them" not in article.get_text(" ")
    assert not article.select("img")
    report = seven.report()["tiny"]
    assert [(each["cell"], each["line"], each["message"]) for each in report["faults"]] == SAID
    assert report["claims"] == [
        {"text": "the largest is four", "holds": False, "fails_without": []},
        {"text": "the least is one", "holds": True, "fails_without": []},
    ]
    assert "Known before it runs" in built.stderr


def test_what_is_wrong_with_the_source_is_said_with_what_is_wrong_with_the_others_of_it(course):
    course.tutorial(
        prose("It is 3.7 now, see [it](none.md).\n\n# A title\n\nAnd $\\unknown{x}$."),
        title="",
        needs=["nobody"],
        teaches=5,
    )
    (lesson,) = course.lessons()
    assert lesson.key is None
    said = "\n".join(f"{each.cell} {each.message}" for each in lesson.error.faults)
    for fault in (
        "None header field 'title'",
        "None header field 'teaches'",
        "None header field 'needs': no tutorial is named nobody",
        "1 the number 3.7 is typed by hand",
        "1 the link to none.md leads nowhere",
        "1 a first-level heading",
        "1 the formula",
    ):
        assert fault in said
    assert [each.line for each in lesson.error.faults] == sorted(
        each.line for each in lesson.error.faults
    )


BROKEN = {
    "a cell": (code("x = = 1"), "not Python"),
    "a marker": ("# %% tags=[claims]\nx = 1\n", "tags"),
    "a contradiction": ('# %% tags=["claims", "control"]\nassert 1, "x"\n', "contradict"),
    "a control character": (code("x = 1\x01"), "the control character U+0001"),
    "a list": (
        '# %% [markdown] tags=["question"]\n# Which?\n#\n# - One\n#     - Yes.\n# - Two\n#     - No.\n\n'
        '# %% tags=["question"]\nx = 1\n',
        "question",
    ),
    "text outside a cell": ("x = 1\n\n# %%\nx = 1\n", "text outside a cell"),
    "a package": (
        code("import no_such_package"),
        "imports no_such_package, which is not installed",
    ),
    "a snippet": (code("from snippets import nowhere"), "snippets/nowhere.py does not exist"),
    "data": (
        code("import keras\nkeras.datasets.mnist.load_data()"),
        "keras.datasets.mnist is data",
    ),
}


@pytest.mark.parametrize(("cell", "said"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_run_is_not_run_and_all_else_is_said_with_it(course, cell, said):
    course.tutorial(f"{cell}\n# %% [markdown]\n# It is 3.7 now.\n")
    outcome = bring(course, executor=Nobody())
    assert outcome.run is None
    assert any(said in message for _, _, message in told(outcome))
    assert "the number 3.7 is typed by hand" in [message for _, _, message in told(outcome)]


@pytest.mark.parametrize(
    "way",
    [
        "import keras\nkeras.datasets.fashion_mnist.load_data()",
        "import tensorflow as tf\ntf.keras.datasets.fashion_mnist.load_data()",
        "from keras.datasets import fashion_mnist",
        "from tensorflow.keras.datasets import fashion_mnist as fashion",
    ],
)
def test_what_is_asked_of_keras_datasets_stands_in_the_header(course, way):
    course.data("fashion-mnist")
    course.tutorial(code(f"x = 1\n{way}"))
    (lesson,) = course.lessons()
    fault = next(each for each in lesson.error.faults if "keras.datasets" in each.message)
    assert fault.remedy == "add it to the header: data: [fashion-mnist]"
    assert fault.line == 8 if way.startswith("from") else 9
    course.tutorial(code(f"x = 1\n{way}"), data=["fashion-mnist"])
    assert course.lessons()[0].error is None


def test_an_import_that_may_fail_needs_no_package(course):
    waits = "try:\n    import no_such_package\nexcept ImportError:\n    x = 1"
    raises = '# %% tags=["raises-exception"]\nimport no_such_package\n'
    course.tutorial(f"{code(waits)}\n{raises}")
    assert course.lessons()[0].error is None


@pytest.mark.parametrize(
    "way",
    [
        'import pathlib\n_ = pathlib.Path("own_metrics.py").write_text("x = 1")\nimport own_metrics',
        "import sys\nsys.path.append('elsewhere')\nimport own_metrics",
    ],
)
def test_a_module_that_the_tutorial_brings_itself_is_no_missing_package(course, way):
    course.tutorial(code(way))
    assert course.lessons()[0].error is None


def test_a_cell_that_fails_hides_nothing_that_was_wrong_above_it(course):
    drawn = code("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()")
    false = '# %% tags=["claims"]\nassert plt is None, "nothing is"\n'
    course.tutorial(f"{drawn}\n{false}\n{code('1 / 0')}\n# %% [markdown]\n# It is 3.7 now.\n")
    assert told(bring(course)) == [
        (1, 6, "a figure without alt text"),
        (2, 12, "a claim does not hold: nothing is"),
        (3, 15, "ZeroDivisionError: division by zero"),
        (4, 18, "the number 3.7 is typed by hand"),
    ]


CLAIMS = """\
# %%
numbers = [1, 2]

# %% tags=["claims"]
assert numbers[0] == 2, "the first is two"
least = min(numbers)
assert least == 1, "the least is one"
assert (
    max(numbers)
    == 3
), "the largest is three"
assert unknown, "this one cannot be evaluated"
assert unknown + 1, "nor this one"

# %% tags=["control"] claim="the first is two" without="a reason"
numbers = []

# %% [markdown]
# `{python} missing`
"""


def test_a_false_claim_keeps_no_other_claim_from_being_evaluated(course):
    course.tutorial(CLAIMS.partition("# %% [markdown]")[0])
    outcome = bring(course)
    assert told(outcome) == [
        (2, 10, "a claim does not hold: the first is two"),
        (2, 13, "a claim does not hold: the largest is three"),
        (2, 17, "NameError: name 'unknown' is not defined"),
    ]
    assert [type(each) for each in outcome.error.faults] == [ClaimError, ClaimError, ExecutionError]
    assert outcome.run.claims == ["the least is one"]
    report = build_report([outcome], course.settings())["tutorials"][0]["claims"]
    assert [each["holds"] for each in report] == [False, True, False, False, False]


def test_without_the_value_of_an_expression_there_is_no_run_and_all_is_said(course):
    course.tutorial(CLAIMS)
    outcome = bring(course)
    assert outcome.run is None
    assert told(outcome)[-1] == (
        4,
        23,
        "the inline expression missing fails: NameError: name 'missing' is not defined",
    )
    assert len(told(outcome)) == 4


DRAWN = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots()\naxes.plot([1, 2])\n"
CERTAIN = {
    "the current figure, before it is shown": "plt.plot([1])\nplt.gcf().alt = 'T'\nplt.show()",
    "of this cell, before it is shown": f"{DRAWN}figure.alt = 'T'\nplt.show()",
    "of this cell, before it is closed": f"{DRAWN}figure.alt = 'T'\nplt.close(figure)\nfigure",
    "below what closed it": f"{DRAWN}plt.close(figure)\nfigure.alt = 'T'\nfigure",
    "what the cell ends in": "figure = draw()\nfigure.alt = 'T'\nfigure",
    "the current figure, shown and closed": "plt.plot([1])\nplt.gcf().alt = 'T'\nplt.show()\nplt.close()",
    "of this cell, shown and closed": f"{DRAWN}figure.alt = 'T'\nplt.show()\nplt.close(figure)",
    "of a name alone": "figure = plt.figure()\nplt.plot([1])\nfigure.alt = 'T'\nplt.show()",
}
SECOND = "other, more = plt.subplots()\n"
UNCERTAIN = {
    "computed": f"{DRAWN}figure.alt = f'{{1}}'\nplt.show()",
    "twice": f"{DRAWN}figure.alt = 'S'\nfigure.alt = 'T'\nplt.show()",
    "in a loop": f"{DRAWN}for _ in 'a':\n    figure.alt = 'T'\nplt.show()",
    "another cell's figure": "figure.alt = 'T'\nplt.show()",
    "after it is shown": f"{DRAWN}plt.show()\nfigure.alt = 'T'",
    "before something is drawn": f"{DRAWN}figure.alt = 'T'\naxes.plot([2])\nplt.show()",
    "where it hides a value": f"{DRAWN}figure.alt = 'T'",
    "the current one of none": "plt.gcf().alt = 'T'\nplt.show()",
    "the current one below a closed one": f"{DRAWN}plt.close()\nplt.gcf().alt = 'T'\nplt.show()",
    "an attribute's": f"{DRAWN}axes.figure.alt = 'T'\nplt.show()",
    "empty": f"{DRAWN}figure.alt = ' '\nplt.show()",
    "closed, and another one drawn": f"{DRAWN}plt.close(figure)\nplt.plot([1])\nfigure.alt = 'T'\nplt.show()",
    "one of two": f"{DRAWN}{SECOND}figure.alt = 'T'\nplt.show()",
    "one of two that is closed": f"{DRAWN}{SECOND}figure.alt = 'T'\nplt.close(figure)\nplt.show()",
    "the current one of two, closed": f"{DRAWN}{SECOND}plt.gcf().alt = 'T'\nplt.close()\nplt.show()",
    "the other one's by now": f"{DRAWN}figure = other\nfigure.alt = 'T'\nplt.show()",
    "the other one's in a loop": f"{DRAWN}for figure in figures:\n    x = 1\nfigure.alt = 'T'\nplt.show()",
    "the other one's by import": f"{DRAWN}from numpy import figure\nfigure.alt = 'T'\nplt.show()",
    "the axes'": "axes, figure = plt.subplots()\nfigure.alt = 'T'\nplt.show()",
    "one of a list": "figure = [plt.figure(), other][1]\nfigure.alt = 'T'\nplt.show()",
    "of which another one is a part": "figure.left = plt.figure()\nfigure.alt = 'T'\nplt.show()",
}


@pytest.mark.parametrize("source", CERTAIN.values(), ids=CERTAIN)
def test_a_text_in_plain_words_is_no_code_where_its_figure_is_certain(course, source):
    course.tutorial(code(source))
    key = course.key()
    assert texts_by_cell(course.parse()) == {"0": "T"}
    assert json.loads(key.parts[PART]) == {"0": "T"}
    course.edit("'T'", "'Other words'")
    assert course.key().changes_since(key.parts) == [f"{PART} changed"]
    course.tutorial(
        code(source.replace("figure.alt = 'T'\n", "").replace("plt.gcf().alt = 'T'\n", ""))
    )
    assert course.key().changes_since(key.parts) == [f"{PART} removed"]


@pytest.mark.parametrize("source", UNCERTAIN.values(), ids=UNCERTAIN)
def test_a_text_is_code_where_only_a_run_can_tell_which_figure_gets_it(course, source):
    course.tutorial(code(source))
    assert texts_by_cell(course.parse()) == {}
    assert PART not in course.key().parts


@pytest.mark.parametrize(
    "reader", [code("print(figure.alt)"), "# %% [markdown]\n# It shows: `{python} figure.alt`\n"]
)
def test_a_text_that_code_reads_is_code(course, reader):
    course.tutorial(f"{code(DRAWN + 'figure.alt = 1 * ' + repr('T'))}\n{reader}")
    course.edit("1 * 'T'", "'T'\nplt.show()")
    key = course.key()
    assert PART not in key.parts
    course.edit("'T'", "'Other words'")
    assert "code changed" in course.key().changes_since(key.parts)


def test_a_cell_that_shows_another_number_of_figures_is_run_again(course):
    course.tutorial(code(f"{DRAWN}figure.alt = 'T'\nplt.show()"))
    key = course.key()
    parts = {name: part for name, part in key.parts.items() if name != PART}
    for outputs, is_certain in (
        ([picture(alt="")], True),
        ([picture(alt="")] * 2, False),
        ([], False),
    ):
        run = made_run(course, parts=parts, outputs=[outputs])
        assert (retold(run, key.parts) is not None) == is_certain


def test_of_a_text_that_is_taken_away_only_a_run_can_tell_what_is_left(course):
    course.tutorial(code(f"{DRAWN}figure.alt = 'T'\nplt.show()"))
    run = made_run(course, outputs=[[picture(alt="T")]])
    parts = {name: part for name, part in run.parts.items() if name != PART}
    assert retold(run, parts) is None


def test_the_text_of_the_current_figure_is_the_text_of_what_is_shown(course):
    course.tutorial(
        code(
            "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.gcf().alt = 'It rises.'\nplt.show()"
        )
    )
    (output,) = course.run().outputs[0]
    assert output["metadata"]["image/png"]["alt"] == "It rises."


def test_several_figures_of_one_cell_are_told_apart(course):
    course.tutorial(
        code(
            "import matplotlib.pyplot as plt\nfor end in 2, 3:\n    _ = plt.plot([1, end])\n    plt.show()"
        )
    )
    assert told(bring(course)) == [
        (1, 6, "a figure without alt text, number 1 of the cell's 2"),
        (1, 6, "a figure without alt text, number 2 of the cell's 2"),
    ]


def test_faults_of_a_stored_run_move_with_their_cells(course):
    course.tutorial(code("x = 1") + '\n# %% tags=["claims"]\nassert x == 2, "x is two"\n')
    assert told(bring(course)) == [(2, 10, "a claim does not hold: x is two")]
    course.edit("# %%\nx = 1", "# %% [markdown]\n# Words.\n\n# %%\nx = 1")
    assert told(bring(course, executor=Nobody())) == [(3, 13, "a claim does not hold: x is two")]


def test_choices_that_read_alike_are_told_apart_by_words_alone(course):
    question = (
        '# %% [markdown] tags=["question"]\n# Which?\n#\n# - `{python} x`\n#     - Yes.\n# - 1\n#     - No.\n\n'
        '# %% tags=["question"]\n[x == 1, x == 2]\n'
    )
    course.tutorial(code("x = 1") + "\n" + question)
    assert [message for _, _, message in told(bring(course))] == [
        "two choices of a question read alike: 1"
    ]
    course.edit("# - 1\n", "# - 2\n")
    assert bring(course, executor=Nobody()).error is None


REMEDIES = {
    "network": (
        "URLError",
        "<urlopen error [Errno -3] Temporary failure in name resolution>",
        "",
        "no network",
    ),
    "keras data": (
        "Exception",
        "URL fetch failure on https://a.b/mnist.npz: None -- [Errno -2] Name or service not known",
        "/x/site-packages/keras/src/datasets/mnist.py:60, in load_data",
        "keras.datasets.mnist",
    ),
    "package": ("ModuleNotFoundError", "No module named 'seaborn_of_old'", "", "make lock"),
    "module": ("ModuleNotFoundError", "No module named 'numpy.no_such_part'", "", "for numpy "),
    "name": (
        "ImportError",
        "cannot import name 'gone' from 'numpy' (/x/numpy/__init__.py)",
        "",
        "for numpy ",
    ),
    "attribute": ("AttributeError", "module 'numpy' has no attribute 'float'", "", "for numpy "),
    "argument": (
        "TypeError",
        "Layer.__init__() got an unexpected keyword argument 'input_shape_'",
        "/x/site-packages/numpy/core.py:1, in __init__",
        "for numpy ",
    ),
    "an object's attribute": (
        "AttributeError",
        "'ndarray' object has no attribute 'as_matrix'",
        "",
        "these are installed: numpy ",
    ),
    "header": (
        "DataError",
        "this tutorial loads cifar10, which its header does not name (allowed: nothing)",
        "",
        "data: [cifar10]",
    ),
    "file": (
        "FileNotFoundError",
        "[Errno 2] No such file or directory: 'a.csv'",
        "",
        "empty folder",
    ),
    "memory": ("MemoryError", "", "", "hold less at once"),
    "the author's own": ("ValueError", "no", "", "correct the cell"),
}


@pytest.mark.parametrize(("name", "value", "traceback", "remedy"), REMEDIES.values(), ids=REMEDIES)
def test_a_remedy_fits_what_went_wrong(course, name, value, traceback, remedy):
    course.tutorial(code("import numpy as np"))
    assert remedy in remedy_for(name, value, traceback, course.parse())


# What nobody foresaw, a full disk or a fault of the engine's own, is said with all that was found before it.


def fail(*arguments):
    raise RuntimeError("nobody foresaw this")


UNFORESEEN = "RuntimeError: nobody foresaw this"
TYPED = prose("It is 3.7 now.")
UNNAMED = code("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()")


@pytest.mark.parametrize(
    "name",
    ["course.check_maths", "course.make_key", "course.check_links", "store.Store.load"],
)
def test_what_nobody_foresaw_in_a_source_hides_no_fault_of_it(course, monkeypatch, name):
    course.tutorial(TYPED + "\n" + code("x = 1"), needs=["nobody"])
    monkeypatch.setattr(f"tutorial_engine.{name}", fail)
    outcome = bring(course, executor=Nobody())
    assert sorted(message for _, _, message in told(outcome)) == [
        UNFORESEEN,
        "header field 'needs': no tutorial is named nobody",
        "the number 3.7 is typed by hand",
    ]
    assert outcome.lesson.tutorial.header.title == "Tiny"


def fail_when_asked(*arguments):
    yield fail()


@pytest.mark.parametrize(
    ("name", "failing"),
    [("store.Store.keep", fail), ("faults._choice_faults", fail_when_asked)],
)
def test_what_nobody_foresaw_after_a_run_hides_no_fault_of_it(course, monkeypatch, name, failing):
    course.tutorial(TYPED + "\n" + UNNAMED)
    monkeypatch.setattr(f"tutorial_engine.{name}", failing)
    assert sorted(message for _, _, message in told(bring(course))) == [
        UNFORESEEN,
        "a figure without alt text",
        "the number 3.7 is typed by hand",
    ]


def test_what_was_found_before_looking_failed_is_kept_in_its_order():
    def looked():
        yield fault(3, "a")
        yield fault(9, "b")
        fail()

    found = list(with_unforeseen(looked(), FILE))
    assert [(each.file, each.message) for each in found] == [
        (FILE, "a"),
        (FILE, "b"),
        (FILE, UNFORESEEN),
    ]


def fault(line: int | None, message: str) -> SourceError:
    return Blemish(message, file=FILE, line=line, cell=1, remedy="do")


def test_faults_together_are_in_the_order_of_the_file_each_once():
    error = together([fault(9, "b"), None, together([fault(3, "a"), fault(9, "b")]), fault(9, "c")])
    assert [each.message for each in error.faults] == ["a", "b", "c"]
    assert (error.message, error.line) == ("a", 3)
    assert all(len(each.faults) == 1 for each in error.faults)
    assert together([]) is None


def test_a_list_of_faults_is_text_for_the_page():
    soup = BeautifulSoup(error_box(together([fault(3, "<b>a</b>"), fault(9, "c")])), "lxml")
    assert [each.get_text() for each in soup.select("ol > li > pre")] == ["<b>a</b>", "c"]
    assert not soup.select("b")


def test_a_syntax_error_in_an_atlas_page_or_a_question_is_its_own_fault_alone(course):
    atlas = (
        '# %% [markdown]\n# ## Odd\n\n# %% tags=["symptom"]\nprint(\n\n# %% tags=["cure"]\nx = 1\n'
    )
    course.tutorial(atlas, file="5_wrong/21_odd.py")
    course.tutorial(TINY)
    tiny, odd = course.lessons()
    assert tiny.error is None
    assert [each.message for each in odd.error.faults] == ["not Python: '(' was never closed"]
