"""Pictures in which data flows down, to the right or to the left."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import wengert as wg
from draw.collapsed_graphs import encoder
from draw.picture_scenes import founding, network, tangle
from draw.svg_reader import Drawn
from wengert.draw import Link, Scene
from wengert.draw.svg import svg
from wengert.draw.text import text

NS = "{http://www.w3.org/2000/svg}"
FLOWS = {"up": (0, -1), "down": (0, 1), "right": (1, 0), "left": (-1, 0)}


def turned(scene: Scene, orientation: str) -> Scene:
    return Scene(scene.boxes, scene.links, scene.title, orientation)


def place(point: tuple[float, float], document: str) -> tuple[float, float]:
    """Where a point of the links' group is drawn."""
    found = re.search(r'transform="matrix\(([-\d ]+)\)"', document)
    if not found:
        return point
    a, b, c, d, e, f = map(float, found[1].split())
    return (a * point[0] + c * point[1] + e, b * point[0] + d * point[1] + f)


SCENES = [founding(), network(), tangle(3, 14, labels=True), tangle(5, 60, labels=True)]


@pytest.mark.parametrize("orientation", FLOWS)
@pytest.mark.parametrize("scene", SCENES)
def test_nothing_overlaps_and_links_lead_with_the_flow(scene, orientation):
    document = svg(turned(scene, orientation))
    drawn = Drawn(document)
    dx, dy = FLOWS[orientation]
    for index, box in enumerate(drawn.boxes):
        assert not any(box.overlaps(other) for other in drawn.boxes[:index])
        assert not any(box.overlaps(label) for label in drawn.labels)
    ordered = sorted(scene.links, key=lambda link: link.highlighted)
    for link, line in zip(ordered, drawn.lines):
        source, target = drawn.boxes[link.source], drawn.boxes[link.target]
        assert abs(source.distance(place(line.points[0], document))) < 0.7
        assert 2 < target.distance(place(line.tip, document)) < 4
        run = (target.middle[0] - source.middle[0], target.middle[1] - source.middle[1])
        assert run[0] * dx + run[1] * dy > 0, "a link leads against the flow"
    left, top, width, height = map(float, drawn.root.attrib["viewBox"].split())
    for area in (*drawn.boxes, *drawn.labels):
        assert left < area.x < area.x + area.width < left + width
        assert top < area.y < area.y + area.height < top + height


@pytest.mark.parametrize("orientation", FLOWS)
def test_words_stay_upright(orientation):
    root = ElementTree.fromstring(svg(turned(founding(), orientation)))
    for group in root.iter(f"{NS}g"):
        if "transform" in group.attrib:
            assert not list(group.iter(f"{NS}text"))


def test_the_usual_picture_is_not_turned():
    assert "transform" not in svg(founding())


@pytest.mark.parametrize("orientation", FLOWS)
def test_ports_of_collapsed_boxes_lie_on_their_borders(orientation):
    root = ElementTree.fromstring(encoder().draw(collapse=True, orientation=orientation).svg())
    found = 0
    for box in root.findall(f"{NS}g")[-2]:
        circles = [circle for group in box.findall(f"{NS}g") for circle in group]
        rects = box.findall(f"{NS}rect")
        if not rects:
            continue
        left = min(float(r.attrib["x"]) for r in rects)
        right = max(float(r.attrib["x"]) + float(r.attrib["width"]) for r in rects)
        top = min(float(r.attrib["y"]) for r in rects)
        bottom = max(float(r.attrib["y"]) + float(r.attrib["height"]) for r in rects)
        for circle in circles:
            if circle.tag == f"{NS}circle":
                x, y = float(circle.attrib["cx"]), float(circle.attrib["cy"])
                borders = (abs(x - left), abs(x - right), abs(y - top), abs(y - bottom))
                assert min(borders) < 0.3
                found += 1
    assert found == 5


def test_text_always_reads_upwards():
    assert text(turned(founding(), "left")) == text(founding())


def test_an_unknown_orientation_is_an_error():
    x = wg.ones(1, requires_grad=True)
    with pytest.raises(ValueError, match="'sideways'; it is one of up, down, right, left"):
        wg.graph(x * 2).draw(orientation="sideways")


def test_many_heads_make_a_sideways_box_tall():
    boxes = tangle(1, 1).boxes * 21
    scene = Scene(boxes, [Link(i, 20) for i in range(20)], "", "right")
    box = Drawn(svg(scene)).boxes[20]
    assert box.height >= 14 * 20
