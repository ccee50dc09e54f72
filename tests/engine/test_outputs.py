"""What a run says arrives as a reader should see it: text without a terminal, and without the machine."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tutorial_engine.clean_output import clean_outputs
from tutorial_engine.errors import ExecutionError
from tutorial_engine.places import Places
from tutorial_engine.terminal import rendered, without_controls

from .tiny import code


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\tb\n", "a\tb\n"),
        ("a\tb\rX", "X\tb"),
        ("a\tb\r123456789", "123456789"),
        ("a\tb\r1234", "1234    b"),
        ("10%\r100%\nab\b\bcd", "100%\ncd"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("a\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\ b", "alink b"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x9b31mred\x9b0m", "red"),
        ("rung\x07 nul\x00 del\x7f", "rung nul del"),
        ("\x1b[?25l\x1b(Bhidden cursor\x1b[?25h", "hidden cursor"),
        ("outer 1\ninner 1\x1b[A\router 2\x1b[K\ninner 2", "outer 2\ninner 2"),
        ("0%|  |\n50%|# |\x1b[A\r100%|##|\n\x1b[2K\r", "100%|##|\n"),
        ("one\ntwo\n\x1b[2A\x1b[Jthree\n", "three\n"),
        ("日本\r12", "12本"),
        ("e\u0301\rx", "x"),
        ("kept  \x1b[0m\nb", "kept  \nb"),
        ("page\x0cfeed", "page\nfeed"),
        ("bad \ud800 and pair \ud83d\ude00", "bad \ufffd and pair \U0001f600"),
        ("\x1b[999999999C\x1b[999999999Bx", " " * 500 + "x"),
    ],
)
def test_text_is_what_a_terminal_would_show_in_the_end(sent, shown):
    assert rendered(sent) == shown


def test_ten_megabytes_of_progress_are_reduced_to_their_end_in_seconds():
    sent = "".join(f"\r{step:6d} |{'█' * 50}|" for step in range(160_000))
    started = time.process_time()
    assert rendered(sent).startswith("159999 |█")
    assert time.process_time() - started < 30


def test_a_document_loses_what_no_document_may_hold_and_keeps_the_rest():
    assert without_controls("<b>\ta\x07\x1b[31m</b>\r\n\x00\ud800") == "<b>\ta</b>\n\ufffd"


@pytest.fixture
def places(tmp_path, monkeypatch) -> Places:
    monkeypatch.setenv("HOME", "/home/ann")
    work, home, folder = Path("/tmp/x/work"), Path("/tmp/x/p/home"), Path("/tmp/x")
    return Places(Path("/srv/a course"), {work: ".", home: "~", folder: "scratch"})


@pytest.mark.parametrize(
    ("said", "published"),
    [
        ("/srv/a course/snippets/tables.py:3", "snippets/tables.py:3"),
        ("in '/srv/a course'", "in '.'"),
        ("file:///srv/a%20course/x", "x"),
        ("/tmp/x/work/model.keras", "model.keras"),
        ("/tmp/x/p/home/.keras", "~/.keras"),
        ("/home/ann/.cache and /home/anna", "~/.cache and /home/anna"),
        ("https://example.org/home/ann/x", "https://example.org/home/ann/x"),
        (os.__file__, "python/os.py"),
        (pytest.__file__, "site-packages/pytest/__init__.py"),
        (sys.executable, "sys.prefix/bin/" + Path(sys.executable).name),
        ("/tmp/tmpa1b2c3d4/x", "/tmp/tmp…/x"),
        ("/tmp/__autograph_generated_file3qjxqphm.py", "/tmp/__autograph_generated_file….py"),
        ("  140511538650128: TensorSpec(shape", "  …: TensorSpec(shape"),
        ("<object at 0x7f01deadbeef>", "<object at 0x…>"),
        ("the bits 0x3f800000", "the bits 0x3f800000"),
        ("This process (pid=4711) is", "This process (pid=…) is"),
        ("node 7, parent 3, parent: 1", "node 7, parent 3, parent: 1"),
        ("<Run(a, started 5)>", "<Run(a, started 5)>"),
        ("<Process name='P-1' pid=8 parent=7>", "<Process name='P-1' pid=… parent=…>"),
        ("<_MainThread(MainThread, started 140470622)>", "<_MainThread(MainThread, started …)>"),
        (
            "<Beat(Thread-2 (beat), started daemon 140470622)>",
            "<Beat(Thread-2 (beat), started daemon …)>",
        ),
        ("{'JPY_PARENT_PID': '9601', 'N': '2'}", "{'JPY_PARENT_PID': '…', 'N': '2'}"),
    ],
)
def test_names_that_are_the_same_everywhere_stand_for_the_machines(places, said, published):
    assert places.hide(said) == published


def test_a_folder_that_every_machine_has_keeps_its_name(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    assert Places(tmp_path).hide("#!/usr/bin/env python") == "#!/usr/bin/env python"


def test_every_text_of_an_output_is_cleaned(places):
    data = {"text/plain": "a\rb", "text/html": "<i>\x07/home/ann</i>", "image/png": "\x07"}
    (shown,) = clean_outputs(
        [{"output_type": "display_data", "data": data, "metadata": {}}], places.hide
    )
    assert shown["data"] == {"text/plain": "b", "text/html": "<i>~</i>", "image/png": "\x07"}


# Each cell does one thing; the tests below read what it says.
SAYINGS = r"""
# %%
import logging
import sys
import traceback
import warnings

from snippets import helper

# %%
def careless():
    warnings.warn("the learning rate is high")


# %% [markdown]
# Some prose.

# %%
careless()

# %%
try:
    careless.no_such_thing
except AttributeError:
    traceback.print_exc()

# %%
helper.warn()

# %%
print("bad \ud800 character", file=sys.stderr)
"still here, \ud800"

# %% tags=["raises-exception"]
raise ValueError("bad \ud800 character")

# %%
class Html:
    def _repr_html_(self):
        return "<i>\ud800\x07" + helper.__file__ + "</i>"


Html()

# %%
logger = logging.getLogger("tensorflow")
logger.addHandler(logging.StreamHandler(sys.stdout))
logger.setLevel("INFO")
logger.info("Using MirroredStrategy with devices")
logger.warning("5 out of the last 5 calls to f triggered tf.function retracing. It is expensive.")
logger.warning("the loss is not a number")
logging.getLogger("matplotlib.font_manager").warning("Matplotlib is building the font cache")

# %%
object()

# %% [markdown]
# A value: `{python} "\ud800\x07 " + helper.__file__`.

# %%
import inspect

inspect.getsource(careless).splitlines()[0]
"""

HELPER = """
import warnings


def warn():
    warnings.warn("from a snippet")
"""


@pytest.fixture(scope="module")
def said(module_course):
    module_course.snippet("helper", HELPER)
    module_course.tutorial(SAYINGS.lstrip())
    return module_course.run()


def text(run, number: int) -> str:
    """Return what a code cell said, counted from 0."""
    return "".join(
        output.get("text", "")
        + output.get("evalue", "")
        + output.get("data", {}).get("text/plain", "")
        for output in run.outputs[number]
    )


def test_a_warning_names_the_cell_and_line_where_it_was_written(said):
    assert text(said, 2) == "cell 2, line 2: UserWarning: the learning rate is high\n"


def test_a_traceback_names_the_cell(said):
    first, place, *_ = text(said, 3).splitlines()
    assert first == "Traceback (most recent call last):"
    assert place == '  File "cell 5", line 2, in <module>'


def test_a_snippets_warning_names_the_snippet_by_its_short_name(said):
    assert text(said, 4) == "snippets/helper.py:6: UserWarning: from a snippet\n"


def test_a_lone_surrogate_is_replaced_wherever_it_appears(said):
    assert text(said, 5) == "bad \ufffd character\n'still here, \\ud800'"
    assert text(said, 6) == "bad \ufffd character"
    assert said.outputs[7][0]["data"]["text/html"] == "<i>\ufffdsnippets/helper.py</i>"
    assert said.values[0][2] == "\ufffd snippets/helper.py"


def test_a_library_that_announces_itself_is_not_heard_and_its_warnings_are(said):
    assert text(said, 8) == "the loss is not a number\n"


def test_an_address_in_memory_is_not_shown(said):
    assert text(said, 9) == "<object at 0x…>"


def test_source_code_is_still_found_by_its_cells_name(said):
    assert text(said, 10) == "'def careless():'"


def test_nothing_said_names_a_folder_of_this_machine(said, module_course):
    everything = json.dumps(said.to_json(), ensure_ascii=False)
    for place in (str(module_course.root), str(Path.home()), "ipykernel_", "tutorial-"):
        assert place not in everything


def test_a_group_of_exceptions_is_an_exception(course):
    body = """
        try:
            raise ExceptionGroup("two workers failed", [ValueError("a"), TypeError("b")])
        except ExceptionGroup as group:
            raise RuntimeError("no result") from group
        """
    course.tutorial(code(body).replace("# %%", '# %% tags=["raises-exception"]'))
    ((shown,),) = course.run().outputs
    assert (shown["ename"], shown["evalue"]) == ("RuntimeError", "no result")
    course.tutorial(code("x = 1") + code("raise ExceptionGroup('two failed', [ValueError('a')])"))
    with pytest.raises(ExecutionError, match="ExceptionGroup: two failed") as caught:
        course.run()
    assert caught.value.cell == 2


def refused(course, body: str, **changes) -> ExecutionError:
    course.tutorial(code("x = 1") + "\n" + code(body))
    with pytest.raises(ExecutionError) as caught:
        course.run(**changes)
    assert caught.value.cell == 2
    assert "output_limit in pyproject.toml" in caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        "for i in range(3_000):\n    print('line number ' * 10, i)",
        "'x' * 300_000",
        "from IPython.display import HTML\nHTML('<i>a</i>' * 50_000)",
    ],
    ids=["printed", "shown", "a document"],
)
def test_a_flood_is_refused_with_its_cell_and_size(course, body):
    message = refused(course, body).message
    assert "kB of text; a reader gets 200 kB at most" in message


@pytest.mark.parametrize(
    "body",
    [
        "print('x' * 200_000_000)",
        "while True:\n    print('x' * 1000)",
        "from IPython.display import display\nwhile True:\n    display('x')",
        "import subprocess\n_ = subprocess.run(['yes'])",
    ],
    ids=["at once", "without end", "one by one", "by a child process"],
)
def test_a_cell_that_does_not_stop_is_ended_soon(course, body, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # or the kernel leaves its children's output alone
    started = time.monotonic()
    error = refused(course, body, output_limit=20)
    assert "sent more than 1 MB and was ended; a reader gets 20 kB at most" in error.message
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("size", "said"),
    [(60, "a figure of 2.9 MB; the limit is 0.1 MB"), (400, "more than 5 MB of pictures")],
    ids=["large", "beyond all measure"],
)
def test_a_picture_that_is_too_large_is_measured_as_one(course, size, said):
    draw = (
        "import io, random\nfrom IPython.display import Image, display\nimport PIL.Image\n"
        f"pixels = random.Random(1).randbytes({size} * 16_000 * 3)\n"
        f"picture = PIL.Image.frombytes('RGB', (1000, {size} * 16), pixels)\n"
        "picture.save(file := io.BytesIO(), 'png')\n"
        "display(Image(data=file.getvalue(), format='png', alt='Noise.'))"
    )
    course.tutorial(code(draw))
    with pytest.raises(ExecutionError, match=said) as caught:
        course.run(figure_limit=100)
    assert caught.value.cell == 1
    assert "raise figure_limit" in caught.value.remedy


def test_the_limit_is_a_setting(course):
    assert "a reader gets 1 kB at most" in refused(course, "'x' * 2_000", output_limit=1).message
    course.tutorial(code("'x' * 2_000"))
    course.run(output_limit=3)


def test_progress_that_is_overwritten_does_not_count(course):
    course.tutorial(code("for i in range(30_000):\n    print(f'\\r{i:8d}', end='')"))
    assert course.run().outputs[0][0]["text"] == "   29999"
