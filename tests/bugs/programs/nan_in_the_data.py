"""One measurement is missing, and was read as NaN.

cause: input
"""

import wengert as wg

t = wg.tensor([0.0, 1.0, 2.0])
seen = wg.tensor([1.0, float("nan"), 3.0])  # cause
slope = wg.tensor(1.0, requires_grad=True)
misfit = ((slope * t - seen) ** 2).mean()
misfit.backward()

answer = wg.why(slope, misfit)
