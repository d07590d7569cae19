"""`.data` in the forward pass, where an old example had it for the update.

cause: data
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 3)
W = wg.randn(3, 3, requires_grad=True)
b = wg.zeros(3, requires_grad=True)
out = x @ W.data + b  # cause
loss = out.square().mean()
loss.backward()

answer = wg.why(W, loss)
