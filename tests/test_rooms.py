"""Rooms load on first use; nobody can tell but by the time of `import wengert`."""

from __future__ import annotations

import subprocess
import sys

import pytest

import wengert
from wengert.ops.waiting import METHODS


def fresh(program: str) -> str:
    """What a program prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_loads_none_of_them():
    loaded = fresh("import sys, wengert; print(*sys.modules)").split()
    assert not {f"wengert.ops.{room}" for room in METHODS} & set(loaded)
    assert "numpy.fft" not in loaded
    assert "wengert.linalg" not in loaded


def test_the_namespace_is_whole_before_anything_is_loaded():
    names = fresh("import wengert; print(*dir(wengert))").split()
    assert names == sorted([*wengert.__all__, "bfloat16"])
    assert fresh("import wengert; print(*dir(wengert.Tensor))").split() == dir(wengert.Tensor)


def test_star_imports_everything():
    names = fresh("from wengert import *; print(*[n for n in dir() if n[0] != '_'])").split()
    assert names == sorted(name for name in wengert.__all__ if name[0] != "_")


@pytest.mark.parametrize(
    ("program", "answer"),
    [
        ("print(wg.det(wg.eye(2)))", "tensor(1.)"),
        ("print(wg.eye(2).det())", "tensor(1.)"),
        ("print(wg.Tensor.det(wg.eye(2)))", "tensor(1.)"),
        ("print(wg.linalg.det(wg.eye(2)))", "tensor(1.)"),
        ("print(np.linalg.det(wg.eye(2)))", "tensor(1.)"),
        ("print(np.interp(wg.tensor(0.5), [0.0, 1.0], [0.0, 2.0]).item())", "1.0"),
        ("print(np.cbrt(wg.tensor(8.0)))", "tensor(2.)"),
        ("print(np.add.reduce(wg.ones(3)))", "tensor(3.)"),
        ("print(np.zeros_like(wg.ones(2), shape=(1,)))", "tensor([0.])"),
        ("print(wg.nn.functional.mse_loss(wg.ones(2), wg.zeros(2)))", "tensor(1.)"),
        ("x = wg.ones(3); x.lerp_(x + 1, 0.5); print(x)", "tensor([1.5000, 1.5000, 1.5000])"),
        ("print(hasattr(wg.Tensor, 'svdd'), hasattr(wg, 'svdd'))", "False False"),
        ("import wengert.ops.svd; print(wg.eye(1).svd().S)", "tensor([1.])"),
        ("from wengert.ops.lu import lu_unpack; print(wg.eye(1).svd().S)", "tensor([1.])"),
    ],
)
def test_the_first_use_of_a_name_loads_its_room(program, answer):
    assert fresh(f"import numpy as np, wengert as wg\n{program}") == answer


def test_a_subclass_has_the_methods():
    program = "class T(wg.Tensor): pass\nprint(T.det.__name__, T.lerp_.__name__)"
    assert fresh(f"import wengert as wg\n{program}") == "det lerp_"


def test_a_pickled_operation_and_a_written_graph_load_their_rooms():
    from pickle import dumps

    pickled = dumps(wengert.core.registry.OPS["linalg_cholesky"])
    program = f"import pickle, wengert; print(pickle.loads({pickled!r}))"
    assert fresh(program) == "<op linalg_cholesky>"
    x = wengert.eye(2).requires_grad_()
    text = wengert.graph(wengert.linalg.cholesky(x)).to_json()
    program = f"import wengert; print('cholesky' in wengert.Graph.from_json({text!r}).to_json())"
    assert fresh(program) == "True"


def test_loading_all_of_them_loads_every_module():
    program = (
        "import pkgutil, importlib, wengert.ops\n"
        "from wengert.core.registry import NUMPY, every_op\n"
        "from wengert.ops.define import FUNCTIONS\n"
        "before = dict(NUMPY)\n"
        "ops = list(every_op())\n"
        "functions, answers = list(FUNCTIONS), dict(NUMPY)\n"
        "for found in pkgutil.iter_modules(wengert.ops.__path__):\n"
        "    importlib.import_module(f'wengert.ops.{found.name}')\n"
        "assert (ops, functions) == (list(every_op()), list(FUNCTIONS))\n"
        "assert answers == NUMPY\n"
        "print([f.__name__ for f, ours in before.items() if NUMPY[f] is not ours])"
    )
    assert fresh(program) == "[]"  # no answer changes when a room is loaded
