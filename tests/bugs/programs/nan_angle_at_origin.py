"""Polar coordinates at the origin: the angle has no derivative there.

cause: atan2
"""

import wengert as wg

xy = wg.tensor([0.0, 0.0], requires_grad=True)
angle = wg.atan2(xy[1], xy[0])  # cause
loss = (angle - 1.0) ** 2
loss.backward()

answer = wg.why(xy, loss)
