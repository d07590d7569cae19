"""For all tests, those in docstrings included."""

# pytest imports the file it is given before the file's package: without this, the operations of
# `pytest src/wengert/ops/exponential.py` would be defined twice.
import wengert  # noqa: F401
