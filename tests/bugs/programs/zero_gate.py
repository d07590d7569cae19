"""A residual branch starts behind a gate of zero, so its weights cannot start to learn.

cause: zero factor
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 4)
W = wg.randn(4, 4, requires_grad=True)
gate = wg.zeros(1, requires_grad=True)
branch = wg.tanh(x @ W)
out = x + gate * branch  # cause
loss = out.square().mean()
loss.backward()

answer = wg.why(W, loss)
