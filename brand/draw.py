"""Draw the site's mark: the logo, the icons of browsers and phones, and what a shared link shows.

    .venv/bin/python brand/draw.py

A picture of three by three pixels, and a filter of two by two that stands on it. Writes to docs/assets/, the
logo to overrides/, from where the theme takes it, and beside this file what a build writes the titles of pages on.
"""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import matplotlib.font_manager
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "docs" / "assets"
FONTS = ROOT / "tutorial_engine" / "fonts"
# Brightness of the pixels, from the top left; the filter stands on the first four.
PIXELS = ((1.0, 0.55, 0.3), (0.55, 1.0, 0.55), (0.3, 0.55, 1.0))
INK, PAPER, FILTER = "#12436d", "#fefefe", "#d9601a"
SIZE, GAP, PIXEL, CORNER = 24, 1.5, 5.5, 1.2


def main() -> None:
    """Write every file of the mark."""
    (ROOT / "overrides/.icons/course/logo.svg").write_text(mark("currentColor", FILTER))
    ASSETS.joinpath("favicon.svg").write_text(
        mark("#12436d", FILTER, style="@media(prefers-color-scheme:dark){.pixel{fill:#9cc9f5}}")
    )
    touch_icon().savefig(ASSETS / "apple-touch-icon.png", dpi=100, metadata={"Software": None})
    save_lean(social(), ASSETS / "social.png")
    save_lean(link_card(), ROOT / "brand/link-card.png")


def pixels() -> list[tuple[float, float, float]]:
    """Return x, y from the top left and the opacity of each pixel."""
    edge = (SIZE - 3 * PIXEL - 2 * GAP) / 2
    return [
        (edge + column * (PIXEL + GAP), edge + row * (PIXEL + GAP), opacity)
        for row, opacities in enumerate(PIXELS)
        for column, opacity in enumerate(opacities)
    ]


def window() -> tuple[float, float, float]:
    """Return x and y of the filter's frame, and its side."""
    x, y, _ = pixels()[0]
    return x - GAP / 2, y - GAP / 2, 2 * PIXEL + 2 * GAP


def mark(ink: str, frame: str, style: str = "") -> str:
    """Return the mark as SVG."""
    squares = "".join(
        f'<rect class="pixel" x="{x:g}" y="{y:g}" width="{PIXEL}" height="{PIXEL}" rx="{CORNER}" '
        f'fill="{ink}" opacity="{opacity}"/>'
        for x, y, opacity in pixels()
    )
    x, y, side = window()
    rules = f"<style>{style}</style>" if style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">{rules}{squares}'
        f'<rect x="{x:g}" y="{y:g}" width="{side:g}" height="{side:g}" rx="{2 * CORNER:g}" '
        f'fill="none" stroke="{frame}" stroke-width="1.6"/></svg>\n'
    )


def draw_mark(figure: Figure, left: float, top: float, size: float, ink: str) -> None:
    """Draw the mark into a figure, in its pixels from the top left."""
    width, height = (figure.get_size_inches() * figure.dpi).tolist()
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    scale = size / SIZE

    def box(x: float, y: float, side: float, corner: float, **look: object) -> None:
        place = (left + scale * x, top + scale * y)
        shape = f"round,pad=0,rounding_size={scale * corner}"
        axes.add_patch(FancyBboxPatch(place, scale * side, scale * side, boxstyle=shape, **look))

    for x, y, opacity in pixels():
        box(x, y, PIXEL, CORNER, facecolor=ink, alpha=opacity, linewidth=0)
    x, y, side = window()
    width_in_points = 1.6 * scale * 72 / figure.dpi
    box(x, y, side, 2 * CORNER, fill=False, edgecolor=FILTER, linewidth=width_in_points)


def touch_icon() -> Figure:
    """Draw the icon of a phone's home screen, 180 by 180."""
    figure = Figure((1.8, 1.8), dpi=100, facecolor=PAPER)
    draw_mark(figure, 18, 18, 144, INK)
    return figure


def save_lean(figure: Figure, file: Path) -> None:
    """Save a figure of few colours as a picture of few colours."""
    content = io.BytesIO()
    figure.savefig(content, dpi=100)
    picture = Image.open(content).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    picture.save(file, "PNG", optimize=True)


def link_card() -> Figure:
    """Draw what stands behind the title of a page in the picture of a link to it, 1200 by 630."""
    figure = Figure((12, 6.3), dpi=100, facecolor=INK)
    draw_mark(figure, 880, 190, 250, "#cfe4f8")
    return figure


def social() -> Figure:
    """Draw the picture of a shared link, 1200 by 630."""
    for file in FONTS.glob("*.ttf"):
        matplotlib.font_manager.fontManager.addfont(file)
    figure = Figure((12, 6.3), dpi=100, facecolor=INK)
    draw_mark(figure, 780, 115, 400, "#cfe4f8")
    words = (
        (0.745, "From Tensors", 58, "bold", "white"),
        (0.615, "to ConvNets", 58, "bold", "white"),
        (0.44, "Deep learning with TensorFlow and Keras,", 23, "normal", "#cfe4f8"),
        (0.375, "on pages that run: every number comes", 23, "normal", "#cfe4f8"),
        (0.31, "from the program that you read.", 23, "normal", "#cfe4f8"),
    )
    for y, text, size, weight, colour in words:
        figure.text(0.065, y, text, size=size, weight=weight, color=colour, family="Inter")
    return figure


if __name__ == "__main__":
    main()
