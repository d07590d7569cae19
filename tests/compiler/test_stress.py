"""Compiled functions under stress: eight threads, forks between their calls, an interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import wengert as wg

pytest.importorskip("llvmlite")

CALLERS = 8


def step(x, w):
    """Products, loops in chunks, reductions, and their derivatives."""

    def loss(w):
        hidden = (x @ w).relu()
        return (hidden * hidden).sum() / 64 + w.abs().sum()

    return wg.func.value_and_grad(loss)(w)


def scalars(a, b):
    return wg.func.value_and_grad(lambda a, b: (a + b) * (b + 1) * a, argnums=(0, 1))(a, b)


class Work:
    """Calls whose right results are known: of each caller its own."""

    def __init__(self) -> None:
        self.step, self.scalars, self.chain = map(wg.compile, (step, scalars, _chain))
        rng = np.random.default_rng(0)
        self.given = [
            (rng.normal(size=(64, 96 + i)), rng.normal(size=(96 + i, 200))) for i in range(3)
        ]
        self.long = rng.normal(size=300_000).astype(np.float32)
        self.wanted = self.results()

    def results(self):
        steps = [self.step(x, w) for x, w in self.given]
        return [
            *(loss.tobytes() + slope.tobytes() for loss, slope in steps),
            self.chain(self.long).tobytes(), repr(self.scalars(2.0, 1.0)),
        ]  # fmt: skip

    def is_right(self) -> bool:
        return self.results() == self.wanted


def _chain(x):
    return (x * x + 1).sqrt() * x.abs() - x


def test_results_do_not_depend_on_the_number_of_threads():
    before = wg.get_num_threads()
    try:
        seen = []
        for number in (1, 2, 3, 7):
            wg.set_num_threads(number)
            seen.append(Work().wanted)
    finally:
        wg.set_num_threads(before)
    assert all(results == seen[0] for results in seen)


def test_eight_threads():
    work, wrong = Work(), []

    def call():
        wrong.extend(1 for _ in range(25) if not work.is_right())

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


def test_threads_that_compile():
    """Each makes programs of its own, and lets them go."""
    wrong = []

    def call(i):
        for n in range(3):
            compiled = wg.compile(lambda x, n=n: (x * (i + n + 1) + n).sum())
            x = np.ones(500 + i)
            wrong.extend(1 for _ in range(4) if compiled(x) != x.size * (i + 2 * n + 1))

    callers = [threading.Thread(target=call, args=(i,)) for i in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # of Python 3.12: we dare
def test_forks_between_calls_of_eight_threads():
    work, over, wrong = Work(), threading.Event(), []

    def call():
        while not over.is_set():
            wrong.extend(() if work.is_right() else (1,))

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    try:
        codes = [_exit_code(work) for _ in range(6)]
    finally:
        over.set()
        for caller in callers:
            caller.join()
    assert codes == [0] * 6
    assert not wrong


def _exit_code(work: Work) -> int:
    """What a child says that calls what there is, and compiles and calls something new."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # instead of waiting for ever
        try:
            right = all(work.is_right() for _ in range(3))
            compiled = wg.compile(lambda x: (x * 3 + os.getpid()).sum())
            right &= all(compiled(np.ones(10)) == 30 + 10 * os.getpid() for _ in range(4))
            os._exit(0 if right else 1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


INTERRUPTED = """
import signal, sys, threading
sys.path.insert(0, {tests!r})
from compiler.test_stress import Work
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
work = Work()
assert work.is_right()
threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
try:
    while True:
        work.is_right()
except KeyboardInterrupt:
    assert work.is_right()
    print("interrupted")
"""


def test_interrupted_between_calls():
    command = [sys.executable, "-c", INTERRUPTED.format(tests=str(Path(__file__).parent.parent))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)

    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


FORKED_WHILE_BUILDING = """
import os, signal, sys, threading
sys.path.insert(0, {tests!r})
from compiler.counting import Counts, counter
def build():
    counts = Counts(8)
    counter(8, steps=5).run(counts.table)
    assert (counts.array == 5).all()
callers = [threading.Thread(target=build) for _ in range(4)]
for caller in callers:
    caller.start()
children = []
for _ in range(20):
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        build()
        os._exit(0)
    children.append(child)
for caller in callers:
    caller.join()
print({{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}})
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_forks_while_everything_is_being_built():
    """LLVM, the pool and the cache are started by several threads, and all of them are in use."""
    tests = str(Path(__file__).parent.parent)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c",
               FORKED_WHILE_BUILDING.format(tests=tests)]  # fmt: skip
    environment = os.environ | {"WENGERT_CACHE_DIR": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)

    assert (done.returncode, done.stdout, done.stderr) == (0, "{0}\n", "")


FORKED_WHILE_TRACED = """
import os, signal, threading
import numpy as np
import wengert as wg
tracing, go_on, parent = threading.Event(), threading.Event(), os.getpid()
def traced(x):
    if os.getpid() == parent:
        tracing.set()
        go_on.wait(30)
    return x * 2
compiled = wg.compile(traced)
caller = threading.Thread(target=compiled, args=(np.ones(3),))
caller.start()
tracing.wait(30)
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(0 if (compiled(np.ones(3)) == 2).all() else 1)
go_on.set()
caller.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_makes_what_its_parent_was_making():
    """Another thread holds the function's lock when the process forks."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED_WHILE_TRACED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)

    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
