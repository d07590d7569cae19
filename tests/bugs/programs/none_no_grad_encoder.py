"""The encoder is run under no_grad, a left-over of a time when it was frozen.

cause: no_grad
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 3)
encoder = wg.randn(3, 5, requires_grad=True)
head = wg.randn(5, requires_grad=True)
with wg.no_grad():
    code = wg.relu(x @ encoder)  # cause
loss = (code @ head).square().mean()
loss.backward()

answer = wg.why(encoder, loss)
