"""A parameter enters through a conversion of units, once too often.

cause: vanishing
"""

import wengert as wg

length = wg.tensor(2.0, requires_grad=True)
nanometres = length * 1e-12  # cause
signal = wg.sin(nanometres + 0.3)
loss = (signal - 1) ** 2
loss.backward()

answer = wg.why(length, loss)
