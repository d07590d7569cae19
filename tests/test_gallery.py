"""The pictures in docs/ are what is drawn today."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_pictures_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "tools/gallery.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
