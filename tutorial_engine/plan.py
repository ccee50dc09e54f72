"""What a kernel is given for one tutorial, and what its answers mean.

A plan is a notebook: the tutorial's code cells, and hidden ones between them that set figures up,
evaluate inline expressions, try each exercise's check again after its solution, and at the end, so
that they change nothing above, the controls, the wrong solutions and the answers to questions.
"""

from __future__ import annotations

import ast
import doctest
import functools
import json
import os
import platform
import re
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError

from . import kernel, kernel_output
from .cell_watch import CPU
from .clean_output import clean_outputs
from .documents import Document, Output
from .errors import ClaimError, ExecutionError, Mishap, TutorialError
from .fingerprint import Key, expression_places, find_snippets, imported_modules
from .interactive import figure_data
from .outputs import OutputError, checked_output, is_picture, picture
from .places import Places, of_the_build
from .prose import fill
from .questions import like_choices, read_question
from .run import Artifact, Run
from .settings import Settings
from .terminal import without_controls
from .tutorial import Cell, Tutorial, text_of

# What a cell sends, progress bars and all, may be this many times what it shows.
SENT = 50


class Plan:
    """The notebook that the kernel gets: the tutorial's cells and hidden ones between them.

    Args:
        places: the names that stand for where the run takes place.
        tries: controls, wrong solutions and answers are among the cells.
    """

    def __init__(
        self,
        tutorial: Tutorial,
        settings: Settings,
        places: Places | None = None,
        *,
        tries: bool = True,
    ) -> None:
        self.tutorial = tutorial
        self._places = places or of_the_build(settings)
        self.settings = settings
        self.notebook = nbformat.v4.new_notebook()
        self._origin: list[tuple[str, Cell | None]] = []
        self._running = 0
        snippets = find_snippets(tutorial, settings.root)
        with_figures = "matplotlib" in imported_modules(tutorial, snippets)
        module = f"__import__('{kernel.__name__}', fromlist=['kernel'])"
        self._add("setup", None, "")
        check: Cell | None = None
        trials: list[tuple[Cell, str]] = []
        for cell in tutorial.cells:
            if "claims" in cell.tags:
                self._add("claims", cell, f"{module}.check_claims({cell.source!r})")
            elif "control" in cell.tags:
                self._add("remember", cell, f"{module}.remember({cell.number})")
                claims, claim = tutorial.claim_of(cell)
                condition = ast.get_source_segment(claims.source, claim.test)
                trials.append((cell, f"try_control({cell.number}, {cell.source!r}, {condition!r})"))
            elif "wrong" in cell.tags:
                assert check  # the checks of a source have seen to it
                arguments = f"{check.number}, {cell.source!r}, {check.source!r}"
                trials.append((cell, f"try_wrong({arguments})"))
            elif cell.is_trial:  # the conditions of a question
                self._add("remember", cell, f"{module}.remember({cell.number})")
                trials.append((cell, f"try_question({cell.number}, {cell.source!r})"))
            elif cell.is_code:
                self._add("cell", cell, cell.source, _may_fail(cell))
                if "check" in cell.tags:
                    check = cell
                    self._add("remember", cell, f"{module}.remember({cell.number})")
                if "solution" in cell.tags:
                    assert check  # likewise
                    self._add("check again", check, check.source)
            elif cell.expressions:
                lambdas = ", ".join(
                    f"({expression.code!r}, lambda: (\n{expression.code}\n))"
                    for expression in cell.expressions
                )
                self._add("values", cell, f"{module}.publish_values([{lambdas}])")
        for cell, call in trials if tries else ():
            self._add("trial", cell, f"{module}.{call}")
        self._add("usage", None, f"{module}.publish_usage()")
        self._names = [f"cell {cell.number}" if cell else "the set-up" for _, cell in self._origin]
        self.notebook.cells[
            0
        ].source = (
            f"{module}.install(figures={with_figures}, names={self._names}, most={self.most_sent})"
        )

    def _add(self, role: str, cell: Cell | None, source: str, may_fail: bool = False) -> None:
        metadata = {"tags": ["raises-exception"]} if may_fail else {}
        self.notebook.cells.append(nbformat.v4.new_code_cell(source, metadata=metadata))
        self._origin.append((role, cell))

    def resume(self, before: Plan, executed: int) -> int:
        """Take over what the first cells of an earlier plan gave, as far as the two plans are alike.

        Args:
            executed: how many cells of that plan have gone well.

        Returns:
            The position from which to execute this plan in that plan's kernel.
        """
        first = 1
        for here, there in zip(self._steps[1:], before._steps[1:executed], strict=False):
            if here != there:
                break
            self.notebook.cells[first].outputs = before.notebook.cells[first].outputs
            first += 1
        return first

    def renaming(self, first: int) -> str:
        """Return the code that names the cells from a position on, run before them."""
        module = f"__import__('{kernel_output.__name__}', fromlist=['kernel_output'])"
        return f"{module}.rename({['', *self._names[first:]]})"

    def cell_number(self, position: int) -> int:
        """Return the number of the tutorial's cell at a position of the plan, or of the next one."""
        return next((cell.number for _, cell in self._origin[position:] if cell), 0)

    @property
    def _steps(self) -> list[tuple[object, ...]]:
        return [
            (role, cell and cell.tags, executed.source, executed.metadata)
            for (role, cell), executed in zip(self._origin, self.notebook.cells, strict=True)
        ]

    @property
    def most_sent(self) -> int:
        """Characters that one cell may send before it is ended."""
        return SENT * 1000 * self.settings.output_limit

    @property
    def most_pictured(self) -> int:
        """The same of pictures, as text that holds their bytes."""
        return SENT * 1000 * self.settings.figure_limit

    def starts(self, cell_index: int, **_: object) -> None:
        """Remember which cell runs, to point at it when it fails."""
        self._running = cell_index

    def went_well(self, cell_index: int, status: str) -> bool:
        """Say whether a cell ended as it may, by what the kernel replied."""
        tags = self.notebook.cells[cell_index].metadata.get("tags", ())
        return status == "ok" or "raises-exception" in tags

    def code_cells_done(self, index: int) -> int:
        """Return how many of the tutorial's code cells have run when the plan is at this position."""
        return sum(role in ("cell", "claims") for role, _ in self._origin[: index + 1])

    def _outputs(self, role: str) -> list[tuple[Cell, list[Output]]]:
        """Return what the cells of a role showed, each with the tutorial's cell that it is for."""
        return [
            (cell, json.loads(json.dumps(executed.outputs)))
            for (each, cell), executed in zip(self._origin, self.notebook.cells, strict=True)
            if each == role and cell
        ]

    def _hidden(self, role: str, mime: str) -> list[tuple[Cell, Any]]:
        return [
            (cell, said) for cell, outputs in self._outputs(role) for said in _said(outputs, mime)
        ]

    def to_run(self, key: Key, work: Path, wall: float) -> Run:
        """Make a run of what the kernel sent; refuse what no page may show.

        Args:
            work: the folder in which it ran, where its artifacts are.
            wall: seconds that it took.

        Raises:
            ExecutionError: an output, a figure, a trial or an artifact is not as it must be.
        """
        shown = {
            cell.number: self._checked(cell, outputs) for cell, outputs in self._outputs("cell")
        }
        self._check_figures(shown)
        outputs = [shown.get(cell.number, []) for cell in self.tutorial.code_cells]
        for cell in self.tutorial.code_cells:
            self._check_size(cell, _characters(shown.get(cell.number, [])))
        values = []
        for cell, said in self._hidden("values", kernel.VALUES):
            self._check_size(cell, sum(map(len, said)))
            values += self._cleaned(said)
        places = expression_places(self.tutorial)
        # The last cell's, which stands for no cell of the tutorial.
        usage = _said(self.notebook.cells[-1].outputs, kernel.USAGE)[0]
        self._check_trials()
        finished = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        run = Run(
            name=self.tutorial.name,
            key=key.digest,
            parts=key.parts,
            outputs=outputs,
            claims=self._claims(),
            values=[[*place, value] for place, value in zip(places, values, strict=True)],
            artifacts=self._artifacts(work),
            finished=finished,
            wall_s=round(wall, 2),
            cpu_s=round(usage["cpu_s"], 2),
            peak_mb=round(usage["peak_mb"]),
            machine=machine(),
        )
        self._check_choices(run)
        return run

    def _cleaned(self, values: list[str]) -> list[str]:
        """Return the values of inline expressions as a page may show them."""
        return [self._places.hide(without_controls(value)) for value in values]

    def to_partial_run(self, key: Key, executed: int) -> Run:
        """Make a run of what the first cells of the plan sent, for a page that shows it while others run.

        Args:
            executed: how many of the plan's cells have gone well.

        Returns:
            A run without claims and artifacts; cells that have not run have no outputs, and the values of
            the text between them are None.

        Raises:
            ExecutionError: an output is not as it must be.
        """
        shown: dict[int, list[Output]] = {}
        values: list[str | None] = []
        for position, (role, cell) in enumerate(self._origin):
            is_done = position < executed
            outputs = json.loads(json.dumps(self.notebook.cells[position].outputs))
            if role == "cell" and cell and is_done:
                shown[cell.number] = self._checked(cell, outputs)
            elif role == "values" and cell and is_done:
                (said,) = _said(outputs, kernel.VALUES)
                values += self._cleaned(said)
            elif role == "values" and cell:
                values += [None] * len(cell.expressions)
        places = expression_places(self.tutorial)
        return Run(
            name=self.tutorial.name,
            key=key.digest,
            parts=key.parts,
            outputs=[shown.get(cell.number, []) for cell in self.tutorial.code_cells],
            claims=[],
            values=[[*place, value] for place, value in zip(places, values, strict=True)],
            artifacts=(),
            finished=0.0,
            wall_s=0.0,
            cpu_s=0.0,
            peak_mb=0.0,
            machine=machine(),
        )

    def _checked(self, cell: Cell, outputs: list[Output]) -> list[Output]:
        failed = any(output["output_type"] == "error" for output in outputs)
        if "check" in cell.tags:
            if not failed:
                raise self._error(
                    cell,
                    "the check passes on the starter, so it checks nothing",
                    "make the check fail until the exercise is solved",
                )
            return []
        if cell.told:
            self._check_told(cell, outputs)
        elif "raises-exception" in cell.tags and not failed:
            raise self._error(
                cell,
                "the cell is tagged raises-exception and raised nothing",
                "make it fail, or remove the tag and what the prose says about it",
            )
        try:
            shown = [
                checked_output(output, figure_limit=1000 * self.settings.figure_limit)
                for output in clean_outputs(outputs, self._places.hide)
            ]
            if cell.is_interactive:
                figure_data(shown)
            return shown
        except OutputError as error:
            raise self._error(cell, str(error), error.remedy) from None

    def _check_told(self, cell: Cell, outputs: list[Output]) -> None:
        """Refuse an example that raises another error than its docstring tells, or none."""
        raised = [each for each in outputs if each["output_type"] == "error"]
        came = [f"{each['ename']}: {each['evalue']}".strip().rstrip(":") for each in raised]
        if ":" not in cell.told:  # the type alone
            came = [each["ename"] for each in raised]
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        if any(doctest.OutputChecker().check_output(cell.told, each, flags) for each in came):
            return
        raise self._error(
            cell,
            f"the docstring tells {cell.told}, and the example raises {came[0] if came else 'nothing'}",
            "tell what it raises, or correct what it calls",
            _line_of_failure("\n".join(raised[0]["traceback"])) if raised else 0,
        )

    def _check_figures(self, shown: dict[int, list[Output]]) -> None:
        """Refuse a figure that the page shows a second time, or with another figure's text.

        Examples stand alone: one may draw what another does.
        """
        pictures: set[bytes] = set()
        texts: set[str] = set()
        for cell in self.tutorial.code_cells:
            if self.tutorial.is_examples:
                pictures, texts = set(), set()
            outputs = [] if "starter" in cell.tags else shown.get(cell.number, [])
            for figure in map(picture, filter(is_picture, outputs)):
                text = " ".join(figure.alt.split())
                if figure.content in pictures:
                    raise self._error(
                        cell,
                        f"a figure that the page has already shown: {text}",
                        "call plt.close(figure) before the figure is left as the last expression: "
                        "an open one is shown again when the cell ends",
                    )
                if text in texts:
                    raise self._error(
                        cell,
                        f"two figures with one text: {text}",
                        "let each figure's text say what that figure shows",
                    )
                pictures.add(figure.content)
                texts.add(text)

    def names_cells(self, run: Run) -> bool:
        """Tell whether something that a run shows names a cell by its number: a warning, a traceback."""
        return bool(re.search(r"\bcell \d", json.dumps([run.outputs, run.values])))

    def _check_size(self, cell: Cell, characters: int) -> None:
        if characters > 1000 * self.settings.output_limit:
            raise self._flood(cell, f"shows {characters / 1000:,.0f} kB of text")

    def _flood(self, cell: Cell | None, what: str) -> TutorialError:
        return self._error(
            cell,
            f"the cell {what}; a reader gets {self.settings.output_limit} kB at most",
            "show less of it, or raise output_limit in pyproject.toml, [tool.tutorial_engine]",
        )

    def _claims(self) -> list[str]:
        """Return the claims that the kernel evaluated, which must be those of the source."""
        evaluated = [
            text for _, said in self._hidden("claims", kernel.CLAIMS) for text in said["claims"]
        ]
        written = [text_of(node) for _, node in self.tutorial.claims]
        if evaluated != written:
            raise ExecutionError(
                f"the kernel evaluated {len(evaluated)} claims, the source has {len(written)}",
                file=self.tutorial.file,
                remedy="run it again; if that does not help, report it: the page would lie",
            )
        return evaluated

    def _check_trials(self) -> None:
        """Insist that controls and wrong solutions fail; say of all at once which do not."""
        problems = [
            (cell, *problem)
            for cell, said in self._hidden("trial", kernel.TRIAL)
            if (problem := _trial_problem(cell, said))
        ]
        if not problems:
            return
        first, message, remedy, line = problems[0]
        for cell, other, _, line_there in problems[1:]:
            message += f"\n  also line {cell.line + line_there} (cell {cell.number}): {other}"
        raise self._error(first, message, remedy, line)

    def _check_choices(self, run: Run) -> None:
        """Refuse a question of which two choices read alike once the run's values stand in them."""
        prose = fill(self.tutorial, run, self.settings)
        for cell in self.tutorial.questions:
            for problem in like_choices(read_question(prose[cell.number])):
                raise self._error(cell, problem.message, problem.remedy, problem.line)

    def _artifacts(self, work: Path) -> tuple[Artifact, ...]:
        kept = []
        for name in self.tutorial.header.artifacts:
            path = (work / name).resolve()
            if not path.is_relative_to(work.resolve()) or not path.is_file():
                raise ExecutionError(
                    f"the header's artifact '{name}' was not written",
                    file=self.tutorial.file,
                    line=1,
                    remedy=f"write '{name}' in the working folder, or take it out of the header",
                )
            kept.append(Artifact(name, path.read_bytes()))
        return tuple(kept)

    def explain(
        self,
        error: Exception,
        last_words: str,
        *,
        is_ready: bool = True,
        flooded: tuple[int, bool] | None = None,
        exceeded: str = "",
    ) -> TutorialError:
        """Turn what nbclient raised into an error that points at the cell that was running.

        Args:
            last_words: what the kernel wrote beside its outputs; told to the author alone.
            is_ready: the kernel had started.
            flooded: the position of the cell that sent more than `most_sent`, or of pictures more than
                `most_pictured`, and whether it was that; it ended the kernel.
            exceeded: which limit of `cell_watch` ended the kernel.
        """
        role, cell = self._origin[self._running]
        if flooded is not None:
            position, was_pictured = flooded
            _, cell = self._origin[position]
            if was_pictured:
                return self._error(
                    cell,
                    f"the cell sent more than {self.most_pictured / 1e6:,.0f} MB of pictures and was "
                    f"ended; one that a reader gets has {self.settings.figure_limit} kB at most",
                    "draw fewer points or pixels, or raise figure_limit in pyproject.toml, "
                    "[tool.tutorial_engine]",
                )
            return self._flood(cell, f"sent more than {self.most_sent / 1e6:,.0f} MB and was ended")
        if exceeded == CPU:
            return self._error(
                cell,
                f"the cell used {self.settings.cell_cpu_limit} CPU seconds and was ended",
                "let it compute less, or raise cell_cpu_limit in pyproject.toml, [tool.tutorial_engine]",
            )
        if exceeded:
            return self._error(
                cell,
                f"the cell computed nothing for {self.settings.cell_idle_limit} s and was ended",
                "look for what it waits for, or raise cell_idle_limit in pyproject.toml, "
                "[tool.tutorial_engine]",
            )
        if not isinstance(error, CellExecutionError):
            return self._mishap(error, cell, last_words, is_ready)
        if role == "setup":
            failed = f"the kernel's set-up fails: {error.ename}: {error.evalue}"
            return self._error(cell, failed, _INSTALL, kind=Mishap)
        line = _line_of_failure(error.traceback)
        said = f"{error.ename}: {error.evalue}".strip()
        if role == "check again":
            return self._error(
                cell, f"the solution fails its check: {said}", "correct the solution", line
            )
        if role == "values":
            return self._error(cell, error.evalue, "correct the expression or the cell above it")
        if role == "claims":
            answers = [said for each, said in self._hidden("claims", kernel.CLAIMS) if each is cell]
            line = answers[0]["line"] if answers else 0
        if role == "claims" and error.ename == "AssertionError":
            return self._error(
                cell,
                f"a claim does not hold: {error.evalue}",
                "the page says something that this run contradicts: correct the page",
                line,
                kind=ClaimError,
            )
        if error.ename in ("MemoryError", "ResourceExhaustedError"):
            remedy = "let the cell hold less at once, or let fewer kernels run side by side (jobs)"
            return self._error(cell, said, remedy, line)
        return self._error(cell, said, "correct the cell", line)

    def _mishap(
        self, error: Exception, cell: Cell | None, last_words: str, is_ready: bool
    ) -> TutorialError:
        if not is_ready:
            message, remedy = f"the kernel did not start: {error}", _INSTALL
        elif isinstance(error, DeadKernelError):
            message = "the kernel died while it ran this cell"
            remedy = "look for a crash in native code, or for too little memory"
        else:
            message, remedy = f"the kernel failed: {error}", "run it again"
        mishap = self._error(cell, message, remedy, kind=Mishap)
        if last_words:
            mishap.aside = f"The kernel's last words:\n{last_words}"
        return mishap

    def error_in(self, source: str, message: str, remedy: str) -> ExecutionError:
        """Make an error that points at the cell for which the kernel ran this code, if there is one."""
        sources = [executed.source for executed in self.notebook.cells]
        cell = self._origin[sources.index(source)][1] if source in sources else None
        return self._error(cell, message, remedy)

    def _error(
        self,
        cell: Cell | None,
        message: str,
        remedy: str,
        line: int = 0,
        kind: type[ExecutionError] = ExecutionError,
    ) -> ExecutionError:
        message = self._places.hide(without_controls(message))
        return self.tutorial.error(kind, message, remedy, cell, line)


def _said(outputs: list[Output], mime: str) -> list[Any]:
    """Return what the kernel's own code sent in hidden outputs."""
    return [
        json.loads(output["data"][mime]) for output in outputs if mime in output.get("data", {})
    ]


def _trial_problem(cell: Cell, said: Document) -> tuple[str, str, int] | None:
    """Return (message, remedy, line in the cell) of a trial that did not end as it must, else None."""
    outcome, line = said["outcome"], said.get("line", 0)
    if outcome in ("fails", "answered"):
        return None
    if "question" in cell.tags:
        if outcome == "raises":
            return f"a question's conditions fail themselves: {said['error']}", "correct them", line
        held = [number for number, holds in enumerate(json.loads(outcome), start=1) if holds]
        which = (
            f"the conditions of choices {', '.join(map(str, held))} hold"
            if held
            else "no condition holds"
        )
        remedy = "let the first choice be the answer and its condition alone hold"
        return f"a question whose answer is not the answer: {which}", remedy, line
    if "control" in cell.tags:
        remedy = "set up in the control the case without the effect, or claim what the effect does"
        if outcome == "gone":
            message = f"the claim no longer holds when its control is tried: {cell.claim}"
            return message, "let no later cell change in place what the claim reads", line
        if outcome == "raises":
            return f"the control fails itself: {said['error']}", "correct the control", line
        return f"without {cell.without}, the claim still holds: {cell.claim}", remedy, line
    if outcome == "holds":
        return "the check passes a wrong solution", "make the check see what is wrong with it", line
    remedy = "let the check end in an assertion whose message says how the answer is wrong"
    if outcome == "raises":
        return (
            f"the check does not refuse a wrong solution, it raises {said['error']}",
            remedy,
            line,
        )
    return "the check refuses a wrong solution without a word", remedy, line


_INSTALL = "install what requirements.lock lists, as `make build` does, and build again"


def _characters(outputs: list[Output]) -> int:
    """Return how much text a cell shows; pictures have a limit of their own."""
    texts = [output.get("text", "") + output.get("evalue", "") for output in outputs]
    for output in outputs:
        for mime, content in output.get("data", {}).items():
            if isinstance(content, str) and (mime.startswith("text/") or mime == "image/svg+xml"):
                texts.append(content)
    return sum(map(len, texts))


def _may_fail(cell: Cell) -> bool:
    return bool(cell.tags & {"raises-exception", "check"})


def _line_of_failure(traceback: str) -> int:
    """Return the failing line inside the cell, 0 if the traceback does not say."""
    match = re.search(r"Cell In\[\d+\], line (\d+)", re.sub(r"\x1b\[[0-9;]*m", "", traceback))
    return int(match[1]) if match else 0


@functools.cache
def machine() -> str:
    """Return the processor's name and the number of cores that this process may use."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file() and (match := re.search(r"model name\s*: (.+)", info.read_text())):
        name = match[1]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name.strip()}, {cores} cores"
