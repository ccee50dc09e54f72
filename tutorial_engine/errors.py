"""What can go wrong with a tutorial, always said with file, cell, line and remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import Any, TypeVar

_ERROR = TypeVar("_ERROR", bound="TutorialError")


class TutorialError(Exception):
    """A fault that keeps a tutorial from becoming a page, and with it the others of the same file.

    What is read of it, its message say, is the first fault's, in the order of the file; `faults` are all.

    Args:
        message: what is wrong, in one or a few lines.
        file: the source file, relative to the repository.
        remedy: what to do about it.
        cell: the cell's number, counted from 1 over all cells of the file.
        line: the line in the file.
        aside: what only the author is told, at the terminal: a kernel's last words, say.
        others: the further faults of the file; see `together`.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str,
        remedy: str,
        cell: int | None = None,
        line: int | None = None,
        aside: str = "",
        others: Iterable[TutorialError] = (),
    ) -> None:
        self.message = message
        self.file = file
        self.remedy = remedy
        self.cell = cell
        self.line = line
        self.aside = aside
        self.others = tuple(others)
        super().__init__(str(self))

    @property
    def faults(self) -> tuple[TutorialError, ...]:
        """This fault and the others, each alone."""
        return (_alone(self), *self.others) if self.others else (self,)

    def to_json(self) -> dict[str, str | int | None]:
        """Return the first fault as machines read it."""
        names = ("file", "cell", "line", "message", "remedy")
        return {name: getattr(self, name) for name in names}

    def __reduce__(
        self,
    ) -> tuple[Callable[..., TutorialError], tuple[type[TutorialError], dict[str, Any]]]:
        return _rebuild, (type(self), self.__dict__)

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        if self.cell is not None:
            where += f" (cell {self.cell})"
        said = f"{where}: {self.message}\n  What to do: {self.remedy}"
        said = f"{said}\n  {self.aside}" if self.aside else said
        return "\n".join([said, *map(str, self.others)])


class SourceError(TutorialError):
    """The file does not read as a tutorial: header, cells, tags, prose."""


class Blemish(SourceError):
    """A fault of the source that keeps its page from being published, and its cells not from being run."""


class ExecutionError(TutorialError):
    """A cell failed, hung, or took the kernel with it."""


class ClaimError(ExecutionError):
    """The page says something that this run contradicts."""


class Mishap(ExecutionError):
    """A run ended for a reason that need not be the source's: the same source may run well next time."""


class Refused(Mishap):
    """A machine does not run a tutorial, for it would not run it as the machine that asks for it."""


class DataFileError(TutorialError):
    """A data file is missing or is not the published one."""


class Cancelled(TutorialError):
    """The run was ended because its source changed or the program stops."""


def together(faults: Iterable[TutorialError | None]) -> TutorialError | None:
    """Return all faults as one error, in the order of the file, each told once; nothing where there are none."""
    alone = [fault for each in faults if each for fault in each.faults]
    told_once = {(type(each), str(each)): each for each in alone}.values()
    ordered = sorted(told_once, key=lambda fault: fault.line or 0)
    return _alone(ordered[0], ordered[1:]) if len(ordered) > 1 else next(iter(ordered), None)


def _alone(error: _ERROR, others: Iterable[TutorialError] = ()) -> _ERROR:
    alone = copy(error)
    alone.others = tuple(others)
    return alone


def unforeseen(error: Exception, file: str) -> Mishap:
    """Turn a fault that is not the tutorial's own into its error, so that the others go on."""
    return Mishap(
        f"{type(error).__name__}: {error}",
        file=file,
        remedy="look at the disk, the memory and the data, then build or serve again",
    )


def with_unforeseen(faults: Iterable[TutorialError], file: str) -> Iterator[TutorialError]:
    """Yield faults as they are found and, where looking for them fails, how it does: what was found so far stays."""
    try:
        yield from faults
    except TutorialError as error:
        yield error
    except Exception as error:
        yield unforeseen(error, file)


def _rebuild(kind: type[TutorialError], fields: dict[str, Any]) -> TutorialError:
    """Unpickle: exceptions with keyword-only arguments need help to cross a process boundary."""
    notes = fields.get("__notes__", ())
    error = kind(**{name: value for name, value in fields.items() if name != "__notes__"})
    for note in notes:
        error.add_note(note)
    return error
