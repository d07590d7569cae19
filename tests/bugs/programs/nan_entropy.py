"""p log p at p = 0, written out: the value is 0 * -inf.

cause: log
"""

import wengert as wg

p = wg.tensor([0.5, 0.5, 0.0], requires_grad=True)
logp = p.log()  # cause
entropy = -(p * logp).sum()
entropy.backward()

answer = wg.why(p, entropy)
