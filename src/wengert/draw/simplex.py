"""Network simplex: integer positions that keep weighted edges short.

Gansner, Koutsofios, North, Vo, "A Technique for Drawing Directed Graphs" (1993), section 2. The
state is a spanning tree of tight edges. The cut value of one is what the cost gains if the edge is
stretched by a unit; while one is negative, that edge leaves the tree, and the tightest edge that
crosses the other way enters it.

Only the smaller of the two parts that an exchange separates is ever walked or moved, whichever side
of the root it lies on; so one exchange costs as much as that part and the cycle that it closes.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple


class Edge(NamedTuple):
    """Asks for r[head] - r[tail] >= length, and that difference costs weight per unit."""

    tail: int
    head: int
    length: int
    weight: int


def solve(
    count: int,
    edges: Sequence[Edge],
    start: Sequence[int] | None = None,
    limit: int | None = None,
) -> list[int]:
    """Positions r of `count` nodes that minimise the sum of weight * (r[head] - r[tail]).

    start: feasible positions to begin at; by default the longest paths give them.
    limit: the most exchanges to make; by default 10 for each node and edge. Stopped there, the
    positions are feasible but may not be the best.

    Raises ValueError if the edges form a cycle (found only where no start is given).

    >>> solve(3, [Edge(0, 1, 1, 1), Edge(1, 2, 1, 1), Edge(0, 2, 5, 3)])
    [0, 1, 5]
    """
    positions = longest_paths(count, edges) if start is None else list(start)
    tree = _Tree(edges, positions)
    tree.improve(10 * (count + len(edges)) if limit is None else limit)
    return tree.position


def longest_paths(count: int, edges: Sequence[Edge]) -> list[int]:
    """The smallest positions >= 0 that give every edge its length."""
    position = [0] * count
    outgoing: list[list[Edge]] = [[] for _ in range(count)]
    waiting = [0] * count
    for edge in edges:
        outgoing[edge.tail].append(edge)
        waiting[edge.head] += 1

    ready = [node for node in range(count) if not waiting[node]]
    for node in ready:
        for edge in outgoing[node]:
            head = edge.head
            position[head] = max(position[head], position[node] + edge.length)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)

    if len(ready) < count:
        stuck = next(node for node in range(count) if waiting[node])
        raise ValueError(f"the edges form a cycle at or before node {stuck}")
    return position


class _Tree:
    """A spanning tree of tight edges for each connected part, and the cut values of its edges.

    An edge is named by its index. Node v hangs from the tree edge up[v] (-1 at a root).
    """

    def __init__(self, edges: Sequence[Edge], position: list[int]) -> None:
        count = len(position)
        self.position = position
        self.tail = [edge.tail for edge in edges]
        self.head = [edge.head for edge in edges]
        self.length = [edge.length for edge in edges]
        self.weight = [edge.weight for edge in edges]
        self.outgoing: list[list[int]] = [[] for _ in range(count)]
        self.incoming: list[list[int]] = [[] for _ in range(count)]
        for index, edge in enumerate(edges):
            self.outgoing[edge.tail].append(index)
            self.incoming[edge.head].append(index)

        self.up = [-1] * count
        self.depth = [0] * count
        # Dictionaries as ordered sets: of a hub's thousands of tree edges one leaves at a time.
        self.around: list[dict[int, None]] = [{} for _ in range(count)]
        self.in_tree = [False] * len(edges)
        self.cut = [0] * len(edges)
        self.candidates: list[tuple[int, int]] = []
        self._count_cuts(self._grow())

    def improve(self, limit: int) -> None:
        """Exchanges edges, the most profitable first, until none gains or `limit` is reached."""
        candidates = self.candidates
        exchanges = 0
        while candidates and exchanges < limit:
            cut, leaving = heapq.heappop(candidates)
            if self.in_tree[leaving] and self.cut[leaving] == cut:
                self._exchange(leaving)
                exchanges += 1

    # ------------------------------------------------------------------ the first tree

    def _grow(self) -> list[int]:
        """Hangs every node into a tree; returns the nodes, each after the one it hangs from."""
        order: list[int] = []
        reached = [False] * len(self.position)
        for root in range(len(self.position)):
            if not reached[root]:
                order += self._grow_from(root, reached)
        return order

    def _grow_from(self, root: int, reached: list[bool]) -> list[int]:
        """Prim's algorithm by slack, where the whole tree slides until the next edge is tight.

        Positions of the members are kept relative to the slide, so that sliding costs nothing. A
        key is the edge's slack at slide 0: sliding up by s tightens edges that leave the tree by s.
        """
        position, members, slide = self.position, [root], 0
        leaving: list[tuple[int, int, int]] = []
        entering: list[tuple[int, int, int]] = []
        reached[root] = True
        self._push_frontier(root, reached, leaving, entering)

        while True:
            for heap, end in ((leaving, self.head), (entering, self.tail)):
                while heap and reached[end[heap[0][2]]]:
                    heapq.heappop(heap)
            if not leaving and not entering:
                break
            # On a tie the heavier edge, then the first: so the tree starts near its optimum.
            out = (leaving[0][0] - slide, *leaving[0][1:]) if leaving else None
            into = (entering[0][0] + slide, *entering[0][1:]) if entering else None
            if into is None or (out is not None and out <= into):
                assert out is not None
                slack, _, edge = out
                heapq.heappop(leaving)
                slide += slack
                new, old = self.head[edge], self.tail[edge]
            else:
                slack, _, edge = into
                heapq.heappop(entering)
                slide -= slack
                new, old = self.tail[edge], self.head[edge]
            reached[new] = True
            members.append(new)
            position[new] -= slide
            self._hang(edge, new, old)
            self._push_frontier(new, reached, leaving, entering)

        for node in members:
            position[node] += slide
        return members

    def _push_frontier(
        self,
        node: int,
        reached: list[bool],
        leaving: list[tuple[int, int, int]],
        entering: list[tuple[int, int, int]],
    ) -> None:
        """Adds the edges between `node`, which has just joined the tree, and nodes outside it."""
        for edge in self.outgoing[node]:
            if not reached[self.head[edge]]:
                heapq.heappush(leaving, (self._slack(edge), -self.weight[edge], edge))
        for edge in self.incoming[node]:
            if not reached[self.tail[edge]]:
                heapq.heappush(entering, (self._slack(edge), -self.weight[edge], edge))

    def _hang(self, edge: int, node: int, above: int) -> None:
        self.in_tree[edge] = True
        self.around[node][edge] = None
        self.around[above][edge] = None
        self.up[node] = edge
        self.depth[node] = self.depth[above] + 1

    def _slack(self, edge: int) -> int:
        return self.position[self.head[edge]] - self.position[self.tail[edge]] - self.length[edge]

    def _count_cuts(self, order: list[int]) -> None:
        """The cut value of an edge: weight that enters its head's part, less weight that leaves it.

        Summed over a part, what enters its nodes less what leaves them is just that difference.
        """
        balance = [
            sum(self.weight[edge] for edge in self.incoming[node])
            - sum(self.weight[edge] for edge in self.outgoing[node])
            for node in range(len(order))
        ]
        for node in reversed(order):
            edge = self.up[node]
            if edge < 0:
                continue
            into = self.head[edge] == node
            balance[self.tail[edge] if into else self.head[edge]] += balance[node]
            self._set_cut(edge, balance[node] if into else -balance[node])

    def _set_cut(self, edge: int, cut: int) -> None:
        self.cut[edge] = cut
        if cut < 0:
            heapq.heappush(self.candidates, (cut, edge))

    # ------------------------------------------------------------------ one exchange

    def _exchange(self, leaving: int) -> None:
        part, is_head = self._smaller_part(leaving)
        inside = set(part)  # asked for membership only, never walked
        slack, entering = self._tightest(part, inside, is_head)
        if slack:
            shift = slack if is_head else -slack
            for node in part:
                self.position[node] += shift
        self._push_flow(entering, -self.cut[leaving])
        self._rehang(leaving, entering, inside)

    def _smaller_part(self, leaving: int) -> tuple[list[int], bool]:
        """The nodes on the smaller side of a tree edge, and whether that is its head's side."""
        sides = ([(self.tail[leaving], leaving)], [(self.head[leaving], leaving)])
        step = 0
        while all(step < len(side) for side in sides):
            for side in sides:
                node, came_by = side[step]
                for edge in self.around[node]:
                    if edge != came_by:
                        side.append((self._other_end(edge, node), edge))
            step += 1
        is_head = step == len(sides[1])
        return [node for node, _ in sides[is_head]], is_head

    def _other_end(self, edge: int, node: int) -> int:
        return self.head[edge] if self.tail[edge] == node else self.tail[edge]

    def _tightest(self, part: list[int], inside: set[int], is_head: bool) -> tuple[int, int]:
        """Slack and index of the tightest edge from the head's part to the tail's part.

        There is one: the leaving edge's cut value is negative, so weight crosses in that direction.
        """
        crossing, far_end = (self.outgoing, self.head) if is_head else (self.incoming, self.tail)
        return min(
            (self._slack(edge), edge)
            for node in part
            for edge in crossing[node]
            if far_end[edge] not in inside
        )

    def _push_flow(self, entering: int, flow: int) -> None:
        """Updates cut values on the cycle that `entering` closes; along its direction they grow."""
        ahead, behind = self.head[entering], self.tail[entering]
        while ahead != behind:
            if self.depth[ahead] >= self.depth[behind]:
                edge = self.up[ahead]
                along = self.tail[edge] == ahead
                ahead = self._other_end(edge, ahead)
            else:
                edge = self.up[behind]
                along = self.head[edge] == behind
                behind = self._other_end(edge, behind)
            self._set_cut(edge, self.cut[edge] + (flow if along else -flow))
        self._set_cut(entering, flow)

    def _rehang(self, leaving: int, entering: int, inside: set[int]) -> None:
        """Hangs the smaller part from its end of `entering`.

        If the root lies in that part, the larger part takes over: the node by which it hung from
        `leaving` becomes the root, and nothing in it changes.
        """
        for edge_end in (self.tail[leaving], self.head[leaving]):
            del self.around[edge_end][leaving]
            if edge_end not in inside and self.up[edge_end] == leaving:
                self.up[edge_end] = -1
        self.in_tree[leaving] = False

        tail, head = self.tail[entering], self.head[entering]
        node, above = (tail, head) if tail in inside else (head, tail)
        self._hang(entering, node, above)
        walk = [node]
        for node in walk:
            for edge in self.around[node]:
                if edge != self.up[node]:
                    below = self._other_end(edge, node)
                    self.up[below] = edge
                    self.depth[below] = self.depth[node] + 1
                    walk.append(below)
