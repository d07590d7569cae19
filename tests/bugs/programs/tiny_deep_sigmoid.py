"""Thirty layers of sigmoids: each multiplies the gradient by a quarter at most.

cause: vanishing
"""

import wengert as wg

w = wg.tensor(1.0, requires_grad=True)
h = w * 0.5
for _ in range(30):
    h = wg.sigmoid(h)  # cause
h.backward()

answer = wg.why(w, h)
