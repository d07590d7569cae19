"""A function for validation turns gradients off and returns early, before it turns them on.

cause: no_grad
"""

import wengert as wg

w = wg.tensor([0.3, 0.7], requires_grad=True)
scale = wg.tensor(2.0, requires_grad=True)


def validate(early):
    wg.set_grad_enabled(False)
    if early:
        return
    wg.set_grad_enabled(True)


validate(early=True)
p = w.softmax(0)  # cause
wg.set_grad_enabled(True)
loss = -(p.log() * scale).sum()
loss.backward()

answer = wg.why(w, loss)
