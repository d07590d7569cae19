"""Two log-likelihoods underflow to -inf, and their difference is taken.

cause: log
"""

import wengert as wg

z = wg.tensor([20.0, 21.0], requires_grad=True)
tail = wg.exp(-(z**2))
logs = wg.log(tail)  # cause
ratio = logs[0] - logs[1]
ratio.backward()

answer = wg.why(z, ratio)
