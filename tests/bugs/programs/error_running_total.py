"""The losses are summed over the epoch, and the sum is differentiated at every step.

cause: freed
"""

import wengert as wg

w = wg.tensor([0.5, -0.5], requires_grad=True)
total = wg.tensor(0.0)
try:
    for k in range(3):
        total = total + (w * k).square().sum()
        total.backward()  # cause
except RuntimeError:
    answer = wg.why()
