"""The distance of a particle to itself: the slope of a square root at zero is infinite.

cause: sqrt
"""

import wengert as wg

positions = wg.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
difference = positions[:, None] - positions[None]
distance = (difference**2).sum(-1).sqrt()  # cause
loss = distance.sum()
loss.backward()

answer = wg.why(positions, loss)
