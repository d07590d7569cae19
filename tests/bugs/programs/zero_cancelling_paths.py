"""Probabilities sum to one whatever the logits are: two paths cancel.

cause: cancelling
"""

import wengert as wg

logits = wg.tensor([0.5, -1.0, 2.0], requires_grad=True)
e = logits.exp()
p = e / e.sum()  # cause
total = p.sum()
total.backward()

answer = wg.why(logits, total)
