"""All weights of the next layer are zero: what flows back through them is zero.

cause: zero factor
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 3)
W1 = wg.randn(3, 4, requires_grad=True)
W2 = wg.zeros(4, 1, requires_grad=True)
h = wg.tanh(x @ W1)
out = h @ W2  # cause
loss = (out - 1).square().mean()
loss.backward()

answer = wg.why(W1, loss)
