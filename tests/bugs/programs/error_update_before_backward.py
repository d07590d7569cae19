"""Two losses share the weights; the first update overwrites what the second one saved.

cause: sub_
"""

import wengert as wg

w = wg.tensor([1.0, 2.0], requires_grad=True)
v = wg.tensor([0.5, 0.5], requires_grad=True)
actor = (w * v).sum()
critic = (w * v * v).sum()
actor.backward()
with wg.no_grad():
    w.sub_(0.1 * w.grad)  # cause
try:
    critic.backward()
except RuntimeError:
    answer = wg.why()
