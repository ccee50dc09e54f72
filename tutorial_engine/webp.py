"""WebP: a page's PNG figures with the same pixels in a third of the bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from hashlib import sha256

from PIL import Image

from .build_cache import BuildCache
from .outputs import Picture

# WebP holds 8 bits per channel; pictures of other modes stay as they are.
_MODES = {"1": "RGB", "L": "RGB", "P": "RGBA", "RGB": "RGB", "RGBA": "RGBA"}
# Measured on the course's figures: the most effort costs 25 times the time for 5% of the bytes.
_EFFORT = {"method": 4, "quality": 75}


def lighter(picture: Picture, build_cache: BuildCache) -> Picture:
    """Return a picture as the page has it: a PNG as lossless WebP, others as they are."""
    if picture.extension != "png":
        return picture
    light = _cached(picture.content, build_cache)
    dark = _cached(picture.dark, build_cache) if picture.dark else None
    # A figure and its dark twin are files of one kind.
    if not light or (picture.dark and not dark):
        return picture
    return replace(picture, content=light, dark=dark, extension="webp")


def _cached(png: bytes, build_cache: BuildCache) -> bytes:
    """Return `as_webp(png)`, from the last time if there was one; nothing for None."""
    digest = sha256(png).hexdigest()

    def make() -> str:
        return base64.b64encode(as_webp(png) or b"").decode()

    return base64.b64decode(build_cache.get("webp", digest, digest, make))


def as_webp(png: bytes) -> bytes | None:
    """Return a PNG's pixels as lossless WebP, None where that would lose something.

    What WebP could not hold whole: more than one frame, more than 8 bits per channel.
    """
    with Image.open(io.BytesIO(png)) as image:
        if getattr(image, "n_frames", 1) > 1 or image.mode not in _MODES:
            return None
        mode = _MODES[image.mode]
        pixels = image.convert("RGBA" if "transparency" in image.info else mode)
        if pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (255, 255):
            pixels = pixels.convert("RGB")
        file = io.BytesIO()
        profile = image.info.get("icc_profile")
        try:
            pixels.save(file, "WEBP", lossless=True, exact=True, icc_profile=profile, **_EFFORT)
        except (OSError, ValueError):  # more than 16,383 pixels along an edge
            return None
    return file.getvalue()
