"""A hidden layer is detached, as one does for a picture of it: the first layer learns nothing.

cause: detach
"""

import wengert as wg

wg.manual_seed(0)
x, y = wg.randn(16, 4), wg.randn(16, 1)
W1 = (0.5 * wg.randn(4, 8)).requires_grad_()
W2 = (0.5 * wg.randn(8, 1)).requires_grad_()
h = wg.tanh(x @ W1)
shown = h.detach()  # cause
loss = ((shown @ W2 - y) ** 2).mean()
loss.backward()

answer = wg.why(W1, loss)
