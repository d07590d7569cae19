"""The loss is rounded to an integer for the log before it is differentiated.

cause: to
"""

import wengert as wg

w = wg.tensor([1.5, 2.5], requires_grad=True)
loss = (w * w).sum()
loss = loss.int()  # cause
try:
    loss.backward()
except RuntimeError:
    answer = wg.why()
