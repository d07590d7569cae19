"""The colours and measures of the pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours of a box."""

    fill: str
    stroke: str


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours for one ground. A path and a derivative differ in hue, on either ground.

    heat: steps for sizes of gradients, even in lightness, each one farther from the ground. The ink
    can be read on all of them.
    """

    ground: str
    ink: str
    edge: str
    derivative: str
    path: str
    boxes: Mapping[str, Paint]
    heat: tuple[str, ...]


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        ground="#ffffff",
        ink="#1f2430",
        edge="#9aa3b2",
        derivative="#b23a48",
        path="#d6336c",
        boxes={
            "input": Paint("#e8f1fb", "#3b82c4"),
            "parameter": Paint("#fdf1dc", "#c98a1b"),
            "operation": Paint("#ffffff", "#aab2bf"),
            "output": Paint("#e5f5ea", "#2f9e58"),
            "constant": Paint("#f1f2f4", "#9aa3b2"),
            "scope": Paint("#eef1f8", "#7283a6"),
        },
        heat=("#fdf0e6", "#fbd8bd", "#f5b98f", "#eb9867", "#dc7648"),
    ),
    "dark": Theme(
        ground="#14171c",
        ink="#e6e9ef",
        edge="#6b7585",
        derivative="#ffa07a",
        path="#ff5c9e",
        boxes={
            "input": Paint("#16293d", "#5aa2e0"),
            "parameter": Paint("#33280f", "#d9a441"),
            "operation": Paint("#1d2229", "#566070"),
            "output": Paint("#14301f", "#4cc27a"),
            "constant": Paint("#22262d", "#6b7482"),
            "scope": Paint("#1f2735", "#7d90b5"),
        },
        heat=("#2b2220", "#452a22", "#613323", "#7f3f25", "#9e4d2a"),
    ),
}


def theme_named(name: str) -> Theme:
    """The theme of that name; raises ValueError for a name that there is not."""
    if name not in THEMES:
        raise ValueError(f"theme is {name!r}; it is 'light' or 'dark'")
    return THEMES[name]
