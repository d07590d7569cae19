"""Batch normalisation of a layer that starts at zero: its standard deviation is zero.

cause: div
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(6, 3)
W = wg.zeros(3, 2, requires_grad=True)
h = x @ W
centred = h - h.mean(0)
z = centred / h.std(0)  # cause
loss = (z - 1).square().mean()
loss.backward()

answer = wg.why(W, loss)
