"""A filter written with a NumPy-only library: the tensor leaves the graph, and its copy returns.

cause: numpy
"""

import numpy as np

import wengert as wg

signal = wg.linspace(0.0, 1.0, 8).requires_grad_()
gain = wg.tensor(1.5, requires_grad=True)
raw = (signal * 3).detach().numpy()  # cause
smooth = wg.tensor(np.convolve(raw, [0.25, 0.5, 0.25], mode="same"))
energy = (gain * smooth).square().sum()
energy.backward()

answer = wg.why(signal, energy)
