"""What runs inside a tutorial's kernel besides the tutorial: figures in two schemes, values, usage."""

from __future__ import annotations

import ast
import base64
import contextlib
import functools
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from . import kernel_output

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

# A namespace in which cells run.
Names: TypeAlias = dict[str, Any]

DARK = "application/x-tutorial-dark+png"
VALUES = "application/x-tutorial-values+json"
CLAIMS = "application/x-tutorial-claims+json"
TRIAL = "application/x-tutorial-trial+json"
USAGE = "application/x-tutorial-usage+json"

# (light, dark) for the two reserved colours of matplotlibrc.
INK = ("#1f2328", "#e3e5ea")
PAPER = ("#fefefe", "#1e2129")

_COLOUR_PROPERTIES = (
    "color",
    "facecolor",
    "edgecolor",
    "hatchcolor",
    "markerfacecolor",
    "markeredgecolor",
)


def install(*, figures: bool, names: Sequence[str], most: int) -> None:
    """Limit and name what the cells say; draw figures in two schemes, in place of matplotlib's one.

    Args:
        names: what to call each cell, from the one that runs now.
        most: characters that one cell may send.
    """
    kernel_output.install(names, most)
    if not figures:
        return
    import matplotlib.pyplot as plt
    from IPython import get_ipython
    from matplotlib.figure import Figure

    # The inline backend registers its own formatter when it is switched on: do that first.
    plt.switch_backend(plt.rcParams["backend"])
    _use_our_fonts()
    formatter = get_ipython().display_formatter
    formatter.formatters["image/png"].pop(Figure, None)
    formatter.mimebundle_formatter.for_type(Figure, _bundle)


def publish_values(expressions: Sequence[tuple[str, Callable[[], object]]]) -> None:
    """Evaluate inline expressions and send their values as one hidden output.

    Raises:
        RuntimeError: an expression fails; names it.
    """
    from IPython.display import display

    values = []
    for code, evaluate in expressions:
        try:
            values.append(str(evaluate()))
        except Exception as error:
            raise RuntimeError(
                f"the inline expression {code} fails: {type(error).__name__}: {error}"
            ) from None
    display({VALUES: json.dumps(values)}, raw=True)


def check_claims(source: str) -> None:
    """Run a cell of claims, whatever Python was told about assertions, and send what they gave.

    The hidden output holds `claims`, the text of each claim that held, and `line`, the line in the
    cell of the statement that ran last.

    Raises:
        AssertionError: a claim does not hold; says its text.
        TypeError: a claim is neither true nor false, a generator say, which would pass for true.
    """
    from IPython import get_ipython
    from IPython.display import display

    names = get_ipython().user_ns
    claims: list[str] = []
    line = 0
    try:
        for node in ast.parse(source).body:
            line = node.lineno
            if not isinstance(node, ast.Assert):
                _execute(ast.Module([node], []), names)
            elif _holds(node.test, names):
                claims.append(_text_of(node))
            else:
                raise AssertionError(_text_of(node))
    finally:
        display({CLAIMS: json.dumps({"claims": claims, "line": line})}, raw=True)


# Names as they were at a control or after a check, by the position of its cell.
_remembered: dict[int, Names] = {}


def remember(position: int) -> None:
    """Keep the names as they are now, for a trial when everything else has run."""
    from IPython import get_ipython

    _remembered[position] = dict(get_ipython().user_ns)


def try_control(position: int, source: str, condition: str) -> None:
    """Run a control on the names kept at its place, and send whether the claim holds in it.

    The claim must still hold there without the control: what it reads may have changed meanwhile.
    """

    def trial(names: Names) -> str:
        test = ast.parse(condition, mode="eval").body
        if not _holds(test, names):
            return "gone"
        _execute(ast.parse(source), names)
        return "holds" if _holds(test, names) else "fails"

    _try(position, trial)


def try_wrong(position: int, source: str, check: str) -> None:
    """Run a wrong solution on the names kept after the starter, and send what the check makes of it."""

    def trial(names: Names) -> str:
        _execute(ast.parse(source), names)
        try:
            _execute(ast.parse(check), names)
        except AssertionError as error:
            return "fails" if str(error).strip() else "says nothing"
        return "holds"

    _try(position, trial)


def try_question(position: int, source: str) -> None:
    """Run the conditions of a question's choices on the names kept at its place, and send which hold."""

    def trial(names: Names) -> str:
        *statements, last = ast.parse(source).body
        _execute(ast.Module(statements, []), names)
        assert isinstance(last, ast.Expr)
        assert isinstance(last.value, ast.List)  # the checks of a source have seen to both
        held = [_holds(condition, names) for condition in last.value.elts]
        return "answered" if held == [True, *[False] * (len(held) - 1)] else json.dumps(held)

    _try(position, trial)


def _try(position: int, trial: Callable[[Names], str]) -> None:
    from IPython.display import display

    said: dict[str, str | int] = {"outcome": "raises"}
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as scratch:
        # In a copy of the working folder: a trial leaves the files that the page offers alone.
        work = shutil.copytree(home, Path(scratch, "work"))
        os.chdir(work)
        try:
            with (
                Path(os.devnull).open("w", encoding="utf-8", errors="replace") as nowhere,
                contextlib.redirect_stdout(nowhere),
                contextlib.redirect_stderr(nowhere),
            ):
                said["outcome"] = _on_names_of(position, trial)
        except (Exception, SystemExit) as error:
            said["error"] = f"{type(error).__name__}: {error}"
            traceback = error.__traceback__
            while traceback is not None:
                if traceback.tb_frame.f_code.co_filename == _TRIAL_FILE:
                    said["line"] = traceback.tb_lineno
                traceback = traceback.tb_next
        finally:
            os.chdir(home)
    display({TRIAL: json.dumps(said)}, raw=True)


def _on_names_of(position: int, trial: Callable[[Names], str]) -> str:
    """Run a trial in the cells' own names, as they were: the cells' functions look nowhere else.

    What it puts in the place of names, here and in snippets, is gone before the next trial.
    """
    from IPython import get_ipython

    names = get_ipython().user_ns
    before = dict(names)
    snippets = [
        (vars(module), dict(vars(module)))
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "snippets"
    ]
    _put_back(names, _remembered[position])
    try:
        return trial(names)
    finally:
        _put_back(names, before)
        for now, earlier in snippets:
            _put_back(now, earlier)


def _put_back(names: Names, earlier: Names) -> None:
    names.clear()
    names.update(earlier)


_TRIAL_FILE = "<trial>"


def _execute(tree: ast.Module, names: Names) -> None:
    exec(compile(tree, _TRIAL_FILE, "exec", dont_inherit=True, optimize=0), names)


def _text_of(claim: ast.Assert) -> str:
    """Return what a claim says: a plain string, as whoever sends the cell has checked."""
    return str(ast.literal_eval(claim.msg)) if claim.msg else ""


def _holds(condition: ast.expr, names: Names) -> bool:
    code = compile(ast.Expression(condition), _TRIAL_FILE, "eval", dont_inherit=True, optimize=0)
    value = eval(code, names)
    # An array's or a tensor's kind is `bool`, too. Of other things nearly all pass for true.
    if not isinstance(value, bool) and "bool" not in str(getattr(value, "dtype", "")):
        raise TypeError(
            f"what must be True or False gives a {type(value).__name__}: {ast.unparse(condition)}"
        )
    return bool(value)


def publish_usage() -> None:
    """Send this kernel's CPU seconds, children included, and its peak memory in MB."""
    from IPython.display import display

    try:
        import resource
    except ModuleNotFoundError:  # Windows
        import psutil

        process = psutil.Process()
        times, memory = process.cpu_times(), process.memory_info()
        cpu = times.user + times.system
        peak = getattr(memory, "peak_wset", memory.rss) / 1e6
    else:
        usages = [
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        unit = 1 if sys.platform == "darwin" else 1024
        peak = max(usage.ru_maxrss for usage in usages) * unit / 1e6
    display({USAGE: json.dumps({"cpu_s": cpu, "peak_mb": peak})}, raw=True)


def _use_our_fonts() -> None:
    """Let figures use the pages' font and those that come with matplotlib, whatever this machine has."""
    import matplotlib
    from matplotlib import font_manager

    fonts, bundled = font_manager.fontManager, matplotlib.get_data_path()
    fonts.ttflist = [font for font in fonts.ttflist if font.fname.startswith(bundled)]
    fonts.afmlist = [font for font in fonts.afmlist if font.fname.startswith(bundled)]
    name = f"fontlist-v{font_manager.FontManager.__version__}.json"
    font_manager.json_dump(fonts, Path(matplotlib.get_cachedir(), name))
    for file in sorted(Path(__file__).with_name("fonts").glob("*.ttf")):
        fonts.addfont(file)


def _bundle(
    figure: Figure, include: object = None, exclude: object = None
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Render a figure twice, on light and on dark paper."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # One frame for both: a tight frame measured twice can differ by a pixel. A closed figure has no
    # canvas that draws, and before it is drawn its layout is not final.
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    frame = figure.get_tightbbox(canvas.get_renderer()).padded(0.1)
    light = _png(figure, frame)
    undo = _swap(figure)
    dark = _png(figure, frame)
    for restore in reversed(undo):
        restore()
    alt = getattr(figure, "alt", None) or ""
    data = {"image/png": light, DARK: dark, "text/plain": alt or "Figure without a description"}
    return data, {"image/png": {"alt": alt}}


def _png(figure: Figure, frame: Bbox) -> str:
    buffer = io.BytesIO()
    figure.savefig(
        buffer,
        format="png",
        bbox_inches=frame,
        facecolor=figure.get_facecolor(),
        metadata={"Software": None},
    )
    return base64.b64encode(buffer.getvalue()).decode()


def _swap(figure: Figure) -> list[Callable[[], object]]:
    """Give every artist in ink or paper its dark twin; return the calls that undo it."""
    import numpy as np
    from matplotlib.colors import to_rgba, to_rgba_array
    from matplotlib.text import Text

    pairs = [(to_rgba(light)[:3], to_rgba(dark)[:3]) for light, dark in (INK, PAPER)]

    def swapped(value: Any) -> Any:
        """Return the colour or array of colours with ink and paper exchanged, None if neither is in it."""
        if value is None or (isinstance(value, str) and value in ("none", "auto", "inherit")):
            return None
        try:
            colours = to_rgba_array(value)
        except (TypeError, ValueError):
            return None
        result = colours.copy()
        for light, dark in pairs:
            match = np.all(np.isclose(colours[:, :3], light, atol=1e-3), axis=1)
            result[match, :3] = dark
        if np.array_equal(result, colours):
            return None
        is_single = isinstance(value, str) or np.ndim(value) == 1
        return tuple(result[0]) if is_single else result

    undo: list[Callable[[], object]] = []
    artists = figure.findobj()
    # A text does not list its box and its arrow among its children.
    for text in figure.findobj(Text):
        hidden = (text.get_bbox_patch(), getattr(text, "arrow_patch", None))
        artists += [patch for patch in hidden if patch is not None]
    for artist in artists:
        for name in _COLOUR_PROPERTIES:
            get, set_ = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
            if get is None or set_ is None:
                continue
            before = get()
            after = swapped(before)
            if after is not None:
                set_(after)
                undo.append(functools.partial(set_, before))
    return undo
