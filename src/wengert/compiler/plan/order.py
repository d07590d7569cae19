"""The order of a program's units: native ones in as few runs as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wengert.compiler.plan.cluster import Unit


def runs(units: Sequence[Unit], is_native: Callable[[Unit], bool]) -> list[list[Unit]]:
    """The units in an order in which they can run, cut where native ones and others meet.

    As long as there is a unit of the same sort that is ready, it comes next: the earlier program
    comes first, so that values are used soon after they are made.
    """
    waiting = sorted(units, key=lambda unit: unit.first)
    there = 0
    for unit in units:
        there |= unit.bits
    done = ~there  # what is not there, nobody has to wait for
    made: list[list[Unit]] = []
    while waiting:
        ready = [unit for unit in waiting if not unit.before & ~done]
        native = is_native(made[-1][-1]) if made else True
        alike = [unit for unit in ready if is_native(unit) == native]
        if not alike or not made:
            made.append([])
        chosen = (alike or ready)[0]
        made[-1].append(chosen)
        done |= chosen.bits
        waiting.remove(chosen)
    return [run for run in made if run]
