"""Only tests are collected here.

The search for doctests would import the other modules a second time, under names of its own, and
each kind of statement would be entered twice: a seed would mean another program than in the runner.
"""

from pathlib import Path

HERE = Path(__file__).parent

collect_ignore = [file.name for file in HERE.glob("*.py") if not file.name.startswith("test_")]
