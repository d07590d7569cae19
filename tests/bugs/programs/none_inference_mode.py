"""Features are computed in inference_mode, and the head alone is trained, not by intention.

cause: inference_mode
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(8, 3)
features = wg.randn(3, 3, requires_grad=True)
scale = wg.ones(3, requires_grad=True)
with wg.inference_mode():
    h = wg.tanh(x @ features)  # cause
loss = (h.clone() * scale).mean()
loss.backward()

answer = wg.why(features, loss)
