"""A ratio guarded by where(): the derivative of 1 / 0 is still multiplied by zero.

cause: 0 * inf
"""

import wengert as wg

counts = wg.tensor([3.0, 0.0, 5.0], requires_grad=True)
total = wg.tensor([6.0, 0.0, 10.0])
ratio = total / counts  # cause
safe = wg.where(counts > 0, ratio, wg.ones(3))
loss = safe.square().sum()
loss.backward()

answer = wg.why(counts, loss)
