"""A hard threshold as an activation: the comparison gives booleans, and float() is too late.

cause: gt
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(10, 3)
w = wg.randn(3, requires_grad=True)
b = wg.tensor(0.1, requires_grad=True)
fires = (x @ w) > 0  # cause
rate = fires.float().mean()
loss = (rate - b) ** 2
loss.backward()

answer = wg.why(w, loss)
