"""zero_grad stands between backward() and the update.

cause: reset
"""

import wengert as wg

w = wg.tensor([1.0, 2.0], requires_grad=True)
loss = (w * w).sum()
loss.backward()  # cause
w.grad = None

answer = wg.why(w, loss)
