"""The mean over the batch was forgotten.

cause: not a scalar
"""

import wengert as wg

w = wg.tensor([1.0, 2.0], requires_grad=True)
loss = (w - 3) ** 2  # cause
try:
    loss.backward()
except RuntimeError:
    answer = wg.why()
