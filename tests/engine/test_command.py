"""`python -m tutorial_engine`: status, run, export, clean."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tutorial_engine.__main__ import main

from .tiny import HELPER, TINY, Course, clean_environment, code, made_run


@pytest.fixture
def say(course, capsys, monkeypatch):
    """Run a command in this process; return its exit status and what it said."""
    monkeypatch.setenv("COLUMNS", "200")

    def say_(*arguments: str) -> tuple[int, str]:
        status = main(list(arguments), root=course.root)
        return status, capsys.readouterr().out

    return say_


def states(say) -> dict[str, dict]:
    """Return what `status --json` says of each tutorial."""
    _, said = say("status", "--json")
    return {each["name"]: each for each in json.loads(said)}


def three_states(course: Course) -> None:
    course.tutorial()
    course.tutorial(file="1_part/02_stale.py")
    course.tutorial(code("x = 1"), file="1_part/03_new.py")
    course.store.save(made_run(course, "1_part/02_stale.py", wall_s=7.0))
    course.snippet("helper", HELPER.replace("+", "-"))
    course.store.save(made_run(course, wall_s=3.0))


def test_status_tells_fresh_stale_and_never_run_and_why(course: Course, say):
    three_states(course)
    status, said = say("status")
    assert status == 0
    assert [line.split() for line in said.splitlines()] == [
        ["tiny", "fresh", "3", "s"],
        ["stale", "stale", "7", "s", "snippets/helper.py", "changed"],
        ["new", "never", "run"],
    ]


def test_status_for_machines_says_the_same(course: Course, say):
    three_states(course)
    said = states(say)
    assert said["tiny"] == {
        "name": "tiny",
        "file": "tutorials_src/1_part/01_tiny.py",
        "state": "fresh",
        "why": [],
        "seconds": 3.0,
        "faults": [],
    }
    assert (said["stale"]["state"], said["stale"]["why"]) == (
        "stale",
        ["snippets/helper.py changed"],
    )
    assert (said["new"]["state"], said["new"]["seconds"]) == ("never run", None)


TWO_FAULTS = TINY.replace(
    "# %% [markdown]\n# Two", '# %% tags=["[/hide]"]\nx = 1\n\n# %% [markdown]\n# 3.7 two'
)


def test_status_of_a_broken_tutorial_says_all_that_is_wrong(course, say):
    course.tutorial(TWO_FAULTS)
    status, said = say("status")
    assert status == 1
    assert "unknown tag [/hide]" in said
    assert "the number 3.7 is typed by hand" in said
    (tiny,) = states(say).values()
    assert (tiny["state"], tiny["why"]) == ("broken", [])
    assert [(each["cell"], each["line"]) for each in tiny["faults"]] == [(1, 6), (2, 10)]
    assert {"file", "cell", "line", "message", "remedy"} == set(tiny["faults"][0])


@pytest.mark.parametrize("columns", ["20", "80"])
def test_status_cuts_no_file_and_no_line_off_however_narrow_a_terminal_is(course, columns):
    name = "1_part/02_a_name_that_is_longer_than_any_column_of_a_table_would_be.py"
    course.tutorial(TWO_FAULTS, file=name)
    said = course.command("tutorial_engine", "status", COLUMNS=columns).stdout
    assert f"tutorials_src/{name}:6 (cell 1): unknown tag [/hide]\n" in said
    assert f"tutorials_src/{name}:10 (cell 2): the number 3.7 is typed by hand\n" in said
    assert "…" not in said


def test_status_says_what_the_stored_run_has_shown_to_be_wrong(course, say):
    course.tutorial()
    fault = {"kind": "ClaimError", "cell": 1, "line": 1, "message": "it does not", "remedy": "do"}
    course.store.save(made_run(course, claims=[], faults=[fault]))
    status, said = say("status")
    assert status == 1
    assert "tutorials_src/1_part/01_tiny.py:19 (cell 4): it does not" in said


def test_run_executes_what_is_not_fresh_and_only_that(course, say):
    course.tutorial()
    course.tutorial(code("x = 1"), file="1_part/02_other.py")
    course.store.save(made_run(course, "1_part/02_other.py"))
    status, said = say("run")
    assert status == 0
    assert "1 executed, 1 cached, 0 failed" in said
    assert course.store.load("tiny", course.key())


def test_run_of_a_name_runs_that_one_once(course, say):
    course.tutorial()
    course.tutorial(code("x = 1"), file="1_part/02_other.py")
    status, said = say("run", "tiny", "tiny")
    assert status == 0
    assert "1 executed, 0 cached, 0 failed" in said
    assert course.store.latest("other") is None


def test_run_of_an_unknown_name_tells_those_there_are(course, say):
    course.tutorial()
    status, said = say("run", "tinny")
    assert status == 2
    assert "No tutorial tinny; there are tiny" in said


def test_a_snippet_without_examples_is_said_to_have_none_and_the_others_run(course, say):
    course.snippet("bare", '"""Nothing."""\n')
    status, said = say("run", "snippets.bare")
    assert status == 0
    assert said.startswith("snippets.bare is a snippet without examples in its docstrings")
    assert "0 executed, 0 cached, 0 failed" in said
    course.snippet(
        "shapes", 'def one():\n    """Count.\n\n    >>> one()\n    1\n    """\n    return 1\n'
    )
    status, said = say("run", "snippets.bare", "snippets.shapes")
    assert status == 0
    assert "1 executed, 0 cached, 0 failed" in said


def test_export_writes_pages_figures_and_notebooks(course, say, tmp_path):
    course.tutorial()
    course.store.save(made_run(course))
    status, _ = say("export", str(tmp_path / "out"))
    assert status == 0
    assert (tmp_path / "out/part/tiny.md").read_text().startswith("---\ntitle: ")
    assert (tmp_path / "out/part/tiny/tiny.ipynb").is_file()


def test_export_of_a_broken_tutorial_writes_its_error_and_fails(course, say, tmp_path):
    course.tutorial(TINY.replace("total = ", "total = = "))
    status, said = say("export", str(tmp_path / "out"))
    assert status == 1
    assert "not Python" in said
    assert "does not build" in (tmp_path / "out/part/tiny.md").read_text()


def test_clean_forgets_every_run(course, say):
    course.tutorial()
    course.store.save(made_run(course))
    assert say("clean")[0] == 0
    assert course.store.latest("tiny") is None


def test_a_wrong_setting_is_said_whole(course, say):
    (course.root / "pyproject.toml").write_text("[tool.tutorial_engine]\njob = 1\n")
    status, said = say("status")
    assert status == 2
    assert "pyproject.toml, [tool.tutorial_engine]: unknown setting job" in " ".join(said.split())


def test_a_failing_tutorial_ends_the_command_with_status_1_and_its_error(course):
    course.tutorial(TINY.replace("total == 5", "total == [6][0]"))
    ended = course.command("tutorial_engine", "run")
    assert ended.returncode == 1
    assert "01_tiny.py:19 (cell 4): a claim does not hold: two and three" in ended.stdout
    assert "What to do: " in ended.stdout
    assert "0 executed, 0 cached, 1 failed" in ended.stdout


def test_the_command_works_from_a_folder_inside_the_repository(course):
    course.tutorial()
    ended = subprocess.run(
        [sys.executable, "-m", "tutorial_engine", "status"],
        cwd=course.root / "tutorials_src" / "1_part",
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["tiny", "never", "run"]


def test_outside_a_repository_the_command_says_where_to_run_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["status"]) == 2
    assert "run this inside the repository" in " ".join(capsys.readouterr().out.split())
