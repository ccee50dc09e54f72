"""Inside a kernel: what it says names cells, is text that can be sent, and comes to an end."""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from .terminal import whole

FLOOD = "application/x-tutorial-flood+json"
# What an output counts besides its text: each is a message, and a box on the page.
PRICE = 10_000


def is_pictured(mime: str) -> bool:
    """Say whether content of this type is a picture's bytes, which have a limit of their own."""
    return mime.endswith(("png", "jpeg", "gif", "webp"))


def install(names: Sequence[str], most: int) -> None:
    """Set up what this kernel's cells may say and how.

    Args:
        names: what warnings and tracebacks call each cell, from the one that runs now.
        most: characters that one cell may send. One that goes on stops for good, and a hidden output that
            holds the number says so.
    """
    from IPython import get_ipython

    shell = get_ipython()
    rename(names)
    session = shell.kernel.session
    pack = session.pack
    session.pack = lambda message: pack(_sendable(message))
    _limit(shell, most)
    _report_groups(shell)
    logging.getLogger("tensorflow").addFilter(_is_for_readers)
    logging.getLogger("matplotlib.font_manager").addFilter(
        lambda record: "building the font cache" not in str(record.msg)
    )


def rename(names: Sequence[str]) -> None:
    """Compile each cell under its own name, in place of a file's in a folder with the process number.

    Args:
        names: what to call each cell, from the one that runs now.
    """
    from IPython import get_ipython

    first: int | None = None  # the number of the first cell after this one

    def name(raw_code: str, code: str, number: int) -> str:
        nonlocal first
        first = number if first is None else first
        position = 1 + number - first
        return names[position] if 0 <= position < len(names) else "cell"

    get_ipython().compile.get_code_name = name

    def line_of_warning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        line: str | None = None,
    ) -> str:
        place = f"{filename}, line {lineno}" if filename in names else f"{filename}:{lineno}"
        return f"{place}: {category.__name__}: {message}\n"

    warnings.formatwarning = line_of_warning


def _report_groups(shell: Any) -> None:
    """Send a group of exceptions as the error that it is: IPython would only print it."""
    show = shell.showtraceback

    def showtraceback(
        exc_tuple: tuple[Any, Any, Any] | None = None, *arguments: object, **options: object
    ) -> None:
        kind, error, _ = exc_tuple or sys.exc_info()
        each = error
        while each is not None and not isinstance(each, BaseExceptionGroup):
            each = each.__context__
        if each is None:
            show(exc_tuple, *arguments, **options)
        else:
            shell._showtraceback(kind, error, traceback.format_exception(error))

    shell.showtraceback = showtraceback


def _sendable(message: Any) -> Any:
    """Return a message whose texts UTF-8 can hold."""
    if isinstance(message, str):
        return whole(message)
    if isinstance(message, dict):
        return {_sendable(name): _sendable(value) for name, value in message.items()}
    if isinstance(message, list | tuple):
        return [_sendable(each) for each in message]
    return message


def _limit(shell: Any, most: int) -> None:
    sent = 0
    publish = shell.display_pub.publish

    def begin(*_: object) -> None:
        nonlocal sent
        sent = 0
        for stream in (sys.stdout, sys.stderr):
            # IPython's own, put there for each cell, which keeps a copy of all that is written.
            vars(stream).pop("write", None)

    def fits(size: int) -> bool:
        nonlocal sent
        before, sent = sent, sent + size
        if before <= most < sent:
            publish({FLOOD: json.dumps(sent)})
        if sent > most and threading.current_thread() is not shell.kernel.iopub_thread.thread:
            threading.Event().wait()  # to be ended by whoever reads that output
        return sent <= most

    kind: Any = type(sys.stdout)  # ipykernel's, whose `write` may return None
    write: Callable[[Any, str], int | None] = kind.write

    def write_(stream: Any, text: str) -> int | None:
        if isinstance(text, str) and not fits(len(text)):
            return len(text)
        return write(stream, text)

    def publish_(data: dict[str, Any], *arguments: object, **options: object) -> None:
        texts = [each for mime, each in data.items() if not is_pictured(mime)]
        if fits(PRICE + sum(len(each) for each in texts if isinstance(each, str))):
            publish(data, *arguments, **options)

    kind.write = write_
    shell.display_pub.publish = publish_
    shell.events.register("pre_run_cell", begin)


def _is_for_readers(record: logging.LogRecord) -> bool:
    """Tell whether a message of TensorFlow's is about the reader's code.

    That a strategy announces itself is not, nor that each network of a page is new to TensorFlow.
    """
    return record.levelno >= logging.WARNING and "tf.function retracing" not in str(record.msg)
