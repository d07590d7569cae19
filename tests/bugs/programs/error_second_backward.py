"""The hidden state is carried into the next window of the sequence with all its history.

cause: freed
"""

import wengert as wg

wg.manual_seed(0)
W = wg.randn(3, 3, requires_grad=True)
h = wg.ones(3)
try:
    for _ in range(2):
        h = wg.tanh(W @ h)
        loss = h.square().sum()
        loss.backward()  # cause
except RuntimeError:
    answer = wg.why()
