"""The update rebinds w instead of changing it in place: from the second step on w is no leaf.

cause: non-leaf
"""

import wengert as wg

w = wg.tensor([1.0, -1.0], requires_grad=True)
loss = (w**2).sum()
loss.backward()
w = w - 0.1 * w.grad  # cause
loss = (w**2).sum()
loss.backward()

answer = wg.why(w, loss)
