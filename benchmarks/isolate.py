"""Run a function of the benchmarks in a fresh process, in a clean environment.

The timed process must not inherit what the caller's shell tuned: OPENBLAS_CORETYPE and
OPENBLAS_L2_SIZE change NumPy's kernels, and a process that has run other cases has another heap.
`call` starts the interpreter on this module, hands the arguments over as JSON and reads the
result back as JSON.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# Tuning that changes NumPy's matrix kernels, and an option that would make every import compile.
CLEARED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "PYTHONDONTWRITEBYTECODE")


class ChildFailed(RuntimeError):
    """The isolated process ended with an error; the message carries the end of its output."""


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a timed process: this checkout first on the path, no tuning."""
    env = {name: value for name, value in os.environ.items() if name not in CLEARED}
    paths = [str(ROOT / "src"), str(ROOT), env.get("PYTHONPATH", "")]
    env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    env.update(extra or {})
    return env


def call(
    function: Callable[..., Any],
    *,
    env: Mapping[str, str] | None = None,
    stack: int | None = None,
    **arguments: Any,
) -> Any:
    """Return function(**arguments) as computed in a fresh process.

    function: at module level; its arguments and its result are plain data that JSON can carry.
    stack: the size in bytes of the main thread's stack (POSIX only).

    Raises ChildFailed when the process fails, by an exception or by a signal.
    """
    target = f"{function.__module__}:{function.__qualname__}"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.isolate", target],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        env=clean_environment(env),
        preexec_fn=None if stack is None else functools.partial(_limit_stack, stack),
    )
    if done.returncode != 0:
        raise ChildFailed(f"{target} {_ending(done.returncode)}\n{done.stderr[-2000:]}".rstrip())
    return json.loads(done.stdout)


def _limit_stack(size: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    resource.setrlimit(resource.RLIMIT_STACK, (size, hard))


def _ending(code: int) -> str:
    if code < 0:
        return f"was ended by signal {-code}"
    return f"ended with status {code}"


def main() -> None:
    """Run the function that the command line names; whatever it prints goes to stderr."""
    answer = sys.stdout
    sys.stdout = sys.stderr
    module, name = sys.argv[1].split(":")
    function = getattr(importlib.import_module(module), name)
    result = function(**json.load(sys.stdin))
    json.dump(result, answer)


if __name__ == "__main__":
    main()
