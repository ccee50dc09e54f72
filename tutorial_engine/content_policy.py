"""Content policy: the header with which a browser runs the scripts of a site and no others."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

# What several hosts of static sites send with each file.
HEADERS = "_headers"
_INLINE_SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
_INLINE_STYLE = re.compile(r"<style[^>]*>(?P<text>.*?)</style>", re.DOTALL)


def content_policy(pages: Iterable[str]) -> str:
    """Return the strictest Content-Security-Policy that these pages pass.

    Everything comes from the site's own origin. A script that stands in a page, as the theme's few do, is
    named by its digest, so no other runs. The outputs of a run carry their colours in attributes.
    """
    scripts, styles = set(), set()
    for page in pages:
        for script in _INLINE_SCRIPT.finditer(page):
            # Data is not run.
            if "src=" not in script["attributes"] and "json" not in script["attributes"]:
                scripts.add(_source(script["text"]))
        styles |= {_source(style["text"]) for style in _INLINE_STYLE.finditer(page)}
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *sorted(scripts)]),
            " ".join(["style-src 'self'", *sorted(styles)]),
            "style-src-attr 'unsafe-inline'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        ]
    )


def headers_of(pages: Iterable[str]) -> str:
    """Return what a host is to send with every file, in the form that Netlify and Cloudflare Pages read."""
    return (
        f"/*\n  Content-Security-Policy: {content_policy(pages)}\n"
        "  X-Content-Type-Options: nosniff\n  Referrer-Policy: strict-origin-when-cross-origin\n"
    )


def _source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
