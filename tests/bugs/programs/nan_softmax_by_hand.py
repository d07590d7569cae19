"""exp overflows in a softmax written out: infinity by infinity.

cause: exp
"""

import wengert as wg

scores = wg.tensor([100.0, 50.0, 1.0], requires_grad=True)
e = wg.exp(scores)  # cause
p = e / e.sum()
loss = -wg.log(p[2] + 1e-9)
loss.backward()

answer = wg.why(scores, loss)
