"""Build core/ with mypyc in a scratch directory, and run the core's tests on the build.

    python tools/mypyc.py [DIRECTORY]     a directory to keep the build in; otherwise it is removed

What mypyc cannot compile stays as it is; INTERPRETED says what and why.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

EXTENDED = "its classes get methods from the layers above, and are extended there"
WEAK = "nodes are referenced weakly, which mypyc's own classes cannot be"
DEFINITION = "defines operations, whose signatures are read from their code"
INTERPRETED = {
    "tensor.py": EXTENDED,
    "operators.py": EXTENDED,
    "view.py": EXTENDED,
    "grad_fn.py": EXTENDED,
    "node.py": WEAK,
    "cut.py": DEFINITION,
    "write.py": DEFINITION,
}

# Classes of Python's, as they are a tuple and a dictionary.
NOT_NATIVE = {"Size", "Registry"}

TESTS = (
    "tests/core", "tests/reverse", "tests/graphs", "tests/test_tensor.py",
    "tests/laws/test_derivatives.py",
)  # fmt: skip
LAWS_OF = ("add", "mul", "div", "sum", "tanh", "matmul", "softmax")


def main(arguments: list[str]) -> int:
    """The exit status of the build, or of the tests."""
    if arguments:
        return build_and_test(Path(arguments[0]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        return build_and_test(Path(scratch))


def build_and_test(scratch: Path) -> int:
    """Copy the sources, compile the core among them, run the tests on that."""
    package = scratch / "wengert"
    shutil.copytree(ROOT / "src" / "wengert", package, ignore=shutil.ignore_patterns("__pycache__"))
    modules = compiled(package / "core")
    print(f"compiling {', '.join(m.stem for m in modules)}", flush=True)
    for name, reason in INTERPRETED.items():
        print(f"  interpreted: {name}: {reason}")
    status = compile_modules(scratch, modules)
    return status or run_tests(scratch)


def compiled(core: Path) -> list[Path]:
    """The modules of the core that are compiled, prepared for mypyc."""
    modules = [m for m in sorted(core.glob("*.py")) if m.name not in {"__init__.py", *INTERPRETED}]
    for module in modules:
        module.write_text(prepared(module.read_text(encoding="utf-8")), encoding="utf-8")
    return modules


def prepared(source: str) -> str:
    """A module whose classes say to mypyc what they are; the sources do without its decorators."""

    def decorated(match: re.Match[str]) -> str:
        native = match[2] not in NOT_NATIVE
        facts = "allow_interpreted_subclasses=True" if native else "native_class=False"
        return f"@mypyc_attr({facts})\n{match[0]}"

    result, count = re.subn(r"^(@dataclass.*\n)?class (\w+)", decorated, source, flags=re.MULTILINE)
    if not count:
        return source
    future = "from __future__ import annotations\n"
    return result.replace(future, f"{future}from mypy_extensions import mypyc_attr\n", 1)


def compile_modules(scratch: Path, modules: list[Path]) -> int:
    """Run mypyc, which puts the compiled modules beside their sources."""
    command = [sys.executable, "-m", "mypyc", "--follow-imports=silent", *(str(m) for m in modules)]
    relative = [str(Path(word).relative_to(scratch)) if word.endswith(".py") else word
                for word in command]  # fmt: skip
    done = subprocess.run(relative, cwd=scratch, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-4000:], sep="\n")
    return done.returncode


def run_tests(scratch: Path) -> int:
    """The core's tests, and the laws of some operations, on what has been compiled."""
    laws = " or ".join(f"[{name}]" for name in LAWS_OF)
    selected = f"not laws or {laws}"
    env = os.environ | {"PYTHONPATH": str(scratch)}
    check = "from wengert.core import record; assert record.__file__.endswith('.so'), record"
    subprocess.run([sys.executable, "-c", check], env=env, check=True)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", selected]
    return subprocess.run([*pytest, *TESTS], cwd=ROOT, env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
