"""How far words stand out from what is behind them, measured pixel by pixel: what axe can't judge over a picture."""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image
from playwright.sync_api import ElementHandle

NORMAL, LARGE = 4.5, 3.0
"""Contrast that WCAG 2.2 (1.4.3) asks of text, and of large text."""


def needed(word: ElementHandle) -> float:
    size, weight = word.evaluate("e => [parseFloat(getComputedStyle(e).fontSize), +getComputedStyle(e).fontWeight]")
    return LARGE if size >= 24 or (size >= 18.66 and weight >= 700) else NORMAL


def contrast(word: ElementHandle) -> float:
    """Of the words' colour with the ground behind them, where it is worst but for a twentieth of the pixels."""
    colour: list[Any] = re.findall(r"[\d.]+", word.evaluate("e => getComputedStyle(e).color"))
    ink = luminance([float(part) for part in colour[:3]])
    word.evaluate(
        "e => [e, ...e.querySelectorAll('*')].forEach(x => {"
        " x.attributeStyleMap.set('color', 'transparent'); x.attributeStyleMap.set('text-shadow', 'none');"
        " x.attributeStyleMap.set('stroke', 'transparent') })"
    )
    with Image.open(io.BytesIO(word.screenshot())) as picture:
        small = picture.convert("RGB").resize((80, 40))
        ground = [small.getpixel((x, y)) for x in range(80) for y in range(40)]
    word.evaluate("e => [e, ...e.querySelectorAll('*')].forEach(x => x.attributeStyleMap.clear())")
    ratios = sorted(ratio(ink, luminance(list(pixel))) for pixel in ground if isinstance(pixel, tuple))
    return ratios[len(ratios) // 20]


def luminance(rgb: list[float]) -> float:
    """Relative luminance of sRGB, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return (high + 0.05) / (low + 0.05)
