"""A fractional power of a number that a step of the optimiser made negative.

cause: pow
"""

import wengert as wg

radius = wg.tensor([1.0, 0.2], requires_grad=True)
shrunk = radius - 0.5
volume = shrunk**1.5  # cause
loss = volume.sum()
loss.backward()

answer = wg.why(radius, loss)
