"""An edited page shows at once what its kept kernel gives, and then what a clean run gives."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from tutorial_engine import previews as previews_module
from tutorial_engine.execute import Execution
from tutorial_engine.previews import Preview, Previews
from tutorial_engine.prose import PENDING
from tutorial_engine.publish import make_page
from tutorial_engine.settings import Settings

from .tiny import Course, code, kernels_below

FILE = "1_part/01_tiny.py"
BODY = "\n".join(
    [
        code("count = 1\nprint('first', count)"),
        code("count = count + 1\nprint('second', count)"),
        code("print('third', count)"),
    ]
)
HANGS = "'third', __import__('threading').Event().wait()"


class Editor:
    """An author at work: what was run is kept, what is saved is previewed."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.changed = threading.Semaphore(0)
        self.previews = Previews(course.settings(), self.changed.release)
        self.previews.see([self.lesson])

    @property
    def lesson(self):
        return self.course.lessons()[0]

    def run(self):
        """Run what is there from the top, as the background does."""
        lesson = self.lesson
        execution = Execution(lesson.tutorial, lesson.key, self.course.settings())
        return execution.run(keep=self.previews.keeper(lesson))

    def save(self, before: str, after: str) -> None:
        self.course.edit(before, after)
        self.see()

    def see(self) -> None:
        """Take the page as it is now, which has no run."""
        lesson = self.lesson
        self.previews.see([lesson])
        self.previews.want([lesson])

    def preview(self) -> Preview:
        """Wait for what is shown of the page as it is, to its end."""
        while True:
            preview = self.part()
            if preview is None or not preview.is_partial:
                return preview

    def part(self) -> Preview:
        """Wait for what is shown next."""
        assert self.changed.acquire(timeout=60)
        return self.previews.of(self.lesson)


@pytest.fixture
def editor(course) -> Iterator[Editor]:
    course.tutorial(BODY)
    editor = Editor(course)
    yield editor
    editor.previews.stop()


@pytest.fixture
def edited(editor) -> Editor:
    """An author whose first edit has run, so that the kernel is kept."""
    editor.course.edit("'second'", "'Second'")
    editor.run()
    return editor


def texts(preview: Preview) -> list[str]:
    return [output["text"].strip() for outputs in preview.run.outputs for output in outputs]


def test_the_cell_that_changed_and_those_below_run_again_in_the_kernel_that_is_kept(edited):
    edited.save("'third', count", "'third', count * 10")
    preview = edited.preview()
    assert texts(preview) == ["first 1", "Second 2", "third 20"]
    assert preview.first_cell == 3


def test_what_a_preview_shows_may_hang_on_what_was_there_and_the_clean_run_tells(edited):
    edited.save("count + 1\n", "count + 2\n")
    assert texts(edited.preview()) == ["first 1", "Second 4", "third 4"]
    clean = edited.run()
    assert [each[0]["text"].strip() for each in clean.outputs] == ["first 1", "Second 3", "third 3"]
    assert edited.previews.differing(edited.lesson, clean) == [2, 3]


def test_a_preview_that_the_clean_run_confirms_differs_nowhere(edited):
    edited.save("'third', count", "'third', -count")
    edited.preview()
    assert edited.previews.differing(edited.lesson, edited.run()) == []


def test_edits_follow_each_other_in_one_kernel(edited):
    edited.save("'third', count", "'third', count + 1")
    edited.preview()
    edited.save("'third', count + 1", "'third', count + 2")
    assert texts(edited.preview()) == ["first 1", "Second 2", "third 4"]


def test_a_cell_that_fails_shows_its_error_and_can_be_mended(edited):
    edited.save("'third', count", "'third', 1 / 0")
    preview = edited.preview()
    assert "ZeroDivisionError" in preview.error.message
    assert preview.error.cell == 3
    edited.save("'third', 1 / 0", "'third', count")
    assert texts(edited.preview()) == ["first 1", "Second 2", "third 2"]


def test_a_cell_after_one_that_failed_runs_again(edited):
    edited.save("count + 1\n", "count + nothing\n")
    assert edited.preview().error.cell == 2
    edited.save("count + nothing\n", "count + 1\n")
    assert texts(edited.preview()) == ["first 1", "Second 3", "third 3"]


def test_an_error_stays_though_a_cell_below_is_edited(edited):
    edited.save("count + 1\n", "count + nothing\n")
    assert edited.preview().error.cell == 2
    edited.save("'third', count", "'third!', count")
    assert edited.preview().error.cell == 2


def test_a_snippet_that_breaks_while_a_preview_runs_leaves_no_page_without_one(course):
    helper = course.snippet("helper", "WORD = 'sound'\n")
    course.tutorial(BODY + "\n" + code("from snippets.helper import WORD"))
    editor = Editor(course)
    course.edit("'second'", "'Second'")
    editor.run()
    lesson = course.lessons()[0]
    course.edit("'third'", "'Third'")
    sound = course.lessons()[0]
    helper.write_text("WORD = (")
    editor.previews.see([lesson])
    editor.previews.want([sound])
    assert editor.changed.acquire(timeout=60)
    assert "snippets/helper.py" in editor.previews.of(sound).error.message
    assert not editor.previews.is_making(sound)
    editor.previews.stop()


def test_warnings_in_a_preview_name_the_cells_as_they_are(edited):
    edited.save("print('third', count)", "import warnings\nwarnings.warn('old')")
    (output,) = edited.preview().run.outputs[2]
    assert output["text"].startswith("cell 3, line 2: UserWarning: old")


def test_a_claim_that_does_not_hold_any_more_is_said(edited):
    claim = '\n# %% tags=["claims"]\nassert count == 2, "the count is two"\n'
    edited.save("print('third', count)", f"print('third', count)\n{claim}")
    assert edited.preview().run.claims == ["the count is two"]
    edited.save("'third', count)", "'third', count)\ncount = 3")
    assert "a claim does not hold: the count is two" in edited.preview().error.message


def test_a_save_during_a_preview_ends_it_and_previews_what_is_there_now(edited):
    edited.save("'third', count", HANGS)
    edited.course.edit(HANGS, "'third', count + 5")
    edited.see()
    assert texts(edited.preview()) == ["first 1", "Second 2", "third 7"]


def test_a_page_that_is_put_back_to_what_was_previewed_waits_for_no_other_preview(edited):
    edited.save("'third', count", "'third', count + 1")
    shown = edited.preview()
    edited.save("'third', count + 1", HANGS)
    edited.save(HANGS, "'third', count + 1")
    assert edited.preview() is shown
    assert not edited.previews.is_making(edited.lesson)


def test_a_page_that_is_put_back_to_what_has_a_run_ends_its_preview(edited):
    edited.save("'third', count", HANGS)
    edited.course.edit(HANGS, "'third', count")
    edited.previews.see([edited.lesson])
    assert edited.preview() is None
    assert not edited.previews.is_making(edited.lesson)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="waits for a named pipe")
def test_what_an_edited_cell_shows_does_not_wait_for_the_cells_below(editor, tmp_path, monkeypatch):
    monkeypatch.setattr(previews_module, "_PART_AFTER_S", 0.05)
    gate = tmp_path / "gate"
    waits = f"print('third', count)\nword = open({str(gate)!r}).read()"
    editor.course.edit(
        "print('third', count)", f"{waits}\n\n# %% [markdown]\n# It is `{{python}} count`."
    )
    gate.touch()
    editor.run()
    gate.unlink()
    os.mkfifo(gate)
    editor.save("'second', count", "'Second', count")
    part = editor.part()
    assert part.is_partial
    assert texts(part) == ["first 1", "Second 3"]
    assert [value for *_, value in part.run.values] == [None]
    page = make_page(
        editor.lesson.tutorial, part.run, Settings(editor.course.root), {}, "previewing", cells=[2]
    )
    assert "Preview, as far as it has come. From cell 2 on" in page.markdown
    assert f"It is {PENDING}." in page.markdown
    gate.write_text("go on")
    preview = editor.preview()
    assert texts(preview) == ["first 1", "Second 3", "third 3"]
    assert [value for *_, value in preview.run.values] == ["3"]


# As a kernel does that is interrupted just before a request's code begins.
LOSES_ITS_REPLY = """messages = get_ipython().kernel.session
send = messages.send
def lose_one(stream, kind, *arguments, **options):
    if kind != "execute_reply":
        return send(stream, kind, *arguments, **options)
    messages.send = send
messages.send = lose_one"""


def test_a_save_during_a_preview_whose_kernel_never_answers_previews_what_is_there_now(edited):
    edited.save("print('third', count)", LOSES_ITS_REPLY)
    edited.course.edit(LOSES_ITS_REPLY, "print('third', count + 5)")
    edited.see()
    assert texts(edited.preview()) == ["first 1", "Second 2", "third 7"]


def test_no_kernel_is_kept_of_a_page_that_nobody_edits(editor):
    editor.run()
    editor.save("'third', count", "'third', count + 1")
    assert not editor.changed.acquire(timeout=0.3)
    assert editor.previews.of(editor.lesson) is None


def test_a_snippet_that_the_page_did_not_use_so_far_is_imported(edited):
    edited.save("print('third', count)", "from snippets import helper\nprint(helper.add(count, 1))")
    assert texts(edited.preview()) == ["first 1", "Second 2", "3"]


def change_a_snippet(course: Course) -> None:
    course.edit("print('third', count)", "from snippets import helper\nprint(helper.add(1, 1))")
    course.snippet("helper", "def add(left, right):\n    return left - right\n")


STRANGE: dict[str, Callable[[Course], None]] = {
    "a snippet": change_a_snippet,
    "the header": lambda course: course.edit("# title", "# artifacts: [x.bin]\n# title"),
    "figures": lambda course: course.edit("print('third', count)", "import matplotlib"),
}


@pytest.mark.parametrize("change", STRANGE)
def test_what_a_kept_kernel_does_not_know_of_is_not_previewed(edited, change):
    STRANGE[change](edited.course)
    edited.see()
    assert not edited.changed.acquire(timeout=0.3)


def test_one_kernel_is_kept_at_a_time_and_none_at_the_end(edited, this_process):
    assert len(kernels_below(this_process)) == 1
    edited.course.edit("'third'", "'Third'")
    edited.run()
    assert len(kernels_below(this_process)) == 1
    edited.previews.stop()
    assert kernels_below(this_process) == []


@pytest.mark.parametrize("reason", ["_IDLE_S", "_LEAST_FREE_MB"])
def test_a_kernel_goes_when_nobody_uses_it_or_memory_is_short(
    course, monkeypatch, this_process, reason
):
    monkeypatch.setattr(previews_module, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(previews_module, reason, {"_IDLE_S": 0, "_LEAST_FREE_MB": 1e12}[reason])
    course.tutorial(BODY)
    editor = Editor(course)
    course.edit("'second'", "'Second'")
    editor.run()
    _, alive = psutil.wait_procs(kernels_below(this_process), timeout=60)
    assert alive == []
    editor.save("'third', count", "'third', count + 1")
    assert not editor.changed.acquire(timeout=0.3)
    editor.previews.stop()


@pytest.fixture
def this_process() -> int:
    import os

    return os.getpid()
