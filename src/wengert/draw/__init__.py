"""Pictures of computational graphs, as SVG and as text.

A scene (boxes, links, labels) is laid out and drawn; this room knows no tensors.
"""

from __future__ import annotations

from wengert.draw.picture import Picture
from wengert.draw.scene import Box, Label, Link, Scene

__all__ = ["Box", "Label", "Link", "Picture", "Scene"]
