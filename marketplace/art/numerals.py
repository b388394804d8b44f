"""Figures drawn with strokes of our own: no font is needed, so a picture is the same on every machine."""

from __future__ import annotations

from marketplace.art.drawing import placed, stroke

STROKES = {
    "0": "M10 0H20Q30 0 30 10V40Q30 50 20 50H10Q0 50 0 40V10Q0 0 10 0Z",
    "1": "M6 10L17 0V50M5 50H29",
    "2": "M1 11Q2 0 15 0Q29 0 29 12Q29 21 18 31L1 50H30",
    "3": "M2 4Q9 0 15 0Q28 0 28 12Q28 23 13 24Q30 25 30 38Q30 50 15 50Q6 50 1 44",
    "4": "M22 50V0L0 35H30",
    "5": "M27 0H5L3 22Q9 18 16 18Q30 19 30 34Q30 50 15 50Q6 50 1 45",
    "6": "M26 4Q20 0 15 0Q0 2 0 30Q0 50 15 50Q30 50 30 35Q30 20 15 20Q4 21 0 32",
    "7": "M0 0H30L12 50",
    "8": "M15 23Q2 22 2 11Q2 0 15 0Q28 0 28 11Q28 22 15 23Q0 24 0 37Q0 50 15 50Q30 50 30 37Q30 24 15 23Z",
    "9": "M4 46Q10 50 15 50Q30 48 30 20Q30 0 15 0Q0 0 0 15Q0 30 15 30Q26 29 30 18",
    "/": "M0 54L20 -4",
    "#": "M10 2L6 48M24 2L20 48M1 16H30M0 34H29",
}
ADVANCE = 44


def digits(text: str, x: float, y: float, height: float, colour: str, weight: float = 6) -> str:
    """Figures, '/' and '#' with their top left at (x, y)."""
    marks = [placed([stroke(STROKES[mark], colour, weight)], ADVANCE * i, 0) for i, mark in enumerate(text)]
    return placed(marks, x, y, height / 50)


def digits_width(text: str, height: float) -> float:
    return (ADVANCE * len(text) - 14) * height / 50
