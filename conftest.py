"""For all tests, those in docstrings included."""

# pytest imports the file it is given before the file's package: without this, the operations of
# `pytest src/wengert/ops/exponential.py` would be defined twice.
import atexit
import os
import shutil
import tempfile

import wengert  # noqa: F401

# Tests neither find nor leave compiled code in the user's cache.
os.environ["WENGERT_CACHE_DIR"] = tempfile.mkdtemp(prefix="wengert-")
atexit.register(shutil.rmtree, os.environ["WENGERT_CACHE_DIR"], ignore_errors=True)
