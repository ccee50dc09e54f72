"""Dependencies: what a run was seen to use beside what its key knows, and whether that has changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from . import recorder
from .documents import Dependencies
from .errors import ExecutionError
from .files import file_digest
from .fingerprint import distributions_of, find_snippets, version_of
from .run import Run
from .settings import Settings
from .surroundings import fixed_environment, helpers_folder, log_folder

if TYPE_CHECKING:
    from .plan import Plan

_OURS = ("from-tensors-to-convnets",)
_LISTING = "snippets/"


def recorded(plan: Plan, settings: Settings, private: Path) -> Dependencies:
    """Return what a run that has ended used: digests of files, values of variables, versions.

    Raises:
        ExecutionError: it tried to read what is not its own, and went on when it was refused.
    """
    tutorial, helpers = plan.tutorial, helpers_folder(private)
    known = find_snippets(tutorial, settings.root)
    files: dict[str, str | None] = {}
    variables: dict[str, str | None] = {}
    modules: set[str] = set()
    fixed = _environment(settings)
    records = recorder.read_records(str(log_folder(private)))
    if not records:
        raise ExecutionError(
            "nothing was recorded of what the run used",
            file=tutorial.file,
            remedy="let nothing in this Python's site-packages keep sitecustomize from being imported",
        )
    for kind, text, source in records:
        if kind == recorder.REFUSED:
            raise _refusal(plan, source, text)
        if kind == recorder.VARIABLE:
            variables[text] = _text_digest(fixed.get(text))
        elif kind == recorder.LISTED:
            files[_LISTING] = _listing(helpers / "snippets")
        elif kind == recorder.SHOWN:
            place = Path(text)
            if place.is_relative_to(helpers):
                file = place.relative_to(helpers).as_posix()
                files[file] = _digest(place)
            else:
                files[tutorial.file] = layout_digest(tutorial.text)
        elif kind == recorder.READ:
            files[Path(text).as_posix()] = _digest(helpers / text)
        elif text.startswith("snippets."):
            file = text.replace(".", "/") + ".py"
            # What is imported in the open is in the key, as far as the tutorial can reach it; what a
            # worker uses of it nobody sees. What was not there counts too: it may be there tomorrow.
            if file not in known or kind == recorder.WORKER:
                files[file] = _digest(helpers / file)
        else:
            modules.add(text)
    names = {name for module in modules for name in distributions_of(module)} - set(_OURS)
    return {
        "files": dict(sorted(files.items())),
        "variables": dict(sorted(variables.items())),
        "distributions": {name: version_of(name) for name in sorted(names) if version_of(name)},
    }


def changes(run: Run, settings: Settings) -> list[str]:
    """Say what a stored run used that is no longer as it was; empty where all is."""
    used = run.dependencies
    said = [
        f"{file} changed"
        for file, digest in used.get("files", {}).items()
        if _now(file, run, settings) != digest
    ]
    fixed = _environment(settings) if used.get("variables") else {}
    said += [
        f"variable {name} changed"
        for name, digest in used.get("variables", {}).items()
        if _text_digest(fixed.get(name)) != digest
    ]
    for name, version in used.get("distributions", {}).items():
        now = version_of(name)
        if now != version:
            said.append(f"version of {name} changed from {version} to {now or 'none'}")
    return said


def shown_versions(run: Run) -> dict[str, str]:
    """Return the versions that a page states: Python, what it imports, and the backend of Keras."""
    prefix = "version of "
    versions = {
        name.removeprefix(prefix): version
        for name, version in run.parts.items()
        if name.startswith(prefix)
    }
    backend = run.dependencies.get("distributions", {}).get("tensorflow")
    if "keras" in versions and backend:
        versions["tensorflow"] = backend
    return dict(sorted(versions.items()))


def _environment(settings: Settings) -> dict[str, str]:
    """Return the variables by which a run may differ: where this Python is kept decides nothing."""
    return {name: text for name, text in fixed_environment(settings).items() if name != "PATH"}


def _refusal(plan: Plan, source: str, text: str) -> ExecutionError:
    return plan.error_in(
        source,
        f"the cell tries to read {text}, which is not its own",
        "put code into snippets/, name data in the header, or write the text into a cell",
    )


def _now(file: str, run: Run, settings: Settings) -> str | None:
    path = settings.root / file
    if file == _LISTING:
        return _listing(path)
    if file.startswith("tutorials_src/"):
        try:
            return layout_digest(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError):
            return None
    return _digest(path)


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None


def _listing(folder: Path) -> str:
    names = sorted(path.name for path in folder.glob("*.py"))
    return hashlib.sha256("\0".join(names).encode()).hexdigest()


def _text_digest(text: str | None) -> str | None:
    return None if text is None else hashlib.sha256(text.encode()).hexdigest()


def layout_digest(text: str) -> str | None:
    """Return the digest of what decides which cell and line of a source something is in."""
    return _text_digest(_layout(text))


def _layout(text: str) -> str:
    """Return what decides which cell and line a warning names: everything but the words of prose.

    >>> _layout("# %% [markdown]\\n# Words.\\n# %%\\nx = 1")
    '# %% [markdown]\\n# %%\\nx = 1'
    """
    kept, in_prose = [], False
    for line in text.split("\n"):
        if line.startswith("# %%"):
            in_prose = "[markdown]" in line
            kept.append(line)
        elif not in_prose:
            kept.append(line)
    return "\n".join(kept)
