"""Worst-case loss: another term is always larger, so this one is never selected.

cause: not selected
"""

import wengert as wg

a = wg.tensor(1.0, requires_grad=True)
b = wg.tensor(5.0, requires_grad=True)
small = a * a
large = b * b
worst = wg.maximum(small, large)  # cause
worst.backward()

answer = wg.why(a, worst)
