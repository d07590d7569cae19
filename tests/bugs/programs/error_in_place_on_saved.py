"""exp keeps its output for the backward pass, and the next line overwrites it.

cause: add_
"""

import wengert as wg

w = wg.tensor([0.1, 0.2], requires_grad=True)
y = w.exp()
y += 1  # cause
loss = y.sum()
try:
    loss.backward()
except RuntimeError:
    answer = wg.why()
