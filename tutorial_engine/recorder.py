"""Recorder: what a kernel and the Python processes that it starts read and import, as it happens.

Installed before anything else, by a `sitecustomize` module that `surroundings` puts first on the
path. It knows the standard library alone, costs a prefix test for each file that is opened, and keeps
what it saw in one small file per process. What belongs to the repository and not to the tutorial cannot
be opened at all.
"""

from __future__ import annotations

import functools
import os
import stat
import sys
import types
import warnings
from collections.abc import Callable, Mapping

TYPE_CHECKING = False  # `typing`'s own would have every process of a run import it
if TYPE_CHECKING:
    from typing import Any

# Kinds of records. A record is its kind, a text, and where it matters the source of the cell that runs.
MODULE = "module"
WORKER = "module of a worker"
VARIABLE = "variable"
READ = "read"
LISTED = "listed"
SHOWN = "shown"
REFUSED = "refused"

# The audit events that say what is opened or started.
HEARD = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect", "subprocess.Popen"})
_WAYS = os.O_WRONLY | os.O_RDWR
# Where this copy lies beside the run's helpers, links in the path as they are.
_OWN_SITE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SNIPPETS = os.sep + "snippets" + os.sep
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_LIBRARIES = (
    _LIBRARY,
    "<frozen ",
    *(folder + os.sep for folder in sys.path if folder.endswith("-packages")),
    *([sys.prefix + os.sep] if sys.prefix != sys.base_prefix else []),
)


def install(*, root: str, own: list[str], helpers: str, data: list[str], log: str) -> None:
    """Begin to record in this process; processes that it starts inherit the way here.

    One that was forked from a process that records goes on, for the run that is named now.

    Args:
        root: the repository, its real path.
        own: the run's folders, which may lie in the repository.
        helpers: the folder that holds the run's copy of `snippets`.
        data: real paths of the data files that the tutorial may read.
        log: the folder that gets one file per process.
    """
    for recorder in sys.meta_path:
        if isinstance(recorder, _Recorder):
            recorder.record_for(root, own, helpers, data, log)
            return
    recorder = _Recorder()
    recorder.record_for(root, own, helpers, data, log)
    # Its own repository is not a place to import from; what is installed comes from elsewhere.
    sys.path[:] = [each for each in sys.path if not recorder.is_of_repository(each)]
    for name in tuple(sys.modules):
        recorder.find_spec(name)
    sys.meta_path.insert(0, recorder)

    # Of a hundred thousand events in a run nearly all end here. A bound method would take Python three
    # times as long to call.
    def hook(
        event: str,
        arguments: tuple[Any, ...],
        heard: frozenset[str] = HEARD,
        hear: Callable[[str, tuple[Any, ...]], None] = recorder.hear,
    ) -> None:
        if event in heard:
            hear(event, arguments)

    sys.addaudithook(hook)
    os.environ.__class__ = _watched(type(os.environ), recorder)
    # Python tells nobody that code asks whether a file is there.
    for name in ("stat", "lstat", "access"):
        ask = getattr(os, name)
        asking = _asking(ask, recorder)
        setattr(os, name, asking)
        for able in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd):
            able.update({asking} if ask in able else ())
        os.supports_follow_symlinks.update({asking} if ask in os.supports_follow_symlinks else ())
    # What every warning goes through; it has no public name, so typeshed does not list it.
    shown: Callable[[warnings.WarningMessage], None] = warnings._showwarnmsg  # type: ignore[attr-defined]

    def show(message: warnings.WarningMessage) -> None:
        recorder.shows(message.filename)
        shown(message)

    warnings._showwarnmsg = show  # type: ignore[attr-defined]  # as above


def read_records(log: str) -> list[tuple[str, str, str]]:
    """Return (kind, text, source of the cell or nothing) of everything recorded, in no order."""
    found = []
    for name in sorted(os.listdir(log)):
        with open(os.path.join(log, name), encoding="utf-8", errors="surrogateescape") as file:
            for record in file.read().split("\0")[:-1]:
                kind, text, source = record.split("\t", 2)
                found.append((kind, text, source))
    return found


class _Recorder:
    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._log = ""

    def record_for(
        self, root: str, own: list[str], helpers: str, data: list[str], log: str
    ) -> None:
        """Take what `install` was given."""
        self._root = root + os.sep
        self._own = tuple(folder + os.sep for folder in own)
        self._helpers = os.path.join(helpers, "snippets")
        self._site = helpers
        self._data = frozenset(data)
        if not self._log:
            # The kernel is the first to write here.
            self._is_worker = bool(os.listdir(log))
        self._log = log

    def is_of_repository(self, path: str) -> bool:
        """Say whether a path lies in the repository, the run's folder and what is installed apart."""
        path = os.path.realpath(path) + os.sep
        return path.startswith(self._root) and not path.startswith(self._own + _LIBRARIES)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Note what is about to be imported; first on `sys.meta_path`, it finds nothing itself."""
        top = name.partition(".")[0]
        if top == "snippets":
            self._keep(WORKER if self._is_worker else MODULE, name)
        elif top not in sys.stdlib_module_names:
            self._keep(MODULE, top)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an audit event that is one of `HEARD`."""
        if event == "open":
            path, _, flags = arguments
            if type(path) is str and path.startswith(_LIBRARIES) and ".." not in path:
                return
            if not isinstance(path, int) and (flags or 0) & _WAYS != os.O_WRONLY:
                self._opens(path, READ)
        elif event == "subprocess.Popen":
            self._starts(arguments[1], arguments[3])
        elif not isinstance(arguments[0], int) and arguments[0] is not None:
            self._opens(arguments[0], READ if event == "sqlite3.connect" else LISTED)

    def shows(self, file: str) -> None:
        """Note a file of which a warning shows a line."""
        if not file.startswith(_LIBRARIES):
            self._keep(SHOWN, file)

    def variable(self, name: object) -> None:
        """Note that a variable is read, if a cell or a snippet reads it."""
        if not _asked_by_library():
            self._keep(VARIABLE, str(name))

    def asks(self, asked: Any) -> None:
        """Note that the tutorial asks about a file of the helpers, be it there or not."""
        try:
            path = os.path.abspath(os.fsdecode(asked))
        except TypeError:
            return
        for site in (self._site, _OWN_SITE):
            is_asked = path.startswith(site + _SNIPPETS) and not _resolves_links()
            if is_asked and not _asked_by_library():
                self._keep(READ, os.path.relpath(path, site))
                return

    def _opens(self, opened: Any, kind: str) -> None:
        try:
            path = os.path.realpath(os.fsdecode(opened))
        except (TypeError, ValueError):
            return
        if path.startswith(_LIBRARIES) or path == self._root[:-1] + os.sep:
            return
        if path.startswith(self._helpers):
            caller = _caller()
            if caller and caller.f_code.co_filename.startswith("<frozen importlib"):
                return
            if kind == READ and not path.endswith(".py"):
                self._refuse(os.path.relpath(path, self._site))
            # A library that reads a function's code sees what the key sees. Text is another matter.
            if not _asked_by_library():
                self._keep(kind, os.path.relpath(path, self._site))
        elif (path + os.sep).startswith(self._root) and not path.startswith(self._own):
            if path in self._data or _is_pipe(path):
                return
            self._refuse(os.path.relpath(path, self._root))

    def _refuse(self, shown: str) -> None:
        self._keep(REFUSED, shown, again=True)
        raise PermissionError(
            f"{shown} is not this tutorial's to read: a run reads its snippets, the data that its "
            "header names and files that it wrote itself"
        )

    def _starts(self, command: Any, environment: Mapping[str, str] | None) -> None:
        """Refuse to start a Python that could not be recorded; a file on a command line is read."""
        given = [command] if isinstance(command, (str, bytes)) else list(command)
        words = [os.fsdecode(each) for each in given]
        for word in words[1:]:
            if os.path.isfile(word):
                self._opens(word, READ)
        if not os.path.basename(words[0]).startswith("python"):
            return
        ours = environment is None or self._site in (
            environment.get("PYTHONPATH", "").split(os.pathsep)
        )
        alone = False
        for word in words[1:]:
            if not word.startswith("-") or word in ("-c", "-m"):
                break
            alone = alone or (not word.startswith("--") and bool(set(word) & set("ISE")))
        if not ours or alone:
            self._keep(REFUSED, "a Python process of its own", again=True)
            raise PermissionError(
                "a Python process that shuts out what records it: start it with this process's "
                "environment, {**os.environ, ...}, and without -I, -S and -E"
            )

    def _keep(self, kind: str, text: str, *, again: bool = False) -> None:
        if (kind, text) in self._seen and not again:
            return
        self._seen.add((kind, text))
        cell = _cell() if kind == REFUSED else ""
        record = f"{kind}\t{text}\t{cell}\0".encode("utf-8", "surrogateescape")
        # Opened each time: a program may close every file that it finds open.
        file = _open(f"{self._log}{os.sep}{_process()}", _APPEND, 0o600)
        try:
            _write(file, record)
        finally:
            _close(file)


# Bound here: a cell may put something else in their place.
_open, _write, _close, _process = os.open, os.write, os.close, os.getpid
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def _asking(ask: Callable[..., Any], recorder: _Recorder) -> Callable[..., Any]:
    @functools.wraps(ask)
    def asking(path: object, *arguments: object, **options: object) -> object:
        # Nearly all that is asked about lies elsewhere.
        if "snippets" in str(path):
            recorder.asks(path)
        return ask(path, *arguments, **options)

    return asking


def _watched(kind: type[os._Environ[str]], recorder: _Recorder) -> type[os._Environ[str]]:
    class Environment(kind):  # type: ignore[misc, valid-type]  # a class of what the process has now
        def __getitem__(self, name: str) -> str:
            recorder.variable(name)
            value: str = super().__getitem__(name)
            return value

    return Environment


# The functions of os.path and pathlib that make a path a real one; the latter's asks about what it found.
_RESOLVING = frozenset({"realpath", "_joinrealpath", "resolve"})


def _caller() -> types.FrameType | None:
    """Return the frame that did what the recorder hears of."""
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return frame


def _resolves_links() -> bool:
    """Say whether a path is only made a real one, as by this recorder itself: a file's content plays no part."""
    frame = _caller()
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        if frame.f_code.co_name in _RESOLVING:
            return True
        frame = frame.f_back
    return False


def _asked_by_library() -> bool:
    """Say whether the nearest caller outside the standard library is installed, not the tutorial."""
    frame = _caller()
    while frame is not None:
        file = frame.f_code.co_filename
        if "-packages" in file:
            return True
        if not file.startswith(_LIBRARIES):
            return False
        frame = frame.f_back
    return True


def _cell() -> str:
    """Return the source of the cell that runs in this kernel, nothing in a child process."""
    module = sys.modules.get("IPython.core.interactiveshell")
    shell = getattr(getattr(module, "InteractiveShell", None), "_instance", None)
    return shell.history_manager.input_hist_raw[-1] if shell else ""


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except OSError:
        return False
