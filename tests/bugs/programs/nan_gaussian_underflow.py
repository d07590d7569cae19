"""A mixture in plain probabilities: both components underflow, and 0 / 0 follows in backward.

cause: log
"""

import wengert as wg

x = wg.tensor(50.0)
centres = wg.tensor([0.0, 1.0], requires_grad=True)
density = wg.exp(-0.5 * (x - centres) ** 2)
likelihood = density.sum()
nll = -wg.log(likelihood)  # cause
nll.backward()

answer = wg.why(centres, nll)
