"""One measurement is missing, and was read as NaN.

cause: constant seen
"""

import wengert as wg

t = wg.tensor([0.0, 1.0, 2.0])
seen = wg.tensor([1.0, float("nan"), 3.0])
slope = wg.tensor(1.0, requires_grad=True)
misfit = ((slope * t - seen) ** 2).mean()  # cause
misfit.backward()

answer = wg.why(slope, misfit)
