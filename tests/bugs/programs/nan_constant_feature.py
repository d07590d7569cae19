"""Standardising a constant column divides zero by zero.

cause: div
"""

import wengert as wg

x = wg.tensor([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
w = wg.tensor([0.1, 0.2], requires_grad=True)
centred = x - x.mean(0)
z = centred / x.std(0)  # cause
loss = (z @ w).square().mean()
loss.backward()

answer = wg.why(w, loss)
