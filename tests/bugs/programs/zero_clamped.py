"""A log variance is clamped, and starts outside of the range.

cause: clamped
"""

import wengert as wg

residual = wg.tensor([0.1, -0.2, 0.3])
log_var = wg.tensor(-30.0, requires_grad=True)
bounded = log_var.clamp(-10.0, 10.0)  # cause
nll = (residual**2 * wg.exp(-bounded) + bounded).mean()
nll.backward()

answer = wg.why(log_var, nll)
