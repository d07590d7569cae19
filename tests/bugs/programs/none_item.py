"""A learned temperature goes through .item(), to be printed, and the number is used.

cause: item
"""

import wengert as wg

temperature = wg.tensor(2.0, requires_grad=True)
scale = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
t = temperature.item()  # cause
loss = (scale / t).softmax(0)[0].log().neg()
loss.backward()

answer = wg.why(temperature, loss)
