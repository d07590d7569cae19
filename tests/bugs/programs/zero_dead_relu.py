"""All units of a layer are dead: the bias was initialised far below zero.

cause: dead relu
"""

import wengert as wg

wg.manual_seed(0)
x = wg.rand(16, 4)
W = (0.1 * wg.randn(4, 8)).requires_grad_()
b = wg.full((8,), -10.0).requires_grad_()
h = wg.relu(x @ W + b)  # cause
loss = (h.sum(1) - 1).square().mean()
loss.backward()

answer = wg.why(W, loss)
