"""The second head was renamed, and the loss uses the first one twice.

cause: unused
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 3)
trunk = wg.randn(3, 4, requires_grad=True)
left = wg.randn(4, requires_grad=True)
right = wg.randn(4, requires_grad=True)
h = wg.tanh(x @ trunk)
loss = (h @ left).square().mean() + (h @ left).abs().mean()  # cause
loss.backward()

answer = wg.why(right, loss)
