"""Site configuration: what `mkdocs.yml` says, read without MkDocs, and the same for a site that needs no plugin of ours.

Zensical reads TOML, MkDocs and ProperDocs read YAML; both are written from the same settings.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pathspec import GitIgnoreSpec

from .documents import Document

# What is made before the export: the pages have formulas as MathML and figures as `<picture>`.
_OURS = frozenset({"pymdownx.arithmatex", "tutorial_engine.markdown_extension"})
# What says where the sources of this site lie, rather than those of the export.
_OF_THE_SOURCES = ("plugins", "exclude_docs", "edit_uri", "docs_dir", "site_dir", "hooks", "watch")
_EDIT = "content.action.edit"


def read_config(file: Path) -> Document:
    """Return what a site's configuration says, with what it inherits.

    Raises:
        ValueError: it does not read.
    """
    try:
        document: Document = yaml.load(file.read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{file} does not read: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{file} does not read: it has no settings, such as `site_name: My site`")
    if parent := document.pop("INHERIT", None):
        return _merged(read_config(file.parent / parent), document)
    return document


class _Loader(yaml.SafeLoader):
    """Reads YAML with values from the environment, as `!ENV [NAME, default]`."""


def _from_environment(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        *names, default = loader.construct_sequence(node)
    else:
        names, default = [loader.construct_scalar(node)], None  # type: ignore[arg-type]  # it is one
    return next((os.environ[name] for name in names if name in os.environ), default)


_Loader.add_constructor("!ENV", _from_environment)


def _merged(below: Document, above: Document) -> Document:
    both = {
        name: _merged(below[name], value)
        for name, value in above.items()
        if isinstance(value, dict) and isinstance(below.get(name), dict)
    }
    return {**below, **above, **both}


def theme_of(config: Document) -> Document:
    """Return the settings of a site's theme, of which a name alone is short for them."""
    theme = config.get("theme") or "mkdocs"  # what MkDocs takes where none is named
    return {"name": theme} if isinstance(theme, str) else dict(theme)


def excluded(config: Document) -> GitIgnoreSpec:
    """Return what of the documents is no part of a site, as MkDocs reads it: patterns of `.gitignore`."""
    patterns = str(config.get("exclude_docs") or "")
    return GitIgnoreSpec.from_lines([".*", "/templates/", *patterns.splitlines()])


def _without_nothing(value: Any) -> Any:
    """Return a value without what has none, such as `!ENV NAME` where no such variable is set."""
    if isinstance(value, dict):
        return {name: _without_nothing(each) for name, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nothing(each) for each in value if each is not None]
    return value


def exported_config(
    config: Document, nav: list[Any], pages: list[str], extra: Document
) -> Document:
    """Return the configuration of an export.

    Args:
        config: of the site.
        nav: the navigation with its marks filled in.
        pages: those that the navigation leaves out.
        extra: what the site's own templates ask for, beside what the configuration has.

    Raises:
        ValueError: the site has no name.
    """
    if not config.get("site_name"):
        raise ValueError("mkdocs.yml has no site_name, which every site needs")
    # An extension without settings has none in either form; MkDocs gives a mapping of them the same meaning.
    listed = config.get("markdown_extensions") or []
    if isinstance(listed, dict):
        listed = [{name: settings or {}} for name, settings in listed.items()]
    listed = [
        {name: settings or {} for name, settings in each.items()}
        if isinstance(each, dict)
        else each
        for each in listed
    ]
    kept = {
        name: _without_nothing(value)
        for name, value in config.items()
        if name not in _OF_THE_SOURCES and value not in ("", None)
    }
    if address := kept.get("site_url"):
        kept["site_url"] = f"{address.rstrip('/')}/"  # as MkDocs gives it to templates
    theme = theme_of(kept)
    theme["features"] = [each for each in theme.get("features", ()) if each != _EDIT]
    extensions = [each for each in _without_nothing(listed) if _name_of(each) not in _OURS]
    return {
        **kept,
        "edit_uri": "",
        "nav": nav,
        "not_in_nav": "".join(f"/{page}\n" for page in pages),
        "theme": theme,
        "extra": {**kept.get("extra", {}), **extra},
        "plugins": ["search"],
        "markdown_extensions": extensions,
    }


def _name_of(entry: str | Mapping[str, Any]) -> str:
    return entry if isinstance(entry, str) else next(iter(entry))


def as_yaml(config: Document) -> str:
    """Return a configuration for MkDocs 1.x and ProperDocs."""
    text: str = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=1000)
    return text


def as_toml(config: Document) -> str:
    """Return the same for Zensical."""
    theme = {**config["theme"], "variant": "classic"}  # the look for which the styles were written
    extensions = [
        {each: {}} if isinstance(each, str) else each for each in config["markdown_extensions"]
    ]
    plugins = [{each: {}} if isinstance(each, str) else each for each in config["plugins"]]
    tables: dict[str, Mapping[str, Any]] = {
        "theme": theme,
        "extra": config["extra"],
        "validation": {"invalid_links": True, "invalid_link_anchors": True},
        "plugins": {name: value for each in plugins for name, value in each.items()},
        "markdown_extensions": {name: value for each in extensions for name, value in each.items()},
    }
    plain = {name: value for name, value in config.items() if name not in tables}
    lines = ["[project]", *(f"{name} = {_toml(value)}" for name, value in plain.items())]
    for table, values in tables.items():
        lines.append(f"\n[project.{table}]")
        lines += [f"{_key(name)} = {_toml(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return (
        name
        if name.replace("_", "").isalnum() and name.isascii()
        else json.dumps(name, ensure_ascii=False)
    )


def _toml(value: object, depth: int = 0) -> str:
    """Return a value as TOML writes it: a list of tables line by line, anything else on one line."""
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        inner = ", ".join(
            f"{_key(str(name))} = {_toml(each, depth)}" for name, each in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        indent = "  " * (depth + 1)
        items = "".join(f"{indent}{_toml(each, depth + 1)},\n" for each in value)
        return f"[\n{items}{'  ' * depth}]"
    if isinstance(value, list):
        return f"[{', '.join(_toml(each, depth) for each in value)}]"
    raise ValueError(f"{value!r} has no form in TOML")
