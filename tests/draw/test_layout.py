"""The layout's stages: rows, order, columns."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import pytest

from draw.picture_scenes import chain, founding, network, residual, tangle
from wengert.draw import Scene, order
from wengert.draw.align import align
from wengert.draw.columns import Margins, separations, settle, snap
from wengert.draw.layered import Spacing, arrange, layout
from wengert.draw.order import crossings
from wengert.draw.ranks import find_spine, heights, rank

SPACING = Spacing(Margins(box=10, label=5, bend=5), row=30, label=10, slope=4, stretch=50)


def edges_of(scene: Scene) -> list[tuple[int, int]]:
    return [(link.source, link.target) for link in scene.links]


def arranged(scene: Scene, stride: int = 1):
    sizes = [(20.0, 10.0)] * len(scene.boxes)
    return arrange(sizes, edges_of(scene), [None] * len(scene.links), stride)


def places(layers) -> list[int]:
    place = [0] * len(layers.row)
    for row in layers.rows:
        for index, item in enumerate(row):
            place[item] = index
    return place


@pytest.mark.parametrize("seed", range(20))
def test_every_link_rises(seed):
    scene = tangle(seed, 25)
    edges = edges_of(scene)
    rows = rank(25, edges, find_spine(25, edges, heights(25, edges)))
    assert min(rows) == 0
    assert all(rows[source] < rows[target] for source, target in edges)


def test_the_spine_is_a_longest_chain():
    scene = network()
    edges = edges_of(scene)
    height = heights(len(scene.boxes), edges)
    spine = [edges[index] for index in find_spine(len(scene.boxes), edges, height)]
    assert len(spine) == max(height)
    assert all(lower[1] == upper[0] for upper, lower in pairwise(spine))


def test_groups_without_a_link_between_them_each_start_in_the_lowest_row():
    assert rank(5, [(0, 1), (1, 2), (3, 4)], []) == [0, 1, 2, 0, 1]


def test_groups_stand_side_by_side():
    layers, _ = arrange([(1, 1)] * 6, [(0, 2), (1, 3), (2, 4), (3, 5)], [None] * 4, 1)
    left = {row[0] for row in layers.rows}
    assert left in ({0, 2, 4}, {1, 3, 5})


def test_a_cycle_is_an_error():
    with pytest.raises(ValueError, match="cycle"):
        layout([(1, 1)] * 2, [(0, 1), (1, 0)], [None] * 2, SPACING)


def test_nothing_to_lay_out():
    assert layout([], [], [], SPACING).boxes == []


def test_operands_stand_in_their_order():
    layers, _ = arranged(founding())
    place = places(layers)
    assert place[0] < place[1]
    assert place[2] < place[3]


@pytest.mark.parametrize("scene", [founding(), chain(9), residual(5), network()])
def test_nothing_crosses_where_nothing_must(scene):
    layers, _ = arranged(scene)
    assert crossings(layers, places(layers)) == 0


@pytest.mark.parametrize("seed", range(12))
def test_few_crossings_more_than_the_least_possible(seed):
    layers, _ = arranged(tangle(seed, 7))
    found = crossings(layers, places(layers))
    least = found
    choices = [list(permutations(row)) for row in layers.rows]
    if sum(map(len, choices)) < 400:
        for layers.rows in product(*choices):
            least = min(least, crossings(layers, places(layers)))
            if least == 0:
                break
    assert found <= least + 1


def test_above_a_size_neighbours_no_longer_change_places(monkeypatch):
    monkeypatch.setattr(order, "SWAP_LIMIT", 10)
    layers, _ = arranged(tangle(7, 40))
    assert sorted(item for row in layers.rows for item in row) == list(range(len(layers.row)))


def test_a_link_has_an_item_in_each_row_between():
    layers, _ = arranged(residual(2), stride=2)
    for items in layers.chains:
        rows = [layers.row[item] for item in items]
        assert rows == list(range(rows[0], rows[-1] + 1))


@pytest.mark.parametrize("seed", range(10))
def test_aligned_neighbours_keep_their_distance(seed):
    layers, _ = arranged(tangle(seed, 20))
    apart = separations(layers, SPACING.margins)
    columns = align(layers, apart)
    for row, distances in zip(layers.rows, apart):
        for left, right, distance in zip(row, row[1:], distances):
            assert columns[right] - columns[left] >= distance - 1e-9


def test_a_long_link_is_a_straight_line_even_where_others_cross_it():
    # 0 and 1 are the operands of 2 and 3; 4 uses them and, over two rows, 0.
    edges = [(0, 2), (1, 2), (0, 3), (1, 3), (2, 4), (3, 4), (0, 4), (1, 5), (4, 5)]
    layers, _ = arrange([(20.0, 10.0)] * 6, edges, [None] * len(edges), 1)
    columns = align(layers, separations(layers, SPACING.margins))
    inner = layers.chains[7][1:-1]
    assert len(inner) > 1
    assert len({round(columns[item], 6) for item in inner}) == 1


def test_settle_is_the_best_of_a_fine_grid():
    wanted, weights, apart = [3.0, 1.0, 2.0], [1.0, 2.0, 1.0], [1.0, 1.0]

    def cost(found):
        return sum(w * (x - want) ** 2 for x, want, w in zip(found, wanted, weights))

    grid = [step / 10 for step in range(60)]
    best = min(
        cost((a, b, c)) for a, b, c in product(grid, grid, grid) if b - a >= 1 and c - b >= 1
    )
    assert cost(settle(wanted, weights, apart)) <= best + 1e-9


def test_settle_stays_within_bounds():
    assert settle([-9, 0, 50], [1, 1, 1], [2, 2], within=(-5, 5)) == [-5, 0, 5]
    assert settle([0, 0], [1, 1], [4], within=(-1, 1)) == [-1, 3]


def test_snap_keeps_distances():
    assert snap([], []) == []
    assert snap([0.4, 2.4, 4.6], [2, 2]) == [0, 2, 5]
    assert snap([0.6, 2.4], [2]) == [1, 3]


def test_the_spine_of_a_large_picture_is_one_column():
    scene = network()
    sizes = [(50.0, 30.0)] * len(scene.boxes)
    placed = layout(sizes, edges_of(scene), [None] * len(scene.links), SPACING)
    edges = edges_of(scene)
    spine = find_spine(len(sizes), edges, heights(len(sizes), edges))
    assert len({placed.boxes[end][0] for index in spine for end in edges[index]}) == 1
