"""Nobody asked for the gradient: the parameter was made without requires_grad.

cause: does not require grad
"""

import wengert as wg

slope = wg.tensor(0.5)
offset = wg.tensor(0.1, requires_grad=True)
misfit = (slope * offset - 2).square()  # cause
misfit.backward()

answer = wg.why(slope, misfit)
