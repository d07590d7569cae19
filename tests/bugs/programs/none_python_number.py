"""math.exp instead of wg.exp: it takes the tensor for a number.

cause: float
"""

import math

import wengert as wg

rate = wg.tensor(0.7, requires_grad=True)
amplitude = wg.tensor(2.0, requires_grad=True)
decay = math.exp(-rate)  # cause
loss = (amplitude * decay - 1) ** 2
loss.backward()

answer = wg.why(rate, loss)
