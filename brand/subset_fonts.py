"""Cut the fonts to what the pages use: for the browser as WOFF2, for the figures as TrueType.

    uvx --with "fonttools[woff]" python brand/subset_fonts.py INTER.woff2 JETBRAINS_MONO.woff2

The two files are those of the packages that docs/assets/vendor/README.md names. Latin letters, from regular to
bold, without the ligatures of code: `!=` is two signs, as it is typed.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

ROOT = Path(__file__).resolve().parents[1]
WEB, FIGURES = ROOT / "docs/assets/vendor/fonts", ROOT / "tutorial_engine/fonts"
SIGNS = "ı–—‘’‚“”„•…′″‹›€™↑↓−"
CHARACTERS = {*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, SIGNS)}
WEIGHTS = (400, 400, 700)  # least, default, most


def main() -> None:
    """Write the fonts of the pages and of the figures."""
    inter, mono = map(Path, sys.argv[1:])
    cut(inter, WEIGHTS, ["kern"], WEB / "inter-latin-400-700.woff2", "woff2")
    cut(mono, WEIGHTS, [], WEB / "jetbrains-mono-latin-400-700.woff2", "woff2")
    cut(inter, 400, ["kern"], FIGURES / "Inter-Regular.ttf", None)
    cut(inter, 700, ["kern"], FIGURES / "Inter-Bold.ttf", None)


def cut(
    source: Path,
    weight: int | tuple[int, int, int],
    features: list[str],
    target: Path,
    flavor: str | None,
) -> None:
    """Write a font with these weights and features and our characters alone."""
    font = instancer.instantiateVariableFont(
        TTFont(source), {"wght": weight}, updateFontNames=isinstance(weight, int)
    )
    # A glyph that does not vary is only gone from the tables when they have been written once.
    font.flavor, buffer = None, io.BytesIO()
    font.save(buffer)
    buffer.seek(0)
    font = TTFont(buffer)
    options = subset.Options(layout_features=features, hinting=False, notdef_outline=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    font.flavor = flavor
    target.parent.mkdir(parents=True, exist_ok=True)
    font.save(target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
