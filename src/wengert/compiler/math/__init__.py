"""Our own mathematical functions, in vector code without branches.

Each is written on numbers (numbers.py), registered under its name (function.py), and called by
`code.call("tanh", x)` in the lowering of an operation. The coefficients of their polynomials are
fitted by tools/fit.py. How exact each is stands in docs/numerics.md and is measured by the tests.
"""

from wengert.compiler.math import (
    arcs,
    circles,
    exponentials,
    hyperbolic,
    logarithms,
    normal,
    powers,
    remainders,
    sums,
)

__all__ = [
    "arcs", "circles", "exponentials", "hyperbolic", "logarithms", "normal", "powers",
    "remainders", "sums",
]  # fmt: skip
