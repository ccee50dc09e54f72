"""What a kernel is given for one tutorial, and what its answers mean.

A plan is a notebook: the tutorial's code cells, and hidden ones between them that set figures up,
evaluate inline expressions, try each exercise's check again after its solution, and at the end, so
that they change nothing above, the controls, the wrong solutions and the answers to questions.
"""

from __future__ import annotations

import ast
import doctest
import functools
import itertools
import json
import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError

from . import kernel, kernel_output
from .cell_watch import CPU
from .clean_output import clean_outputs
from .documents import Document, Output
from .errors import ClaimError, ExecutionError, Mishap, TutorialError, together
from .faults import as_document, as_errors, figure_faults
from .fingerprint import Key, expression_places, find_snippets, imported_modules
from .interactive import figure_data
from .outputs import OutputError, checked_output
from .places import Places, of_the_build
from .remedies import remedy_for
from .run import Artifact, Run
from .settings import Settings
from .terminal import without_controls
from .trials import trial_problem
from .tutorial import CODE_TAGS, Cell, Tutorial, text_of

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
                for part in _claim_by_claim(cell.source):
                    self._add("claims", cell, f"{module}.check_claims({part!r})", may_fail=True)
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
                    self._add("check again", check, check.source, may_fail=True)
            elif cell.expressions:
                lambdas = ", ".join(
                    f"({expression.code!r}, lambda: (\n{expression.code}\n))"
                    for expression in cell.expressions
                )
                self._add("values", cell, f"{module}.publish_values([{lambdas}])", may_fail=True)
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
        done = self._origin[: index + 1]
        return len({cell.number for role, cell in done if cell and role in ("cell", "claims")})

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
        """Make a run of what the kernel sent, with what is wrong with it.

        Args:
            work: the folder in which it ran, where its artifacts are.
            wall: seconds that it took.

        Raises:
            ExecutionError: it lacks what a page cannot be without, the value of an expression, say, or what is
                wrong may be well the next time, by another limit, say; all else that is wrong is told with it.
        """
        outputs, faults, errors = self._found(len(self._origin))
        values, without = self._values()
        artifacts, unwritten = self._artifacts(work)
        faults += [*unwritten, *self._trial_faults()]
        if errors or without:
            raise self._together(outputs, faults, [*errors, *without])
        places = expression_places(self.tutorial)
        # The last cell's, which stands for no cell of the tutorial.
        usage = _said(self.notebook.cells[-1].outputs, kernel.USAGE)[0]
        finished = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        return Run(
            name=self.tutorial.name,
            key=key.digest,
            parts=key.parts,
            outputs=outputs,
            claims=self._claims(),
            values=[[*place, value] for place, value in zip(places, values, strict=True)],
            artifacts=artifacts,
            finished=finished,
            wall_s=round(wall, 2),
            cpu_s=round(usage["cpu_s"], 2),
            peak_mb=round(usage["peak_mb"]),
            machine=machine(),
            faults=faults,
        )

    def _found(self, until: int) -> tuple[list[list[Output]], list[Document], list[ExecutionError]]:
        """Return what the first cells of the plan gave.

        Returns:
            What each code cell of the tutorial shows; the faults that are kept with a run, since another run of
            the same code would have them, too; and those that are not.
        """
        shown: dict[int, list[Output]] = {}
        faults: list[Document] = []
        errors: list[ExecutionError] = []
        in_claims: set[int] = set()
        for position, (role, cell) in enumerate(self._origin[:until]):
            if cell is None:
                continue
            outputs: list[Output] = json.loads(json.dumps(self.notebook.cells[position].outputs))
            if role == "cell":
                shown[cell.number], of_outputs = self._shown(cell, outputs)
                faults += self._tag_faults(cell, _failed(outputs))
                errors += of_outputs
            elif role == "claims" and (failed := _failed(outputs)):
                is_false = failed["ename"] == "AssertionError"
                # What fails in another way leaves names unset, which later claims of the cell miss.
                if is_false or cell.number not in in_claims:
                    faults.append(self._claim_fault(cell, failed, outputs))
                if not is_false:
                    in_claims.add(cell.number)
            elif role == "check again" and (failed := _failed(outputs)):
                said = f"{failed['ename']}: {failed['evalue']}".strip()
                message = f"the solution fails its check: {said}"
                line = _line_of_failure("\n".join(failed["traceback"]))
                faults.append(self._fault(cell, message, "correct the solution", line))
        of_clock = [each for each in faults if self._is_measured(each)]
        errors += as_errors(self.tutorial, of_clock)
        faults = [each for each in faults if not self._is_measured(each)]
        return [shown.get(cell.number, []) for cell in self.tutorial.code_cells], faults, errors

    def _is_measured(self, fault: Document) -> bool:
        """Say whether the clock had a hand in it: the next run may have it no more."""
        cell = None if fault["cell"] is None else self.tutorial.code_cells[fault["cell"]]
        return cell is not None and "measured" in cell.tags

    def _together(
        self,
        outputs: list[list[Output]],
        faults: list[Document],
        errors: Sequence[TutorialError],
    ) -> TutorialError:
        """Return all that is wrong, of which at least one thing is an error."""
        others = (*as_errors(self.tutorial, faults), *figure_faults(self.tutorial, outputs))
        return together([*errors, *others]) or errors[0]

    def _claim_fault(self, cell: Cell, failed: Output, outputs: list[Output]) -> Document:
        lines = [said["line"] for said in _said(outputs, kernel.CLAIMS)]
        line = lines[0] if lines else 0
        if failed["ename"] == "AssertionError":
            message = f"a claim does not hold: {failed['evalue']}"
            remedy = "the page says something that this run contradicts: correct the page"
            return self._fault(cell, message, remedy, line, ClaimError)
        said = f"{failed['ename']}: {failed['evalue']}".strip()
        return self._fault(cell, said, self._remedy(failed), line)

    def _values(self) -> tuple[list[str], list[ExecutionError]]:
        """Return the values of the inline expressions, and why some are missing."""
        values: list[str] = []
        errors = []
        for cell, outputs in self._outputs("values"):
            if failed := _failed(outputs):
                remedy = "correct the expression or the cell above it"
                errors.append(self._error(cell, failed["evalue"], remedy))
            for said in _said(outputs, kernel.VALUES):
                if too_much := self._too_much(sum(map(len, said))):
                    errors.append(self._error(cell, *too_much))
                values += self._cleaned(said)
        return values, errors

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
        """
        shown: dict[int, list[Output]] = {}
        values: list[str | None] = []
        for position, (role, cell) in enumerate(self._origin):
            is_done = position < executed
            outputs = json.loads(json.dumps(self.notebook.cells[position].outputs))
            if role == "cell" and cell and is_done:
                shown[cell.number], _ = self._shown(cell, outputs)
            elif role == "values" and cell and is_done and not _failed(outputs):
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

    def _shown(
        self, cell: Cell, outputs: list[Output]
    ) -> tuple[list[Output], list[ExecutionError]]:
        """Return what a page may show of a cell's outputs, and why it may not show the others."""
        shown: list[Output] = []
        errors = []
        if "check" in cell.tags:
            return [], []
        for output in clean_outputs(outputs, self._places.hide):
            try:
                limit = 1000 * self.settings.figure_limit
                shown.append(checked_output(output, figure_limit=limit))
            except OutputError as error:
                errors.append(self._error(cell, str(error), error.remedy))
        try:
            if cell.is_interactive:
                figure_data(shown)
        except OutputError as error:
            errors.append(self._error(cell, str(error), error.remedy))
        if too_much := self._too_much(_characters(shown)):
            errors.append(self._error(cell, *too_much))
        return [] if cell.is_interactive and errors else shown, errors

    def _tag_faults(self, cell: Cell, failed: Output | None) -> list[Document]:
        """Return how a cell did not do what its tag, or its docstring, says."""
        if "check" in cell.tags and not failed:
            message = "the check passes on the starter, so it checks nothing"
            return [self._fault(cell, message, "make the check fail until the exercise is solved")]
        if cell.told:
            return self._told_faults(cell, failed)
        if "raises-exception" in cell.tags and not failed:
            message = "the cell is tagged raises-exception and raised nothing"
            remedy = "make it fail, or remove the tag and what the prose says about it"
            return [self._fault(cell, message, remedy)]
        return []

    def _told_faults(self, cell: Cell, failed: Output | None) -> list[Document]:
        """Return what is wrong with an example that raises another error than its docstring tells, or none."""
        came = f"{failed['ename']}: {failed['evalue']}".strip().rstrip(":") if failed else ""
        if failed and ":" not in cell.told:  # the type alone
            came = failed["ename"]
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        if came and doctest.OutputChecker().check_output(cell.told, came, flags):
            return []
        message = (
            f"the docstring tells {cell.told}, and the example raises {came if came else 'nothing'}"
        )
        line = _line_of_failure("\n".join(failed["traceback"])) if failed else 0
        return [self._fault(cell, message, "tell what it raises, or correct what it calls", line)]

    def names_cells(self, run: Run) -> bool:
        """Tell whether something that a run shows names a cell by its number: a warning, a traceback."""
        return bool(re.search(r"\bcell \d", json.dumps([run.outputs, run.values])))

    def _too_much(self, characters: int) -> tuple[str, str] | None:
        """Return (message, remedy) of a cell that shows more text than it may."""
        if characters <= 1000 * self.settings.output_limit:
            return None
        return self._flood(f"shows {characters / 1000:,.0f} kB of text")

    def _flood(self, what: str) -> tuple[str, str]:
        return (
            f"the cell {what}; a reader gets {self.settings.output_limit} kB at most",
            "show less of it, or raise output_limit in pyproject.toml, [tool.tutorial_engine]",
        )

    def _claims(self) -> list[str]:
        """Return the claims that hold. The kernel must have evaluated those of the source, each of them."""
        held = [
            text for _, said in self._hidden("claims", kernel.CLAIMS) for text in said["claims"]
        ]
        failed = self._failed_claims()
        written = [text_of(node) for _, node in self.tutorial.claims]
        if held != [text for text in written if text not in failed]:
            count = len(held) + len(failed)
            raise ExecutionError(
                f"the kernel evaluated {count} claims, the source has {len(written)}",
                file=self.tutorial.file,
                remedy="run it again; if that does not help, report it: the page would lie",
            )
        return held

    def _failed_claims(self) -> set[str]:
        """Return the claims that do not hold, and those whose evaluation failed in another way."""
        failed: set[str] = set()
        for (role, _), executed in zip(self._origin, self.notebook.cells, strict=True):
            if role == "claims" and _failed(executed.outputs):
                (call,) = ast.parse(executed.source).body
                part = ast.literal_eval(call.value.args[0])  # as `__init__` has written it
                texts = {
                    text_of(each) for each in ast.parse(part).body if isinstance(each, ast.Assert)
                }
                held = {
                    text
                    for said in _said(executed.outputs, kernel.CLAIMS)
                    for text in said["claims"]
                }
                failed |= texts - held
        return failed

    def _trial_faults(self) -> Iterator[Document]:
        """Yield each control and each wrong solution that does not fail, and questions that are not answered.

        Without a claim that holds there is nothing that a control could take away.
        """
        failed = self._failed_claims()
        for cell, said in self._hidden("trial", kernel.TRIAL):
            if cell.claim not in failed and (problem := trial_problem(cell, said)):
                yield self._fault(cell, *problem)

    def _artifacts(self, work: Path) -> tuple[tuple[Artifact, ...], list[Document]]:
        kept, faults = [], []
        for name in self.tutorial.header.artifacts:
            path = (work / name).resolve()
            if path.is_relative_to(work.resolve()) and path.is_file():
                kept.append(Artifact(name, path.read_bytes()))
            else:
                message = f"the header's artifact '{name}' was not written"
                remedy = f"write '{name}' in the working folder, or take it out of the header"
                faults.append(self._fault(None, message, remedy))
        return tuple(kept), faults

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

        Where it is the cell's own fault, all that was wrong above it is told, too.

        Args:
            last_words: what the kernel wrote beside its outputs; told to the author alone.
            is_ready: the kernel had started.
            flooded: the position of the cell that sent more than `most_sent`, or of pictures more than
                `most_pictured`, and whether it was that; it ended the kernel.
            exceeded: which limit of `cell_watch` ended the kernel.
        """
        explained = self._explained(error, last_words, is_ready, flooded, exceeded)
        if isinstance(explained, Mishap):
            return explained
        outputs, faults, errors = self._found(self._running)
        return self._together(outputs, faults, [*errors, explained])

    def _explained(
        self,
        error: Exception,
        last_words: str,
        is_ready: bool,
        flooded: tuple[int, bool] | None,
        exceeded: str,
    ) -> TutorialError:
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
            said = f"sent more than {self.most_sent / 1e6:,.0f} MB and was ended"
            return self._error(cell, *self._flood(said))
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
        return self._error(cell, said, self._remedy(error), line)

    def _remedy(self, failed: Output | CellExecutionError) -> str:
        """Return what to do about a cell that failed, by how it did."""
        if isinstance(failed, CellExecutionError):
            return remedy_for(failed.ename, failed.evalue, failed.traceback, self.tutorial)
        traceback = "\n".join(failed["traceback"])
        return remedy_for(failed["ename"], failed["evalue"], traceback, self.tutorial)

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

    def _fault(
        self,
        cell: Cell | None,
        message: str,
        remedy: str,
        line: int = 0,
        kind: type[ExecutionError] = ExecutionError,
    ) -> Document:
        message = self._places.hide(without_controls(message))
        return as_document(self.tutorial, cell, message, remedy, line, kind)

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


def _claim_by_claim(source: str) -> list[str]:
    """Return a cell of claims in parts that end in a claim each, on the lines on which they stand.

    So one that does not hold keeps none of the others from being evaluated.
    """
    lines = source.split("\n")
    ends = [0]
    body = ast.parse(source).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        end = node.end_lineno or node.lineno
        is_alone = following is None or following.lineno > end
        if (isinstance(node, ast.Assert) and is_alone) or following is None:
            ends.append(end if following else len(lines))
    return ["\n" * start + "\n".join(lines[start:end]) for start, end in itertools.pairwise(ends)]


def _failed(outputs: list[Output]) -> Output | None:
    """Return the exception among what a cell sent, if it raised one."""
    return next((output for output in outputs if output["output_type"] == "error"), None)


def _said(outputs: list[Output], mime: str) -> list[Any]:
    """Return what the kernel's own code sent in hidden outputs."""
    return [
        json.loads(output["data"][mime]) for output in outputs if mime in output.get("data", {})
    ]


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
    """Say whether a run goes on when a cell fails; what a tag that nobody knows was to say, nobody knows."""
    return bool(cell.tags & {"raises-exception", "check"} or cell.tags - CODE_TAGS)


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
