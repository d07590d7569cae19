"""where() guards the square root, but the branch not taken is differentiated all the same.

cause: 0 * inf
"""

import wengert as wg

x = wg.tensor([4.0, 0.0, 9.0], requires_grad=True)
root = wg.sqrt(x)  # cause
y = wg.where(x > 0, root, wg.zeros(3))
loss = y.sum()
loss.backward()

answer = wg.why(x, loss)
