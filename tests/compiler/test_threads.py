"""Chunks on threads: each runs once, whoever calls at the same time, and across forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import wengert as wg
from compiler.counting import Counts, counter
from wengert.errors import ArgumentValueError

pytest.importorskip("llvmlite")


@pytest.fixture(params=[1, 2, 5])
def threads(request):
    before = wg.get_num_threads()
    wg.set_num_threads(request.param)
    yield request.param
    wg.set_num_threads(before)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("chunks", [1, 2, 7, 300])
def test_every_chunk_runs_once(chunks):
    program, counts = counter(chunks, steps=40), Counts(chunks)

    for _ in range(20):
        program.run(counts.table)

    assert (counts.array == 800).all()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_program_of_its_own_number_of_threads(threads):
    program, counts = counter(16, steps=10, threads=threads), Counts(16)

    program.run(counts.table)

    assert (counts.array == 10).all()


def test_threads_that_sleep_are_woken():
    program, counts = counter(8), Counts(8)

    for _ in range(20):
        time.sleep(0.002)  # far longer than they spin
        program.run(counts.table)

    assert (counts.array == 20).all()


def test_several_callers_at_once():
    program = counter(32, steps=20)
    made = [Counts(32) for _ in range(8)]

    def call(counts):
        for _ in range(100):
            program.run(counts.table)

    callers = [threading.Thread(target=call, args=(counts,)) for counts in made]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert all((counts.array == 2000).all() for counts in made)


def test_programs_are_unloaded_while_the_pool_lives():
    for _ in range(20):
        counts = Counts(4)
        counter(4, steps=3).run(counts.table)
        assert (counts.array == 3).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # of Python 3.12: we dare
def test_forks_while_steps_run():
    program = counter(32, steps=200)
    mine, over = Counts(32), threading.Event()

    def call():
        while not over.is_set():
            program.run(mine.table)

    caller = threading.Thread(target=call)
    caller.start()
    try:
        assert [_exit_code_of_child(program) for _ in range(10)] == [0] * 10
    finally:
        over.set()
        caller.join()
    assert len(set(mine.array)) == 1


def _exit_code_of_child(program):
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # instead of waiting for ever
        counts = Counts(32)
        for _ in range(5):
            program.run(counts.table)
        os._exit(0 if (counts.array == 1000).all() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


INTERRUPTED = """
import signal, sys, threading, time
sys.path.insert(0, {tests!r})
from compiler.counting import Counts, counter
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
program, counts = counter(8, steps=100), Counts(8)
program.run(counts.table)
threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
calls = 0
try:
    started = time.monotonic()
    while time.monotonic() - started < 20:
        program.run(counts.table)
        calls += 1
except KeyboardInterrupt:
    program.run(counts.table)
    assert len(set(counts.array)) == 1, counts.array
    print("interrupted")
"""


def test_interrupted_between_calls_and_a_clean_exit():
    """Ctrl-C reaches the main thread, as all others block signals; nothing dies at the end."""
    tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(tests=tests)], capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip

    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")


def test_the_number():
    before = wg.get_num_threads()
    assert 1 <= before <= (os.cpu_count() or 1)
    wg.set_num_threads(3)
    assert wg.get_num_threads() == 3
    wg.set_num_threads(before)


@pytest.mark.parametrize("number", [0, -1, 1.5, True, "2", None])
def test_what_is_no_number_of_threads(number):
    with pytest.raises(ArgumentValueError, match="set_num_threads expects a positive integer"):
        wg.set_num_threads(number)
