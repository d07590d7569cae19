"""A parameter is moved to double precision after requires_grad, as others move it to a device.

cause: non-leaf
"""

import wengert as wg

k = wg.tensor([0.5, 1.5], requires_grad=True).double()  # cause
t = wg.linspace(0.0, 1.0, 2, dtype=wg.float64)
misfit = (wg.exp(-k * t) - 0.5).square().sum()
misfit.backward()

answer = wg.why(k, misfit)
