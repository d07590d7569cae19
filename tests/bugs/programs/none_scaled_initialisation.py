"""The initial weights are scaled after requires_grad: the name W is a result, not the leaf.

cause: non-leaf
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(16, 4)
W = wg.randn(4, 2, requires_grad=True) * 0.1  # cause
loss = (x @ W).square().mean()
loss.backward()

answer = wg.why(W, loss)
