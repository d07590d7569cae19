"""CONTRIBUTING.md says how an operation is added. This follows it, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ["src", "tests", "tools", "pyproject.toml", "README.md", "LICENSE"]


def instructions() -> tuple[str, str]:
    """The file that the instructions name, and the text they give for it."""
    page = (ROOT / "CONTRIBUTING.md").read_text()
    found = re.search(r"1\. Write `(src/\S+)`:\n\n +```text\n(.*?)\n +```\n", page, re.DOTALL)
    assert found
    return found[1], textwrap.dedent(found[2]) + "\n"


def copy_of_project(target: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)


def run(command: list[str], folder: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(folder / "src")}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, text=True, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_an_operation_is_added_in_one_file(tmp_path: Path) -> None:
    path, text = instructions()
    copy_of_project(tmp_path)
    (tmp_path / path).write_text(text)
    run(["tools/namespace.py"], tmp_path)

    laws = run(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/laws", "-k", "log_cosh"], tmp_path
    )
    assert re.search(r"\d{2,} passed|[4-9] passed", laws)

    tried = run(["-c", TRY], tmp_path)
    assert tried.splitlines()[0] == "tensor([0.7616], dtype=wengert.float64)"
    assert "slope tanh(x)" in tried


TRY = """
import wengert as wg
x = wg.tensor([1.0], dtype=wg.float64, requires_grad=True)
y = x.log_cosh()
y.backward()
print(x.grad)
print(wg.graph(y).explain("x"))
"""
