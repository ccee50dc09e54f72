"""Offline copy: a built site as one zip that works where it is unpacked, opened from its folder without a server.

A browser opens no folder as a page, and lets no page read a file beside it. So in the copy links say
`index.html`, and what the pages' scripts read lies there as scripts, too: `offline.js` finds it.
"""

from __future__ import annotations

import base64
import html
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from .twins import INDEX, SUFFIX, WHOLE

# What a served site has in the place of its copy: a zip with nothing in it.
EMPTY = b"PK\5\6" + bytes(18)
_SCRIPT = Path(__file__).with_name("offline.js")
_LINK = re.compile(r"<(?:a|link)\b(?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
_ADDRESS = re.compile(r""" href=(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>]+))""")
_HEAD = re.compile(r"<html\b(?P<attributes>[^>]*)>\s*<head\b[^>]*>")
# A browser asks for a font ahead of time as from another origin, which a file has not; where there is a feed, the
# theme asks for the sitemap.
_ASKING = re.compile(r"<link\b[^>]*\brel=[\"']?(?:preload|alternate)\b[^>]*>")
_INDEX = "search/search_index.json"
# What needs a server, or is of use to nobody without one, as the pages' twins are.
_LEFT_OUT = ("404.html", "robots.txt", "sitemap.xml", "sitemap.xml.gz", INDEX, WHOLE)
# What the pages' scripts read.
_READ = frozenset([".bin", ".json", ".py", ".tflite", ".wasm"])
_WORKERS = ("assets/javascripts/workers/", "assets/search-worker.js")
_COMPRESSED = frozenset([".gz", ".png", ".webp", ".woff2", ".zip"])


def write_copy(site: Path, name: str) -> None:
    """Write a site's copy into the site, and its size into each link that leads to it.

    Args:
        name: the zip's, which is also the name of the folder in it, without its ending.
    """
    target = site / name
    target.unlink(missing_ok=True)
    folder = PurePosixPath(name).stem
    files = sorted(file for file in site.rglob("*") if file.is_file())
    with zipfile.ZipFile(target, "w") as copy:
        for path, content in _contents(site, files, name):
            # The same site is the same zip: no times, no rights of this machine.
            entry = zipfile.ZipInfo(f"{folder}/{path}")
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            if PurePosixPath(path).suffix not in _COMPRESSED:
                entry.compress_type = zipfile.ZIP_DEFLATED
            copy.writestr(entry, content)
    size = f" ({target.stat().st_size / 1e6:.0f} MB)"
    in_html = re.compile(
        rf"(<a\b[^>]*\bhref=[\"']?(?:[^\"'\s>]*/)?{re.escape(name)}[\"'\s>].*?)(?=</a>)", re.DOTALL
    )
    in_markdown = re.compile(rf"(\[[^\]]*)(?=\]\([^)\s]*{re.escape(name)}\))")
    for pattern, suffixes in ((in_html, {".html"}), (in_markdown, {SUFFIX, ".txt"})):
        for file in (each for each in files if each.suffix in suffixes):
            if name in (page := file.read_text(encoding="utf-8")):
                file.write_text(pattern.sub(rf"\1{size}", page), encoding="utf-8")


def _contents(site: Path, files: list[Path], name: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of all that is in the copy."""
    yield "assets/offline.js", _SCRIPT.read_bytes()
    for file in files:
        path = file.relative_to(site).as_posix()
        if path in _LEFT_OUT or path.endswith((".map", f".html{SUFFIX}")):
            continue
        content = file.read_bytes()
        if file.suffix == ".html":
            yield path, offline_page(content.decode(), path, name).encode()
        elif path == _INDEX:
            yield path.removesuffix("on"), _search_script(content).encode()
        else:
            yield path, content
            if file.suffix in _READ or path.startswith(_WORKERS):
                yield f"assets/offline/{path}.js", _as_script(path, content).encode()


def offline_page(page: str, path: str, copy: str) -> str:
    """Return a page as the copy has it.

    Args:
        path: the page's, relative to the site.
        copy: the name of the copy, to which a page in it does not link.
    """
    root = "../" * path.count("/")

    def address(match: re.Match[str]) -> str:
        target = html.unescape(match["double"] or match["single"] or match["bare"] or "")
        if urlsplit(target).path.rpartition("/")[2] == copy:
            return ""
        return f' href="{html.escape(_with_file(target))}"'

    def head(match: re.Match[str]) -> str:
        return f'{match[0]}<script src="{root}assets/offline.js"></script>'

    page = _HEAD.sub(head, _ASKING.sub("", page), count=1)
    return _LINK.sub(lambda link: _ADDRESS.sub(address, link[0]), page)


def _with_file(address: str) -> str:
    """Return an address that names a file where it named a folder."""
    parts = urlsplit(address)
    last = parts.path.rpartition("/")[2]
    if parts.scheme or parts.netloc or not parts.path or last not in ("", ".", ".."):
        return address
    path = parts.path + ("/" if last else "")
    return parts._replace(path=f"{path}index.html").geturl()


def _search_script(index: bytes) -> str:
    """Return the search's index as the script that the theme reads without a server."""
    document = json.loads(index)
    for entry in document["docs"]:
        page, mark, place = entry["location"].partition("#")
        entry["location"] = f"{page}index.html{mark}{place}"
    return f"var __index = {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}"


def _as_script(path: str, content: bytes) -> str:
    """Return a file as a script that hands it over."""
    try:
        text, is_base64 = content.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(content).decode(), True
    return f"offlineFile({json.dumps(path)}, {json.dumps(text)}, {json.dumps(is_base64)})\n"
