"""`python -m benchmarks.compiled`: see run.py."""

import sys

from benchmarks.compiled.run import main

sys.exit(main())
