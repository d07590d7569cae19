"""Unscaled inputs drive a sigmoid into saturation: its slope rounds to zero.

cause: saturated sigmoid
"""

import wengert as wg

x = wg.tensor([[150.0, 210.0], [180.0, 250.0]])
w = wg.tensor([1.0, 1.0], requires_grad=True)
p = wg.sigmoid(x @ w)  # cause
loss = (p - 0.5).square().mean()
loss.backward()

answer = wg.why(w, loss)
