"""A probability underflows to zero, and its logarithm is multiplied by a zero target.

cause: log
"""

import wengert as wg

logits = wg.tensor([0.0, 200.0], requires_grad=True)
target = wg.tensor([0.0, 1.0])
p = logits.softmax(0)
logp = wg.log(p)  # cause
loss = -(target * logp).sum()
loss.backward()

answer = wg.why(logits, loss)
