"""The update is written under no_grad but rebinds w: the new w does not require grad at all.

cause: no_grad
"""

import wengert as wg

w = wg.tensor([1.0, -1.0], requires_grad=True)
b = wg.tensor(0.5, requires_grad=True)
loss = (w**2).sum() + b
loss.backward()
with wg.no_grad():
    w = w - 0.1 * w.grad  # cause
loss = (w**2).sum() + b
loss.backward()

answer = wg.why(w, loss)
