"""A regulariser of 1e-12 under a fraction bar blows the gradient up.

cause: exploding
"""

import wengert as wg

x = wg.tensor([1e-7, 2e-7], requires_grad=True)
scale = (x * x).sum() + 1e-12
unit = x / scale  # cause
loss = unit.sum()
loss.backward()

answer = wg.why(x, loss)
