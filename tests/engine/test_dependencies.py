"""What a run used is recorded, decides whether it is stale, and is nothing but its own."""

from __future__ import annotations

import json
import os
import textwrap

import pytest

from tutorial_engine import dependencies, fingerprint
from tutorial_engine.errors import ExecutionError, SourceError
from tutorial_engine.schedule import bring_up_to_date

from .tiny import HELPER, Course, code, made_run


def text_of(run) -> str:
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for outputs in run.outputs
        for output in outputs
    )


# Kinds of edit that can be read off the code: the key changes.

SHAPES = '''\
"""Shapes."""


def area(side):
    """Return the area of a disc."""
    return _square(side)  # a remark


def _square(x):
    return x * x


def other(x):
    return x - 1


class Base:
    kinds = []

    def __init_subclass__(cls, **options):
        Base.kinds.append(cls.__name__)


class Late(Base):
    pass


def names():
    return [each.__name__ for each in Base.__subclasses__()]


def kinds():
    return Base.kinds
'''
USES = "from snippets import shapes\n\n"
REMARK, DOCSTRING, UNUSED = ("a remark", "its remark"), ("a disc", "a circle"), ("x - 1", "x - 2")
CHILD = """
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "from snippets.shapes import other; print(other(3))"],
                     capture_output=True, text=True).stdout)
"""

LOOKS = {
    "a docstring is shown by __doc__": (USES + "print(shapes.area.__doc__)", DOCSTRING),
    "a docstring is shown by help": (USES + "help(shapes.area)", DOCSTRING),
    "a docstring is read by inspect": (
        USES + "import inspect\n\ninspect.getdoc(shapes.area)",
        DOCSTRING,
    ),
    "an example is run by doctest": (
        USES + "import doctest\n\ndoctest.testmod(shapes)",
        DOCSTRING,
    ),
    "a comment is shown by inspect": (
        USES + "import inspect\n\nprint(inspect.getsource(shapes.area))",
        REMARK,
    ),
    "a remark stands in a line that a warning shows": (
        USES + "import warnings\n\nwarnings.warn(str(shapes.area(2)))",
        REMARK,
    ),
    "import_module": (
        "import importlib\n\nimportlib.import_module('snippets.shapes').other(2)",
        UNUSED,
    ),
    "import_module by its own name": (
        "from importlib import import_module as load\n\nload('snip' + 'pets.shapes').other(2)",
        UNUSED,
    ),
    "__import__": ("__import__('snippets.shapes').shapes.other(2)", UNUSED),
    "runpy": ("import runpy\n\nrunpy.run_module('snippets.shapes')['other'](2)", UNUSED),
    "sys.modules": (
        USES + "import sys\n\nshapes.area(2), sys.modules['snippets.shapes'].other(2)",
        UNUSED,
    ),
    "globals()": (USES + "globals()['shapes'].other(2)", UNUSED),
    "vars": (USES + "vars(shapes)['other'](2)", UNUSED),
    "__dict__": (USES + "shapes.__dict__['other'](2)", UNUSED),
    "a function's __globals__": (USES + "shapes.area.__globals__['other'](2)", UNUSED),
    "getattr with a computed name": (USES + "getattr(shapes, 'oth' + 'er')(2)", UNUSED),
    "eval": (USES + "eval('shapes.other(2)')", UNUSED),
    "exec": ("exec('from snippets import shapes; print(shapes.other(2))')", UNUSED),
    "the package's attribute": (
        USES + "import snippets\n\nshapes.area(1), snippets.shapes.other(2)",
        UNUSED,
    ),
    "code sent to a worker as text": (CHILD, UNUSED),
    "a docstring is shown by getattr": (USES + "getattr(shapes.area, '__doc__')", DOCSTRING),
    "a docstring is shown by an attribute getter": (
        USES + "import operator\n\noperator.attrgetter('__doc__')(shapes.area)",
        DOCSTRING,
    ),
    "a docstring is shown by dir and getattr": (
        USES + "[getattr(shapes.area, name) for name in dir(shapes.area)]",
        DOCSTRING,
    ),
    "a docstring is shown by vars": (USES + "vars(shapes)['area']", DOCSTRING),
    "a comment is in the file that __file__ names": (
        USES + "import subprocess\n\nsubprocess.run(['wc', shapes.__file__])",
        REMARK,
    ),
    "a comment is in a file below PYTHONPATH": (
        "from snippets.shapes import area\nimport os\n\nos.system('cat $PYTHONPATH/*/shapes.py')",
        REMARK,
    ),
    "a line's number is shown by a profile": (
        USES + "import pstats\n\npstats.Stats(profile(shapes.area))",
        REMARK,
    ),
    "a pickle names a function": (
        "from snippets.shapes import area\nimport pickle\n\n"
        "pickle.loads(b'csnippets.shapes\\nother\\n.')(2)",
        UNUSED,
    ),
    "an annotation's text is evaluated": (
        USES + "import typing\n\ntyping.get_type_hints(shapes.area)",
        UNUSED,
    ),
    "the collector of garbage knows every object": (
        USES + "import gc\n\ngc.get_objects()",
        UNUSED,
    ),
    "__subclasses__": (USES + "shapes.names()", ("class Late(", "class Later(")),
    "__init_subclass__": (USES + "shapes.kinds()", ("class Late(", "class Later(")),
}


@pytest.mark.parametrize("kind", LOOKS)
def test_where_code_looks_at_itself_the_whole_snippet_counts(course, kind):
    body, (before, after) = LOOKS[kind]
    course.snippet("shapes", SHAPES)
    course.tutorial(code(body))
    old = course.key()
    course.snippet("shapes", SHAPES.replace(before, after))
    assert "snippets/shapes.py changed" in course.key().changes_since(old.parts)


@pytest.mark.parametrize("edit", [REMARK, DOCSTRING, UNUSED])
def test_where_code_looks_at_nothing_of_itself_what_it_cannot_reach_does_not_count(course, edit):
    course.snippet("shapes", SHAPES.replace("__subclasses__()", "__bases__"))
    course.tutorial(code(USES + "getattr(shapes.area(2), 'real'), 'a network'.encode()"))
    source = SHAPES[: SHAPES.index("class Base")]
    course.snippet("shapes", source)
    course.tutorial(code(USES + "shapes.area(2)\nmodel = 1\nmodel.real"))
    old = course.key()
    course.snippet("shapes", source.replace(*edit))
    assert course.key() == old


def test_a_method_that_is_called_compile_is_not_the_built_in(course):
    course.snippet("shapes", SHAPES[: SHAPES.index("class Base")])
    course.tutorial(code(USES + "network.compile(shapes.area(2))\nnetwork.eval()"))
    old = course.key()
    course.snippet("shapes", SHAPES[: SHAPES.index("class Base")].replace(*UNUSED))
    assert course.key() == old


OWN = '''\
import inspect


def twice(x):
    """Return two of it."""
    return 2 * x  # a remark


{look}
'''


@pytest.mark.parametrize(
    ("look", "edit"),
    [
        ("print(twice.__doc__)", ("two of it", "it twice")),
        ("help(twice)", ("two of it", "it twice")),
        ("print(inspect.getsource(twice))", ("a remark", "its remark")),
        ("twice.__code__.co_firstlineno", ("import inspect\n", "import inspect\n\n")),
        ("print(In[-1])", ("a remark", "its remark")),
        ("print(_i1)", ("a remark", "its remark")),
        ("get_ipython().history_manager", ("a remark", "its remark")),
        ("import unittest\n\nunittest.main()", ("two of it", "it twice")),
        ("import cmd\n\ncmd.Cmd().onecmd('help')", ("two of it", "it twice")),
    ],
    ids=[
        *("__doc__", "help", "inspect", "a line's number", "In", "_i1", "the history"),
        *("a test's report", "a command's help"),
    ],
)
def test_a_cell_that_looks_at_its_own_text_counts_by_its_text(course, look, edit):
    body = OWN.format(look=look)
    course.tutorial(code(body if "inspect." in look else body.replace("inspect", "math")))
    old = course.key()
    edit = edit if "inspect." in look else [each.replace("inspect", "math") for each in edit]
    course.edit(*edit)
    assert course.key().changes_since(old.parts) == ["code changed"]


@pytest.mark.parametrize(
    ("use", "before", "after"),
    [
        ("import snippets\n\nsnippets.LEVEL", "LEVEL = 1", "LEVEL = 2"),
        ("import snippets as helpers\n\nhelpers.LEVEL", "LEVEL = 1", "LEVEL = 2"),
        ("import snippets\n\nsnippets.__doc__", "Helpers", "Help"),
        ("import snippets.helper\n\nsnippets.__doc__", "Helpers", "Help"),
    ],
)
def test_the_package_itself_counts_where_it_is_used(course, use, before, after):
    package = course.root / "snippets" / "__init__.py"
    package.write_text('"""Helpers."""\n\nLEVEL = 1\n')
    course.tutorial(code(use))
    old = course.key()
    package.write_text(package.read_text().replace(before, after))
    assert course.key().changes_since(old.parts) == ["snippets/__init__.py changed"]


def test_what_a_worker_imports_counts_whole(course):
    worker = """
    import subprocess, sys
    from snippets.helper import add

    name = "snip" + "pets"
    text = f"from {name}.helper import add; print(add(1, 2))"
    print(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True).stdout)
    """
    course.tutorial(code(worker))
    course.store.save(course.run())
    assert course.store.load("tiny", course.key())
    course.snippet("helper", HELPER + "\n\ndef unused():\n    return 1\n")
    assert course.store.why_stale("tiny", course.key()) == ["snippets/helper.py changed"]


@pytest.mark.parametrize("separator", ["\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x0b"])
@pytest.mark.parametrize("place", ["# {} in a remark", "TEXT = '{}'"])
def test_no_character_hides_an_edit_from_the_key(course, separator, place):
    source = f"def unused():\n    return 0\n\n\n{place.format(separator * 3)}\n\n\ndef area(x):\n    return x + 1\n"
    course.snippet("shapes", source)
    course.tutorial(code(USES + "shapes.area(1)"))
    old = course.key()
    course.snippet("shapes", source.replace("x + 1", "x + 2"))
    assert course.key().changes_since(old.parts) == ["snippets/shapes.py changed"]


def test_a_form_feed_between_functions_hides_no_edit(course):
    source = "def unused():\n    return 0\n\x0c\n\x0c\ndef area(x):\n    y = x\n    return 1\n"
    course.snippet("shapes", source)
    course.tutorial(code(USES + "shapes.area(1)"))
    old = course.key()
    course.snippet("shapes", source.replace("return 1", "return 2"))
    assert course.key() != old


EFFECTS = {
    "a decorator registers": "@REGISTRY.append\ndef late():\n    return 1\n",
    "a default is evaluated": "def late(x=REGISTRY.append(1)):\n    return 1\n",
    "a class body runs": "class Late:\n    REGISTRY.append(1)\n",
    "a class attribute calls": "class Late:\n    x = REGISTRY.append(1)\n",
    "a method's default is evaluated": "class Late:\n    def f(self, x=REGISTRY.append(1)): pass\n",
    "a base class is told": "class Late(Base):\n    name = 1\n",
    "a metaclass is told": "class Late(metaclass=Meta):\n    name = 1\n",
    "a module's own __getattr__": "def __getattr__(name):\n    return 1\n",
}


@pytest.mark.parametrize("kind", EFFECTS)
def test_a_definition_that_does_something_when_it_is_made_counts(course, kind):
    source = f"REGISTRY = []\n\n\ndef entries():\n    return REGISTRY\n\n\n{EFFECTS[kind]}"
    course.snippet("shapes", source)
    course.tutorial(code(USES + "shapes.entries()"))
    old = course.key()
    edited = source[::-1].replace("1", "2", 1)[::-1] if "1" in EFFECTS[kind] else source + "x = 1\n"
    course.snippet("shapes", edited)
    assert course.key().changes_since(old.parts) == ["snippets/shapes.py changed"]


def test_the_package_counts_where_it_is_more_than_a_docstring(course):
    course.tutorial()
    old = course.key()
    package = course.root / "snippets" / "__init__.py"
    package.write_text('"""Helpers."""\n\nUNIT = 1\n')
    assert course.key().changes_since(old.parts) == ["snippets/__init__.py added"]
    package.write_text('"""Other words."""\n')
    assert course.key() == old


@pytest.mark.parametrize(
    "file",
    ["mine.py", "mine/__init__.py", "tutorials_src/1_part/mine.py", "mine/part.py"],
    ids=["a module at the root", "a package at the root", "beside the tutorial", "a bare folder"],
)
def test_the_import_of_a_module_that_only_the_repository_has_is_refused_with_its_line(course, file):
    course.tutorial(code("import math\nimport mine"))
    path = course.root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text("VALUE = 'old'\n")
    with pytest.raises(SourceError, match="neither a snippet nor an installed package") as caught:
        course.key()
    assert (caught.value.cell, caught.value.line) == (1, course.parse().cells[0].line + 2)
    assert "move what it needs into snippets/" in caught.value.remedy


def test_a_snippet_that_imports_such_a_module_is_refused_with_its_line(course):
    (course.root / "mine.py").write_text("VALUE = 1\n")
    course.snippet("helper", "\nimport mine\n")
    course.tutorial()
    with pytest.raises(SourceError, match=r"snippets/helper\.py:2: imports mine from mine\.py"):
        course.key()


def test_the_engine_is_no_public_package(course):
    course.tutorial(code("import tutorial_engine"))
    with pytest.raises(SourceError, match="tutorial_engine, which is neither"):
        course.key()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"x = '\xff'\n", "is not UTF-8"), (b"x = '\x00'\n", "null bytes"), (None, "cannot be read")],
    ids=["not UTF-8", "null bytes", "a folder"],
)
def test_a_snippet_that_is_no_readable_python_is_its_tutorials_error(course, content, said):
    file = course.root / "snippets" / "helper.py"
    course.tutorial()
    if content is None:
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(content)
    (lesson,) = course.lessons()
    assert said in lesson.error.message
    assert lesson.error.line == course.parse().code_cells[0].line + 1


def test_a_list_of_data_that_does_not_read_is_the_error_of_the_tutorials_that_need_it(course):
    course.data("digits")
    course.tutorial(data=["digits"])
    course.tutorial(code("1"), file="1_part/02_other.py")
    (course.root / "tutorials_src" / "data" / "checksums.json").write_text("{")
    first, second = course.lessons()
    assert first.error.file == "tutorials_src/data/checksums.json"
    assert first.error.remedy == "git checkout -- tutorials_src/data/checksums.json"
    assert second.error is None


# What only the run can tell.

WATCHED = """
# %%
from pathlib import Path

from snippets import helper

print(Path(helper.__file__).with_name("other.py").read_text())

# %%
import os

from snippets import asks

os.environ.get("LANG"), asks.flag(), sorted(os.listdir(Path(helper.__file__).parent))

# %%
import subprocess
import sys

program = "import os; from snip" + "pets import far; print(os.environ.get('CHILD_ASKS'), far.VALUE)"
program += "\\ntry: from snip" + "pets import absent\\nexcept ImportError: print('absent')"
(Path("worker.py")).write_text(program)
print(subprocess.run([sys.executable, "worker.py"], capture_output=True, text=True).stdout)

# %%
import yaml

asks.warn()
"""
ASKS = """
import os
import warnings


def flag():
    return os.getenv("SNIPPET_ASKS")


def warn():
    warnings.warn("careful")  # said once
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory) -> Course:
    course = Course(tmp_path_factory.mktemp("watched") / "a course")
    course.snippet("other", "# a remark\n")
    course.snippet("far", "VALUE = 'far away'\n")
    course.snippet("asks", ASKS)
    course.tutorial(WATCHED.lstrip())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SNIPPET_ASKS", "from outside")
        patch.setenv("CHILD_ASKS", "from outside")
        course.store.save(course.run())
    return course


def stored(course):
    return course.store.latest("tiny")


def test_what_a_run_read_is_recorded_child_processes_included(watched):
    used = stored(watched).dependencies
    assert set(used["files"]) >= {"snippets/", "snippets/other.py", "snippets/far.py"}
    assert set(used["variables"]) == {"LANG", "SNIPPET_ASKS", "CHILD_ASKS"}
    assert used["variables"]["SNIPPET_ASKS"] is None
    assert "far away" in text_of(stored(watched))


def test_what_libraries_ask_the_environment_is_no_dependency(watched):
    assert not {"HOME", "PATH", "MPLBACKEND"} & set(stored(watched).dependencies["variables"])


def test_every_distribution_that_was_loaded_is_recorded_with_its_version(watched):
    versions = stored(watched).dependencies["distributions"]
    assert {"ipykernel", "ipython"} <= set(versions)
    yaml = next(name for name in versions if name.lower() == "pyyaml")
    assert versions[yaml] == fingerprint.version_of("pyyaml")


def test_a_run_is_loaded_while_nothing_that_it_used_has_changed(watched):
    assert watched.store.load("tiny", watched.key()) == stored(watched)


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("snippets/other.py", "# its remark\n", "snippets/other.py changed"),
        ("snippets/far.py", "VALUE = 'near'\n", "snippets/far.py changed"),
        ("snippets/new.py", "", "snippets/ changed"),
        ("snippets/absent.py", "", "snippets/absent.py changed"),
        ("snippets/asks.py", ASKS.replace("said once", "again"), "snippets/asks.py changed"),
    ],
    ids=[
        "read as text",
        "imported by a child",
        "a folder's list",
        "not there before",
        "shown by a warning",
    ],
)
def test_a_run_is_stale_when_a_file_that_it_used_has_changed(watched, file, text, reason):
    path = watched.root / file
    before = path.read_text() if path.exists() else None
    path.write_text(text)
    try:
        assert watched.store.load("tiny", watched.key()) is None
        assert reason in watched.store.why_stale("tiny", watched.key())
    finally:
        path.unlink() if before is None else path.write_text(before)


def test_a_run_is_stale_when_a_variable_that_it_read_has_another_value(watched, monkeypatch):
    before = dependencies.fixed_environment
    monkeypatch.setattr(
        dependencies, "fixed_environment", lambda settings: before(settings) | {"LANG": "de"}
    )
    assert watched.store.load("tiny", watched.key()) is None
    assert watched.store.why_stale("tiny", watched.key()) == ["variable LANG changed"]


def test_a_run_is_stale_when_a_distribution_that_it_loaded_has_another_version(
    watched, monkeypatch
):
    key, before = watched.key(), dependencies.version_of
    monkeypatch.setattr(
        dependencies, "version_of", lambda name: "9.9" if name == "tornado" else before(name)
    )
    assert watched.store.load("tiny", key) is None
    (reason,) = watched.store.why_stale("tiny", key)
    assert reason == f"version of tornado changed from {before('tornado')} to 9.9"


LOOK = """
import json, os, pathlib, sys, warnings
import IPython

home = pathlib.Path.home()
print(json.dumps({
    "variables": sorted(os.environ),
    "seen": sorted(name for name in os.environ if os.environ[name] == "from outside"),
    "planted": "planted" in globals(),
    "flags": str(sys.flags),
    "filters": len(sys.warnoptions),
    "home": sorted(path.name for path in home.iterdir()),
    "config": os.path.exists(os.environ["KERAS_HOME"]),
    "path": [name for name in sys.path if "elsewhere" in name],
    "zone": os.environ["TZ"],
}))
"""
OUTSIDE = [
    "COURSE_FLAG",
    "KERAS_BACKEND",
    "LANG",
    "LD_PRELOAD_X",
    "MY_SECRET",
    "OMP_NUM_THREADS",
    "PYTHONHASHSEED",
    "TF_DETERMINISTIC_OPS",
    "TF_XLA_FLAGS",
    "TUTORIALS_X",
    "TZ",
    "XLA_FLAGS",
]


def test_nothing_of_the_builders_environment_and_home_reaches_a_run(course, tmp_path, monkeypatch):
    course.tutorial(code(LOOK))
    bare = text_of(course.run())
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-mine.py").write_text("planted = True\n")
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text('{"floatx": "float64", "backend": "jax"}')
    (home / "elsewhere").mkdir()
    (home / "elsewhere" / "sitecustomize.py").write_text("import builtins; builtins.planted = 1\n")
    for name in OUTSIDE:
        monkeypatch.setenv(name, "from outside")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KERAS_HOME", str(home / ".keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("PYTHONPATH", str(home / "elsewhere"))
    assert text_of(course.run()) == bare
    assert json.loads(bare)["seen"] == []


@pytest.mark.parametrize("file", ["notes.txt", "tutorials_src/1_part/notes.txt"])
def test_a_file_that_is_not_the_tutorials_own_cannot_be_read(course, file):
    path = course.root / file
    course.tutorial(code("x = 1") + f"\n# %%\nx = 2\nopen({str(path)!r}).read()\n")
    path.write_text("old")
    with pytest.raises(ExecutionError, match=f"{file} is not this tutorial's to read") as caught:
        course.run()
    assert (caught.value.cell, caught.value.line) == (2, course.parse().cells[1].line + 2)


@pytest.mark.parametrize(
    "reader",
    ["import sqlite3\nsqlite3.connect({!r})", "import subprocess\nsubprocess.run(['cat', {!r}])"],
    ids=["a database", "another program"],
)
def test_what_native_code_reads_of_the_repository_is_refused_too(course, reader):
    path = course.root / "tutorials_src" / "notes.txt"
    path.write_text("notes")
    course.tutorial(code(reader.format(str(path))))
    with pytest.raises(
        ExecutionError, match=r"tutorials_src/notes.txt(, which is not its own| is not this)"
    ):
        course.run()


def test_no_way_round_through_what_is_installed_leads_to_the_repository(course):
    (course.root / "notes.txt").write_text("old")
    body = f"""
    import os, sys

    there = os.path.relpath({str(course.root / "notes.txt")!r}, os.path.dirname(os.__file__))
    open(os.path.join(os.path.dirname(os.__file__), there))
    """
    course.tutorial(code(body))
    with pytest.raises(ExecutionError, match=r"notes\.txt is not this tutorial's to read"):
        course.run()


def test_a_snippet_that_reads_a_file_beside_itself_is_refused(course):
    course.snippet(
        "helper", "from pathlib import Path\n\nT = Path(__file__).with_name('t.csv').read_text()\n"
    )
    (course.root / "snippets" / "t.csv").write_text("old")
    course.tutorial()
    with pytest.raises(ExecutionError, match=r"snippets/t\.csv is not this tutorial's to read"):
        course.run()


def test_a_tutorial_that_goes_on_when_it_is_refused_a_file_is_refused_itself(course):
    notes, link = course.root / "notes.txt", "link"
    course.tutorial(
        code("x = 1")
        + f"""
# %%
import os

os.symlink({str(notes)!r}, {link!r})
try:
    said = open({link!r}).read()
except OSError:
    said = "nothing"
"""
    )
    notes.write_text("old")
    with pytest.raises(ExecutionError, match=r"tries to read notes\.txt") as caught:
        course.run()
    assert caught.value.cell == 2
    assert "put code into snippets/" in caught.value.remedy


@pytest.mark.parametrize(
    "command",
    ['[sys.executable, "-c", "1"], env={}', '[sys.executable, "-I", "-c", "1"]'],
    ids=["another environment", "isolated"],
)
def test_a_child_process_that_could_not_be_recorded_is_refused(course, command):
    course.tutorial(code(f"import subprocess, sys\nsubprocess.run({command})"))
    with pytest.raises(ExecutionError, match="shuts out what records it") as caught:
        course.run()
    assert caught.value.line == course.parse().cells[0].line + 2


def test_a_run_reads_the_data_that_its_header_names_and_no_other(course):
    course.data("digits", b"1")
    course.data("letters", b"a")
    body = """
    import os, pathlib

    data = pathlib.Path(os.environ["TUTORIALS_DATA"])
    print((data / "digits/pixels.bin").resolve().read_bytes(), (data / "letters").exists())
    """
    course.tutorial(code(body), data=["digits"])
    assert text_of(course.run()) == "b'1' False\n"


def test_a_run_whose_folder_lies_in_the_repository_reads_what_it_wrote(course, monkeypatch):
    temporary = course.root / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    body = (
        "import pathlib\npathlib.Path('x').write_text('mine')\nprint(pathlib.Path('x').read_text())"
    )
    course.tutorial(code(body))
    assert text_of(course.run()) == "mine\n"


def test_a_run_uses_the_snippets_as_they_were_when_it_began(course, tmp_path):
    began, go = tmp_path / "began", tmp_path / "go"
    os.mkfifo(began)
    os.mkfifo(go)
    wait = f"import pathlib\npathlib.Path({str(began)!r}).write_text('x')\npathlib.Path({str(go)!r}).read_text()\n"
    course.tutorial(
        code(textwrap.dedent(wait) + "\nfrom snippets import helper\n\nhelper.add(2, 3)")
    )
    execution = course.execution()
    import threading

    runs = []
    thread = threading.Thread(target=lambda: runs.append(execution.run()))
    thread.start()
    began.read_text()
    course.snippet("helper", "def add(a, b):\n    return 'another'\n")
    go.write_text("x")
    thread.join(60)
    assert text_of(runs[0]) == "5"


def test_status_and_a_build_follow_what_was_recorded(course):
    course.snippet("far", "VALUE = 'old'\n")
    body = """
    import subprocess, sys

    words = "from", "snippets.far", "import", "VALUE; print(VALUE)"
    print(subprocess.run([sys.executable, "-c", " ".join(words)], capture_output=True, text=True).stdout)
    """
    course.tutorial(code(body.replace('"snippets.far"', '"snippets" + chr(46) + "far"')))
    (first,) = bring_up_to_date(course.lessons(), course.settings(), course.store)
    course.snippet("far", "VALUE = 'new'\n")
    lesson = course.lessons()[0]
    assert course.store.why_stale("tiny", lesson.key) == ["snippets/far.py changed"]
    (second,) = bring_up_to_date([lesson], course.settings(), course.store)
    assert second.executed
    assert ("old" in text_of(first.run), "new" in text_of(second.run)) == (True, True)


def test_a_file_of_data_counts_whatever_its_list_says_of_the_arrays(course):
    course.data("digits", b"old")
    course.tutorial(data=["digits"])
    old = course.key()
    arrays = course.checksums["digits"]["default"]["arrays"]
    course.data("digits", b"new")
    course.checksums["digits"]["default"]["arrays"] = arrays
    course._write_checksums()
    assert course.key().changes_since(old.parts) == ["data digits changed"]


def test_a_page_states_the_backend_that_keras_brought(course):
    course.tutorial()
    run = made_run(course, dependencies={"distributions": {"tensorflow": "2.21.0", "six": "1"}})
    assert "tensorflow" not in dependencies.shown_versions(run)
    run.parts["version of keras"] = "3.13.0"
    shown = dependencies.shown_versions(run)
    assert (shown["tensorflow"], "six" in shown) == ("2.21.0", False)


def test_the_list_of_fonts_is_made_once_kept_and_holds_none_of_this_machine(course):
    course.tutorial(
        code(
            """
            import matplotlib
            from matplotlib.font_manager import fontManager

            bundled = matplotlib.get_data_path()
            len(fontManager.ttflist), {f.name for f in fontManager.ttflist if not f.fname.startswith(bundled)}
            """
        )
    )
    shown = text_of(course.run())
    assert shown.endswith(", {'Inter'})")
    (kept,) = (course.settings().cache / "fonts").rglob("fontlist-*.json")
    before = kept.stat().st_mtime_ns
    assert text_of(course.run()) == shown
    assert kept.stat().st_mtime_ns == before
    assert kept.parent.name == fingerprint.version_of("matplotlib")
    assert "Inter" not in kept.read_text()  # it lies in the run's own folder


def test_a_run_does_without_the_kept_list_where_nothing_can_be_kept(course):
    (course.root / ".cache").write_text("in the way of a folder")
    course.tutorial()
    assert text_of(course.run()) == "the total is 5\n"


@pytest.mark.parametrize(
    "ask",
    ["far.exists()", "os.path.isfile(far)", "os.access(far, os.R_OK)", "os.path.lexists(far)"],
)
def test_a_run_that_asked_whether_a_file_is_there_is_stale_when_it_comes_or_goes(course, ask):
    course.tutorial(
        code(
            "import os, pathlib\nfrom snippets import helper\n"
            f"far = pathlib.Path(helper.__file__).with_name('far.py')\n{ask}"
        )
    )
    file = course.root / "snippets/far.py"
    for before, after in (("False", "True"), ("True", "False")):
        if before == "True":
            file.write_text("x = 1\n")
        run = course.run()
        assert text_of(run) == before
        course.store.save(run)
        assert course.store.load("tiny", course.key()) == run
        file.unlink() if file.exists() else file.write_text("x = 1\n")
        assert course.store.load("tiny", course.key()) is None, after
        assert course.store.why_stale("tiny", course.key()) == ["snippets/far.py changed"]


@pytest.mark.parametrize(
    "place", ["", "from pathlib import Path\n\nHOME = Path(__file__).resolve().parent\n"]
)
def test_a_run_that_only_imports_its_snippets_stays_when_their_docstrings_change(course, place):
    """Also where a snippet asks where it stands: its text is none the wiser for it."""
    course.snippet("helper", HELPER)
    course.snippet("placed", f'"""A place."""\n\n{place}')
    course.tutorial(code("from snippets import helper, placed\nhelper.add(2, 3)"))
    run = course.run()
    assert run.dependencies["files"] == {}
    course.store.save(run)
    course.snippet("placed", f'"""Where it stands."""\n\n{place}')
    course.snippet("helper", HELPER.replace("Return the sum.", "Return both together."))
    assert course.store.load("tiny", course.key()) == run
