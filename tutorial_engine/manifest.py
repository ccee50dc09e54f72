"""The manifest: what can be copied of the snippets, for a program that looks for it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .closure import parsed, public_definitions
from .copying import FOLDER, Project, copies_of, digest, needs_of
from .docstrings import summary
from .documents import Document

MANIFEST = f"{FOLDER}.json"


def manifest(sources: Mapping[str, str], project: Project) -> str:
    """Return what can be copied, as JSON: for each snippet the whole file, then each public name alone.

    Args:
        sources: name of a snippet -> its code.
        project: what they are from.

    Returns:
        Addresses are relative to the site; `sha256` and `lines` are those of the file at the address,
        header included.
    """
    document = {
        "project": project.name,
        "version": project.version,
        "license": project.licence,
        "snippets": [_snippet(module, sources[module], project) for module in sorted(sources)],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _snippet(module: str, source: str, project: Project) -> Document:
    copies = copies_of(module, source, project)
    page = f"{FOLDER}/{module}/"
    return {
        "name": module,
        "summary": summary(parsed(source)),
        "needs": needs_of(source),
        "page": page,
        **_file(module, copies[module]),
        "names": [
            {
                "name": name,
                "summary": summary(node),
                "page": f"{page}#{name}",
                **_file(f"{module}.{name}", copies[f"{module}.{name}"]),
            }
            for name, node in public_definitions(source).items()
        ],
    }


def _file(asked: str, text: str) -> Document:
    return {
        "file": f"{FOLDER}/{asked}.py",
        "sha256": digest(text),
        "lines": len(text.splitlines()),
    }
