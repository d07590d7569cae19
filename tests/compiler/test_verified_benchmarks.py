"""The programs that the benchmarks time, verified operation by operation."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest

import wengert as wg

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the benchmarks are not installed

from benchmarks.compiled import elementwise, mixture, networks, rivals

TASKS = {
    "perceptron": lambda: networks.perceptron_task(batch=8, widths=(30, 20, 15, 10)),
    "transformer block": lambda: networks.block_task(rows=2, tokens=8, width=32, classes=10),
    "mixture": lambda: mixture.task(3, 4, 20),
    "elementwise": lambda: elementwise.task(1000),
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_operation_by_operation(task):
    made = task()
    step = wg.func.value_and_grad(partial(made.torch_like, wg), argnums=made.wanted)

    wg.compile(step, verify=True)(*rivals.converted(wg.from_numpy, made.arguments))
