"""Nobody asked for the gradient: the parameter was made without requires_grad.

cause: does not require grad
"""

import wengert as wg

slope = wg.tensor(0.5)  # cause
offset = wg.tensor(0.1, requires_grad=True)
t = wg.linspace(0.0, 1.0, 5)
misfit = (slope * t + offset - 2 * t).square().mean()
misfit.backward()

answer = wg.why(slope, misfit)
