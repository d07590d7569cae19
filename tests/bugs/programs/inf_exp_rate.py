"""A rate in logarithms is far too large, and its exponential overflows.

cause: exp
"""

import wengert as wg

log_rate = wg.tensor([1.0, 95.0], requires_grad=True)
rate = wg.exp(log_rate)  # cause
nll = rate.sum() - log_rate.sum()
nll.backward()

answer = wg.why(log_rate, nll)
