"""A row of a saved matrix is normalised in place, through a view.

cause: div_
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(3, 3, requires_grad=True)
y = x * 2
z = y * y
y[0].div_(10.0)  # cause
loss = z.sum()
try:
    loss.backward()
except RuntimeError:
    answer = wg.why()
