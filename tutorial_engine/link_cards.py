"""Link cards: the picture that a shared link to a page shows."""

from __future__ import annotations

import functools
import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (1200, 630)
_FONTS = Path(__file__).with_name("fonts")
_LEFT, _RIGHT = 78, 820
_TITLE, _TITLE_LINES = range(76, 39, -4), 4
_WHITE, _PALE = "#ffffff", "#cfe4f8"
_COLOURS = 48


def link_card(background: bytes, title: str, above: str, below: str) -> bytes:
    """Return a PNG of 1200 by 630 with a title, what stands above it, and whose it is.

    Args:
        background: a dark picture of that size, whose left two thirds are free.
    """
    with Image.open(io.BytesIO(background)) as picture:
        card = picture.convert("RGB")
    pen = ImageDraw.Draw(card)
    for size in _TITLE:
        font = _font("Bold", size)
        lines = _broken(title, font)
        if len(lines) <= _TITLE_LINES and all(
            font.getlength(line) <= _RIGHT - _LEFT for line in lines
        ):
            break
    leading = round(size * 1.16)
    top = (SIZE[1] - leading * len(lines)) // 2
    pen.text((_LEFT, top - 34), above, _PALE, _font("Regular", 32), anchor="ls")
    for number, line in enumerate(lines):
        pen.text((_LEFT, top + leading * number), line, _WHITE, font, anchor="la")
    pen.text((_LEFT, SIZE[1] - 70), below, _PALE, _font("Regular", 32), anchor="ls")
    file = io.BytesIO()
    card.quantize(_COLOURS, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


@functools.cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / f"Inter-{weight}.ttf", size)


def _broken(title: str, font: ImageFont.FreeTypeFont) -> list[str]:
    """Return a title in lines that fit, where its words do."""
    lines: list[str] = []
    for word in title.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= _RIGHT - _LEFT:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
