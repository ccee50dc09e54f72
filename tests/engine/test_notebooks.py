"""A page's notebook leaves home whole; the run record tells what ran."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from mistune import create_markdown

from tutorial_engine.first_cell import carried
from tutorial_engine.notebooks import lower, record_notebook, standalone_notebook

from .tiny import TINY, clean_environment, code, made_run, picture


@pytest.fixture
def tiny(course):
    course.tutorial()
    return course


def standalone(course, file: str = "1_part/01_tiny.py", **settings):
    run = made_run(course, file)
    text = standalone_notebook(course.parse(file), run, course.settings(**settings))
    return nbformat.reads(text, as_version=4)


def sources(notebook, kind: str) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def lowered(text: str, site: str = "") -> str:
    """Lower a text, with links made absolute when there is a site."""
    return lower(text, link=lambda target: f"{site}{target}" if site else None)


# Run by a bare interpreter: nbclient is there, ours is not.
RUN_ALONE = """
import json, sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
notebook.cells.append(
    nbformat.v4.new_code_cell(
        "import snippets, snippets.helper\\nprint(snippets.helper.__file__)"
    )
)
NotebookClient(notebook, timeout=60).execute()
print(json.dumps([cell.get("outputs", []) for cell in notebook.cells]))
"""


def run_alone(notebook: str, folder) -> list[list[dict]]:
    """Run a notebook in a folder, with nothing of this repository on the path."""
    folder.mkdir(exist_ok=True)
    (folder / "tiny.ipynb").write_text(notebook)
    ended = subprocess.run(
        [sys.executable, "-c", RUN_ALONE, "tiny.ipynb"],
        cwd=folder,
        env=clean_environment(PYTHONPATH="", IPYTHONDIR=str(folder / ".ipython")),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def printed(outputs: list[dict]) -> str:
    return "".join(output.get("text", "") for output in outputs)


def test_a_notebook_runs_alone_in_an_empty_folder_with_the_helpers_it_carries(tiny, tmp_path):
    run = made_run(tiny)
    folder = tmp_path / "an empty folder"
    outputs = run_alone(standalone_notebook(tiny.parse(), run, tiny.settings()), folder)
    shown = [printed(each) for each in outputs]
    assert "the total is 5\n" in shown
    helper = folder / "tiny-helpers" / "snippets" / "helper.py"
    assert os.path.samefile(shown[-1].strip(), helper)  # noqa: PTH121
    assert "def add(left, right):" in helper.read_text()


def program_of(*notebooks) -> str:
    """Return the code of notebooks as one program, each cell as a kernel has it."""
    return "\n\n".join(source for each in notebooks for source in sources(each, "code"))


def run_program(folder, program: str, **variables: str) -> str:
    """Run a program from a file in a folder, with nothing of this repository on the path; return what it says."""
    folder.mkdir(exist_ok=True)
    (folder / "program.py").write_text(program, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "program.py"],
        cwd=folder,
        env=clean_environment(**{"PYTHONPATH": "", **variables}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that holds another package of the name `snippets`."""
    other = tmp_path / "elsewhere" / "snippets"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    (other / "helper.py").write_text("def add(a, b):\n    return 'the wrong one'\n")
    return other.parent


def test_a_notebook_finds_its_own_helpers_beside_another_package_of_that_name(
    tiny, elsewhere, tmp_path
):
    program = program_of(standalone(tiny))
    assert "the total is 5" in run_program(tmp_path / "mine", program, PYTHONPATH=str(elsewhere))


def test_a_notebook_finds_its_own_helpers_where_its_own_folder_holds_such_a_package(
    tiny, elsewhere
):
    assert "the total is 5" in run_program(elsewhere, program_of(standalone(tiny)))


def test_a_notebook_finds_its_own_helpers_where_that_package_is_imported_already(
    tiny, elsewhere, tmp_path
):
    before = "import snippets.helper\n\nassert snippets.helper.add(1, 1) == 'the wrong one'\n\n"
    program = before + program_of(standalone(tiny))
    assert "the total is 5" in run_program(tmp_path / "mine", program, PYTHONPATH=str(elsewhere))


def test_two_notebooks_in_one_folder_and_one_kernel_do_not_disturb_each_other(tiny, tmp_path):
    sums = (
        '"""Sums."""\n\n\ndef add(a, b):\n    return a + b\n\n\ndef less(a, b):\n    return a - b\n'
    )
    tiny.snippet("helper", sums)
    tiny.tutorial(
        code("from snippets import helper\n\nprint('the rest is', helper.less(5, 2))"),
        file="1_part/02_second.py",
    )
    notebooks = standalone(tiny), standalone(tiny, "1_part/02_second.py")
    folder = tmp_path / "one folder"
    said = run_program(folder, program_of(*notebooks, *notebooks))
    assert said.splitlines() == ["the total is 5", "the rest is 3"] * 2
    for name, own, other in (("tiny", "add", "less"), ("second", "less", "add")):
        helper = (folder / f"{name}-helpers" / "snippets" / "helper.py").read_text()
        assert f"def {own}(" in helper
        assert f"def {other}(" not in helper


SPAWNING = """
import inspect, multiprocessing, os, pickle, subprocess, sys
from snippets.helper import add

if __name__ == "__main__":
    assert inspect.getsource(add).startswith("def add(left, right):")
    assert add.__code__.co_filename.endswith(os.path.join("tiny-helpers", "snippets", "helper.py"))
    assert pickle.loads(pickle.dumps(add)) is add
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.apply(add, (2, 3)))
    child = "from snippets.helper import add; print(add(4, 5))"
    subprocess.run([sys.executable, "-c", child], check=True, cwd=os.sep)
"""


def test_helpers_can_be_looked_at_and_pickled_and_the_processes_that_one_starts_find_them(
    tiny, tmp_path
):
    first = sources(standalone(tiny), "code")[0]
    assert run_program(tmp_path / "mine", f"{first}\n{SPAWNING}").split() == ["5", "9"]


def bootstrap(course, folder) -> str:
    """Run a notebook's first cell in a folder, and return what it says."""
    folder.mkdir(exist_ok=True)
    cell = sources(standalone(course), "code")[0]
    ended = subprocess.run(
        [sys.executable, "-c", cell], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_helper_file_that_the_reader_changed_is_kept_and_said_so(tiny, tmp_path):
    folder = tmp_path / "mine"
    assert bootstrap(tiny, folder) == ""
    helper = folder / "tiny-helpers" / "snippets" / "helper.py"
    helper.write_text("mine = 1\n")
    assert "helper.py differs" in bootstrap(tiny, folder)
    assert helper.read_text() == "mine = 1\n"


@pytest.mark.parametrize(
    "source",
    [
        "x = '''three''' + \"\"\"more\"\"\"\n",
        "y = \"back\\\\slash \\n and \\'quote\\'\"\n",
        "z = 'no newline at the end'",
        "w = ''''four''' \n",
        "é = '𝑓'  # beyond the plane\n",
        "",
    ],
)
def test_a_helper_arrives_byte_for_byte(tiny, tmp_path, source):
    tiny.snippet("helper", source)
    tiny.tutorial(code("from snippets import helper\n\nprint(helper)"))
    bootstrap(tiny, tmp_path / "mine")
    written = tmp_path / "mine/tiny-helpers/snippets/helper.py"
    assert written.read_text(encoding="utf-8") == source


# Scikit-learn brings SciPy along, TensorFlow brings Keras and six; a kernel brings IPython.
SCIKIT = {"scikit-learn": "1.6.0", "scipy": "1.15.0", "ipython": "9.0"}
KERAS = {"keras": "3.13.1", "tensorflow": "2.21.0", "six": "1.17.0"}


def first_cell(course, body: str, **loaded: str) -> str:
    course.tutorial(code(body))
    run = made_run(course, dependencies={"distributions": loaded})
    text = standalone_notebook(course.parse(), run, course.settings())
    return sources(nbformat.reads(text, as_version=4), "code")[0]


@pytest.mark.parametrize(
    ("body", "loaded", "packages"),
    [
        ("import sklearn.metrics\nimport json", SCIKIT, {"sklearn": "scikit-learn==1.6.0"}),
        ("import keras", KERAS, {"keras": "keras==3.13.1", "tensorflow": "tensorflow==2.21.0"}),
        ("import tensorflow as tf", KERAS, {"tensorflow": "tensorflow==2.21.0"}),
        ("try:\n    import yaml\nexcept ImportError:\n    pass", SCIKIT | KERAS, None),
        (
            "import keras_tuner",
            KERAS | {"keras-tuner": "1.4.8", "tensorboard": "2.21.0"},
            {
                "keras_tuner": "keras-tuner==1.4.8",
                "tensorboard": "tensorboard==2.21.0",
                "tensorflow": "tensorflow==2.21.0",
            },
        ),
    ],
    ids=[
        "its own name",
        "the backend of Keras",
        "TensorFlow alone",
        "not loaded by the run",
        "used and not required",
    ],
)
def test_the_packages_are_those_that_the_run_loaded_in_its_versions(course, body, loaded, packages):
    cell = first_cell(course, body, **loaded)
    if packages is None:
        assert "yaml" not in cell
    else:
        assert f"packages = {packages!r}" in cell


def test_a_package_in_another_version_stays_and_is_said_in_one_line(course, tmp_path):
    cell = first_cell(course, "import yaml\nimport rich", PyYAML="0.1", rich="0.2")
    ended = subprocess.run(
        [sys.executable, "-c", cell], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    (line,) = ended.stdout.strip().split("\n")
    assert line.startswith("You have other versions than this page: rich ")
    assert "(checked with 0.2), PyYAML " in line or "(checked with 0.1)" in line


@pytest.mark.parametrize(
    ("since", "is_told"),
    [("0.1", False), ("999.2", True), ("999", True)],
    ids=["newer", "older", "by a year"],
)
def test_a_package_with_known_vulnerabilities_is_named_with_what_installs_a_mended_one(
    course, tmp_path, since, is_told
):
    course.tutorial(code("import rich"))
    run = made_run(course, dependencies={"distributions": {"rich": "999.3"}})
    text = standalone_notebook(
        course.parse(), run, course.settings(safe_from={"rich": since, "yaml": "1"})
    )
    cell = sources(nbformat.reads(text, as_version=4), "code")[0]
    ended = subprocess.run(
        [sys.executable, "-c", cell], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert (f"mended in {since}: pip install rich==999.3" in ended.stdout) == is_told
    assert "yaml" not in cell


def test_a_notebook_of_tensorflow_says_that_it_needs_no_gpu(course):
    for loaded, is_told in ((KERAS, True), (SCIKIT, False)):
        course.tutorial(code("import json"))
        run = made_run(course, dependencies={"distributions": loaded})
        text = standalone_notebook(course.parse(), run, course.settings(site_url="https://a.b/"))
        first = sources(nbformat.reads(text, as_version=4), "markdown")[0]
        assert ("It needs no GPU" in first) == is_told


AREAS = '''\
# SPDX-License-Identifier: MIT
"""Areas of shapes.

Needs: Python 3.11, scikit-learn 1.6, or newer. Copy this one file into your project.

All are in square metres.
"""

import math

import sklearn

SIDE = 2


def disc(radius):
    return math.pi * _square(radius)


def square(side=SIDE):
    return _square(side)


def _square(side):
    return side**2


def learned(*sides):
    return sklearn, sides
'''


def carried_areas(course, body: str, **run_fields) -> str:
    """Return what a notebook with this code writes as its snippet `areas`."""
    course.snippet("areas", AREAS)
    course.tutorial(code(body))
    made = carried(course.parse(), made_run(course, **run_fields), course.settings())
    return made["snippets/areas.py"]


def test_a_notebook_carries_of_a_snippet_what_it_reaches_in_the_files_order_and_with_its_licence(
    course,
):
    body = (
        "from snippets import areas\nfrom snippets.areas import square\n\nsquare(), areas.disc(1)"
    )
    assert carried_areas(course, body) == (
        "# SPDX-License-Identifier: MIT\n# Needs: Python 3.11 or newer.\n\n"
        + AREAS.partition('"""\n\n')[2]
        .partition("\n\n\ndef learned")[0]
        .replace("import sklearn\n\n", "")
        + "\n"
    )
    assert "SIDE" not in carried_areas(course, "from snippets.areas import disc")


@pytest.mark.parametrize(
    "body",
    [
        "from snippets import areas\n\ngetattr(areas, 'square')",
        "from snippets import areas\n\nfor shape in ('square', 'disc'):\n    getattr(areas, shape)",
        "from snippets import areas\n\nshapes = [areas]\nareas.disc(1)",
        "from snippets import areas\n\nareas.__doc__",
        "from snippets import areas\n\nareas.math.pi",
        "from snippets import areas",
        "import snippets.areas\n\nsnippets.areas.disc(1)",
        "from snippets.areas import *\n\ndisc(1)",
        "from snippets.areas import disc\n\ndisc.__globals__['square']",
        "from snippets.areas import disc\n\nworker = 'from snippets.areas import square'",
        "import sys\nfrom snippets.areas import disc\n\nsys.modules[disc.__module__].square()",
        "from snippets import areas\n\neval('areas.square()')\nareas.disc(1)",
    ],
)
def test_a_snippet_that_may_be_asked_for_any_name_is_carried_whole(course, body):
    assert carried_areas(course, body) == AREAS


def test_a_snippet_that_finds_its_own_names_while_it_runs_is_carried_whole(course):
    source = "def ask(name):\n    return globals()[name]\n\n\ndef far():\n    return 1\n"
    course.snippet("finder", source)
    course.tutorial(code("from snippets.finder import ask\n\nask('far')"))
    made = carried(course.parse(), made_run(course), course.settings())
    assert made == {"snippets/finder.py": source}


def test_snippets_that_import_each_other_are_carried_whole(course):
    course.snippet("near", "from snippets.far import low\n\n\ndef use():\n    return low()\n")
    course.snippet("far", "def low():\n    return 1\n\n\ndef high():\n    return 2\n")
    course.tutorial(code("from snippets.near import use\nfrom snippets.far import high"))
    made = carried(course.parse(), made_run(course), course.settings())
    assert "def low" in made["snippets/far.py"]
    assert "def high" in made["snippets/far.py"]


def test_a_package_that_only_what_is_left_out_imports_is_not_asked_for(course):
    loaded = {"distributions": SCIKIT}
    for name, is_asked in (("disc", False), ("learned", True)):
        carried_areas(course, f"from snippets.areas import {name}")
        text = standalone_notebook(
            course.parse(), made_run(course, dependencies=loaded), course.settings()
        )
        first = sources(nbformat.reads(text, as_version=4), "code")[0]
        assert ("scikit-learn==1.6.0" in first) == is_asked


def test_a_notebook_says_what_it_is_from_under_which_licence_and_where_its_helpers_go(tiny):
    (tiny.root / "pyproject.toml").write_text(
        '[project]\nname = "a_course"\nversion = "1.2"\nlicense = "MIT"\n'
    )
    run = made_run(tiny, parts={"version of python": "3.11.9"})
    text = standalone_notebook(tiny.parse(), run, tiny.settings(site_url="https://a.b/"))
    html = create_markdown(escape=False)(sources(nbformat.reads(text, as_version=4), "markdown")[0])
    said = BeautifulSoup(html, "html.parser").get_text()
    assert "Part of a_course 1.2, under the MIT licence." in said
    assert "Checked with Python 3.11.9" in said
    assert "The page with its figures: https://a.b/part/tiny/" in said
    assert "into the folder tiny-helpers beside this notebook" in said


def test_a_notebook_names_no_project_where_none_has_a_licence(tiny):
    first = sources(standalone(tiny), "markdown")[0]
    assert tiny.root.name not in first
    assert "licence" not in first


def test_a_notebook_carries_the_snippets_that_its_run_was_seen_to_import(course):
    course.tutorial(code("1"))
    course.snippet("far", "VALUE = 7\n")
    run = made_run(course, dependencies={"files": {"snippets/far.py": "digest", "snippets/": "x"}})
    text = standalone_notebook(course.parse(), run, course.settings())
    assert "VALUE = 7" in sources(nbformat.reads(text, as_version=4), "code")[0]


def test_a_notebook_has_values_in_place_of_expressions(tiny):
    text = "\n".join(sources(standalone(tiny), "markdown"))
    assert "Together they make value of total." in text
    assert "{python}" not in text


def test_a_solution_is_folded_and_its_check_may_fail(tiny):
    tiny.tutorial(
        "# %% [markdown]\n# Do it.\n\n"
        + '# %% tags=["starter"]\nanswer = None\n\n'
        + '# %% tags=["check"]\nassert answer, "is None"\n\n'
        + '# %% tags=["solution"]\nanswer = 42\n'
    )
    notebook = standalone(tiny)
    assert "answer = 42" not in "".join(sources(notebook, "code"))
    assert (
        "<summary>Solution</summary>\n\n```python\nanswer = 42\n```"
        in (sources(notebook, "markdown")[-1])
    )
    (check,) = [cell for cell in notebook.cells if cell.source.startswith("assert")]
    assert "raises-exception" in check.metadata.tags


def test_notebooks_are_valid_and_their_bytes_depend_on_nothing_else(tiny):
    run = made_run(tiny, outputs=[[picture()], []])
    for make in (
        lambda: standalone_notebook(tiny.parse(), run, tiny.settings()),
        lambda: record_notebook(tiny.parse(), run, tiny.settings()),
    ):
        assert make() == make()
        notebook = nbformat.reads(make(), as_version=4)
        nbformat.validate(notebook)
        ids = [cell.id for cell in notebook.cells]
        assert len(set(ids)) == len(ids)


def test_the_run_record_holds_every_cell_with_its_outputs(tiny):
    stream = {"output_type": "stream", "name": "stdout", "text": "hello\n"}
    run = made_run(tiny, outputs=[[stream, picture(alt="Dots.")], []])
    notebook = nbformat.reads(record_notebook(tiny.parse(), run, tiny.settings()), as_version=4)
    assert sources(notebook, "code") == [cell.source for cell in tiny.parse().code_cells]
    printed_, figure = notebook.cells[2].outputs
    assert printed_.text == "hello\n"
    assert set(figure.data) == {"image/png"}
    assert figure.metadata["image/png"]["alt"] == "Dots."
    assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2]


def test_the_record_of_an_error_is_type_and_message(tiny):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    notebook = nbformat.reads(
        record_notebook(tiny.parse(), made_run(tiny, outputs=[[error], []]), tiny.settings()),
        as_version=4,
    )
    assert notebook.cells[2].outputs[0].traceback == ["ValueError: no"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!!! note\n    Mind.\n\nOn.", "> **Note**\n>\n> Mind.\n\nOn."),
        ('!!! warning "The gap"\n    Mind.\n\n    Well.', "> **The gap**\n>\n> Mind.\n>\n> Well."),
        ('!!! note ""\n    Mind.', "> Mind."),
        ("!!! info inline end\n    Mind.", "> **Info**\n>\n> Mind."),
        (
            '??? tip "More"\n    Here.\n\nOn.',
            "<details>\n<summary>More</summary>\n\nHere.\n\n</details>\n\nOn.",
        ),
        (
            '!!! note "Outer"\n    ??? tip "Inner"\n        Deep.',
            "> **Outer**\n>\n> <details>\n> <summary>Inner</summary>\n>\n> Deep.\n>\n> </details>\n>",
        ),
        (
            '=== "pip"\n    One.\n\n=== "uv"\n    Two.\n',
            "> **pip**\n>\n> One.\n\n> **uv**\n>\n> Two.",
        ),
        ('*0.5 mm*{.given title="A, 1970"} wide', "*0.5 mm* wide"),
        ("*1*{.given title='{2}'} of 3", "*1* of 3"),
        ("## Head {#head}\n\nOn.", "## Head\n\nOn."),
        ('![x](y.png){ width="3" .wide }', "x"),
        ('```markdown\n!!! note "Mind"\n    the gap\n```', None),
        ("> ```markdown\n> !!! note\n>     the gap\n> ```", None),
        (
            "- one\n\n    !!! note\n        the gap\n\n- two",
            "- one\n\n    > **Note**\n    >\n    > the gap\n\n- two",
        ),
        ("> !!! note\n>     the gap\n>\n> on", "> > **Note**\n> >\n> > the gap\n>\n> on"),
        ("the set {x=1} is {.a}", None),
        ("f(x) = {.5, y=2}", None),
        ("## Heads { #tails }\n\nWords.\n{: .lead }", "## Heads\n\nWords."),
        (
            '??? tip "Why `a|b` *is* [this](https://a.b), $a_i < b_i$"\n    Here.',
            '<details>\n<summary>Why <code>a|b</code> <em>is</em> <a href="https://a.b">this</a>, '
            "$a_i &lt; b_i$</summary>\n\nHere.\n\n</details>",
        ),
        (
            "a `b|c` d | e\n---|---\n`f | g` | `h\\|i`\n\n`j | k`",
            "a `b\\|c` d | e\n---|---\n`f \\| g` | `h\\|i`\n\n`j | k`",
        ),
        ("> ## Heads { #tails }\n>\n> Words.", "> ## Heads\n>\n> Words."),
        ('!!! note ""\n    ## Heads { #tails }', "> ## Heads"),
        ("- ## Heads { #tails }", "- ## Heads"),
        ("| a { .b } | c |\n|---|---|\n| d | e { .f } |", "| a | c |\n|---|---|\n| d | e |"),
        ('_0.5 mm_{.given title="A, 1970"} of w_{i=1}', "_0.5 mm_ of w_{i=1}"),
        ("the [gap](gap.md){ .door }, *here*{.given title='x'}", "the gap, *here*"),
        (r"\[gap](gap.md) and <span title='[gap](gap.md)'>that</span>", None),
        ('~~~ { .python title="x" }\nx = 1\n~~~', "~~~python\nx = 1\n~~~"),
        ("*[SGD]: stochastic gradient descent\nThe SGD.", "The SGD."),
        ('``` { .python .annotate title="x" }\nx = 1\n```', "```python\nx = 1\n```"),
        ("```text\n!!! note {.kept}\n[a](b.md)\n```", "```text\n!!! note {.kept}\n[a](b.md)\n```"),
        (r"$\sum_{i=1}^{n} x_i$ and $\mathbf{x}_{.5}$", None),
        (r"$f[i](x) = \frac{a}{b}$ and `rows[0](x)` stay", None),
        ("`{.kept}` and ``{#kept} `too` ``", None),
        (
            "[here](#below), [there](https://a.b/c.md) and <https://a.b>",
            "here, [there](https://a.b/c.md) and <https://a.b>",
        ),
    ],
)
def test_what_only_the_site_shows_is_lowered_to_what_a_notebook_shows(text, expected):
    assert lowered(text).rstrip() == (text if expected is None else expected).rstrip()


def test_a_block_of_code_in_a_footnote_goes_on_as_one():
    text = "[^a]: One.\n\n    ```python\n    if x:\n\n        y\n    ```\n\n    Two.\n\nOn."
    shown = "<sup>1</sup> One.\n\n```python\nif x:\n\n    y\n```\n\nTwo.\n\nOn."
    assert lower(text, link=lambda target: None, notes={"a": 1}) == shown


@pytest.mark.parametrize(
    ("text", "without", "within"),
    [
        ("the [gap](gap.md).", "the gap.", "the [gap](https://a.b/gap.md)."),
        ("the [wide\ngap](gap.md#x).", "the wide\ngap.", "the [wide\ngap](https://a.b/gap.md#x)."),
        ('the [gap](gap.md "Mind").', "the gap.", "the [gap](https://a.b/gap.md)."),
        ("the [gap [1]](gap.md).", "the gap [1].", "the [gap [1]](https://a.b/gap.md)."),
        ("the [gap](gap.md 'Mind').", "the gap.", "the [gap](https://a.b/gap.md)."),
        ("the [gap](\ngap.md).", "the gap.", "the [gap](https://a.b/gap.md)."),
        (
            "[![A gap.](gap.png)](gap.md)",
            "A gap.",
            "[![A gap.](https://a.b/gap.png)](https://a.b/gap.md)",
        ),
        ("> [gap](gap.md)", "> gap", "> [gap](https://a.b/gap.md)"),
        ('![A wide gap.](gap.png "x"){ .y }', "A wide gap.", "![A wide gap.](https://a.b/gap.png)"),
    ],
)
def test_links_between_pages_are_absolute_where_the_site_has_an_address(text, without, within):
    assert lowered(text) == without
    assert lowered(text, "https://a.b/") == within


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("other.md", "https://a.b/course/part/other/"),
        ("other.md#top", "https://a.b/course/part/other/#top"),
        ("../more/third.md", "https://a.b/course/more/third/"),
        ("../index.md", "https://a.b/course/"),
        ("../about/index.md", "https://a.b/course/about/"),
        ("tiny/tiny.py", "https://a.b/course/part/tiny/tiny.py"),
    ],
)
@pytest.mark.parametrize("site", ["https://a.b/course", "https://a.b/course/"])
def test_a_notebooks_links_lead_to_the_site(tiny, site, target, address):
    tiny.edit("Two numbers", f"Two [numbers]({target})")
    text = sources(standalone(tiny, site_url=site), "markdown")[1]
    assert text == f"Two [numbers]({address}) go in, one comes out."


def test_a_notebook_says_where_its_page_is_only_where_there_is_a_site(tiny):
    first = sources(standalone(tiny, site_url="https://a.b/"), "markdown")[0]
    assert "<https://a.b/part/tiny/>" in first
    assert "http" not in sources(standalone(tiny), "markdown")[0]


def test_a_tutorial_without_helpers_writes_none(course):
    course.tutorial(code("x = 1"))
    assert "snippets" not in sources(standalone(course), "code")[0]


def test_a_claims_cell_stays_in_the_notebook(tiny):
    assert 'assert total == 5, "two and three make <five>"' in sources(standalone(tiny), "code")
    assert TINY.rstrip().endswith(sources(standalone(tiny), "code")[-1])


PNG = b"\x89PNG picture"


@pytest.fixture
def illustrated(tiny):
    """A tutorial with an image beside its source and one in the site's own files."""
    (tiny.root / "docs" / "assets").mkdir(parents=True)
    (tiny.root / "docs" / "assets" / "diagram.png").write_bytes(PNG)
    (tiny.root / "tutorials_src" / "1_part" / "my plan.png").write_bytes(PNG)
    tiny.edit(
        "Two numbers",
        "![A diagram.](../assets/diagram.png) ![A plan.](my%20plan.png){ width=2 }\n#\n# Two numbers",
    )
    return tiny


def test_images_are_published_with_the_page(illustrated):
    (lesson,) = illustrated.lessons()
    assert lesson.error is None
    page = illustrated.page(made_run(illustrated))
    assert page.files["part/tiny/images/my plan.png"] == PNG
    assert "![A diagram.](../assets/diagram.png)" in page.markdown
    assert "![A plan.](tiny/images/my%20plan.png){ width=2 }" in page.markdown


def test_a_notebooks_images_are_those_of_the_site_and_their_text_where_there_is_none(illustrated):
    first = sources(standalone(illustrated, site_url="https://a.b/c"), "markdown")[1]
    assert "![A diagram.](https://a.b/c/assets/diagram.png)" in first
    assert "![A plan.](https://a.b/c/part/tiny/images/my%20plan.png)" in first
    without = sources(standalone(illustrated), "markdown")[1]
    assert without.startswith("A diagram. A plan.\n")


def test_links_to_sources_lead_to_pages(tiny):
    tiny.tutorial(file="2_more/02_other.py", needs=["tiny"])
    tiny.edit(
        "Two numbers",
        "[One](../2_more/02_other.py#top), [two](01_tiny.ipynb), [three][o]. Two numbers\n#\n"
        '# [o]: ../2_more/02_other.ipynb "Other"\n#\n# Some',
    )
    assert [lesson.error for lesson in tiny.lessons()] == [None, None]
    page = tiny.page(made_run(tiny)).markdown
    assert '[One](../more/other.md#top), [two](tiny.md), [three](../more/other.md "Other").' in page
    text = "\n".join(sources(standalone(tiny, site_url="https://a.b/"), "markdown"))
    assert "[One](https://a.b/more/other/#top), [two](https://a.b/part/tiny/)" in text
    assert "[three](https://a.b/more/other/)." in text
    assert "[o]:" not in page + text


def test_footnotes_are_numbered_through_the_notebook(tiny):
    tiny.edit(
        "Two numbers",
        "First[^b], then[^a], again[^b] and `[^b]`.\n#\n# [^a]: A note.\n#     It goes on.\n#\n# Two numbers",
    )
    tiny.edit("# Together", "# [^b]: Another.\n#\n# Together")
    first, second = sources(standalone(tiny), "markdown")[1:]
    assert first.startswith(
        "First<sup>1</sup>, then<sup>2</sup>, again<sup>1</sup> and `[^b]`.\n\n"
        "<sup>2</sup> A note.\nIt goes on.\n\nTwo numbers"
    )
    assert second.startswith("<sup>1</sup> Another.\n\nTogether")


TITLE = 'Why <pad>, __init__ & "a|b" cost `2*3` $5'


def test_a_title_is_text_in_notebook_and_record(tiny):
    tiny.edit("# title: Tiny", f"# title: {json.dumps(TITLE)}")
    tiny.edit("# summary: A tutorial that runs at once.", f"# summary: {json.dumps(TITLE)}")
    run = made_run(tiny)
    record = nbformat.reads(record_notebook(tiny.parse(), run, tiny.settings()), as_version=4)
    for notebook in (standalone(tiny), record):
        html = create_markdown(escape=False)(sources(notebook, "markdown")[0])
        heading = BeautifulSoup(html, "html.parser").h1
        assert heading.get_text().removeprefix("Run record: ") == TITLE
        assert not heading.select("pad, strong, em, code")
    lead = BeautifulSoup(
        create_markdown(escape=False)(sources(standalone(tiny), "markdown")[0]), "html.parser"
    )
    assert lead.p.get_text() == TITLE
