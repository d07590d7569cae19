"""The mask selects nothing: every element takes the other branch of where.

cause: masked
"""

import wengert as wg

t = wg.linspace(0.0, 1.0, 6)
rate = wg.tensor(3.0, requires_grad=True)
active = t > 2.0
response = wg.where(active, wg.exp(-rate * t), wg.zeros(6))  # cause
loss = (response - 1).square().sum()
loss.backward()

answer = wg.why(rate, loss)
