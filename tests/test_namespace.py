"""What is public, and that the generated files are what the registry says."""

import pydoc
import subprocess
import sys
from pathlib import Path

import wengert
from wengert.core.tensor import Tensor
from wengert.ops.define import FUNCTIONS

ROOT = Path(__file__).parent.parent


def test_generated_files_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "tools/namespace.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_function_is_public() -> None:
    for name, entry in FUNCTIONS.items():
        if entry.in_namespace:
            assert getattr(wengert, name) is entry.call
        if entry.method:
            assert hasattr(Tensor, name)


def test_all_is_complete_and_nothing_private_shows() -> None:
    # import * leaves bfloat16 out: it needs an optional package.
    assert dir(wengert) == sorted([*wengert.__all__, "bfloat16"])
    assert not [name for name in dir(wengert) if name.startswith("_")]
    for name in wengert.__all__:
        assert hasattr(wengert, name)


def test_public_functions_explain_themselves() -> None:
    silent = [name for name, entry in FUNCTIONS.items() if not (entry.call.__doc__ or "").strip()]
    assert not silent


def test_help_on_an_operation_is_about_that_operation() -> None:
    text = pydoc.render_doc(wengert.tanh, renderer=pydoc.plaintext)
    assert "tanh(x), element by element; torch.tanh." in text
    assert "Slope 1 at 0" in text
    assert len(text.splitlines()) < 12
    assert wengert.tanh.__name__ == "tanh"


def test_rooms_show_what_is_public() -> None:
    for room in (wengert.autograd, wengert.utils, wengert.func, wengert.linalg):
        assert {name for name in dir(room) if not name.startswith("_")} == set(room.__all__)
