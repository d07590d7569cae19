"""Network simplex against a solver of linear programs."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import linprog

from wengert.draw.simplex import Edge, longest_paths, solve


def problem(seed: int) -> tuple[int, list[Edge]]:
    """A random problem: parallel edges, slack edges without weight, parts that do not touch."""
    rng = random.Random(seed)
    count = rng.randint(2, 14)
    edges = []
    for _ in range(rng.randint(1, 30)):
        tail, head = sorted(rng.sample(range(count), 2))
        edges.append(Edge(tail, head, rng.randint(-1, 4), rng.randint(0, 5)))
    return count, edges


def cost(edges: list[Edge], positions: list[int]) -> int:
    return sum(edge.weight * (positions[edge.head] - positions[edge.tail]) for edge in edges)


def is_feasible(edges: list[Edge], positions: list[int]) -> bool:
    return all(positions[edge.head] - positions[edge.tail] >= edge.length for edge in edges)


def least_cost(count: int, edges: list[Edge]) -> float:
    gradient = np.zeros(count)
    rows = np.zeros((len(edges), count))
    for index, edge in enumerate(edges):
        gradient[edge.head] += edge.weight
        gradient[edge.tail] -= edge.weight
        rows[index, edge.tail], rows[index, edge.head] = 1, -1
    bounds = [-edge.length for edge in edges]
    return linprog(gradient, A_ub=rows, b_ub=bounds, bounds=(None, None)).fun


@pytest.mark.parametrize("seed", range(300))
def test_the_cost_is_the_least_possible(seed):
    count, edges = problem(seed)
    positions = solve(count, edges)
    assert is_feasible(edges, positions)
    assert cost(edges, positions) == pytest.approx(least_cost(count, edges))


@pytest.mark.parametrize("seed", range(30))
def test_the_start_does_not_change_the_cost(seed):
    count, edges = problem(seed)
    start = [7 * place for place in longest_paths(count, edges)]
    stretched = [Edge(*edge[:2], min(edge.length, 1), edge.weight) for edge in edges]
    assert cost(stretched, solve(count, stretched, start)) == cost(
        stretched, solve(count, stretched)
    )


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_stopped_early_the_positions_are_feasible(limit):
    for seed in range(40):
        count, edges = problem(seed)
        positions = solve(count, edges, limit=limit)
        assert is_feasible(edges, positions)
        assert cost(edges, positions) <= cost(edges, solve(count, edges, limit=0))


def test_nothing_to_place():
    assert solve(0, []) == []
    assert solve(2, []) == [0, 0]


def test_a_cycle_is_an_error():
    with pytest.raises(ValueError, match="cycle"):
        solve(3, [Edge(0, 1, 1, 1), Edge(1, 2, 1, 1), Edge(2, 1, 1, 1)])


def test_a_chain_of_100_000_does_not_overflow():
    edges = [Edge(place, place + 1, 1, 1) for place in range(100_000)]
    assert solve(100_001, edges)[-1] == 100_000
