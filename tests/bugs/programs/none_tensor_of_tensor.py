"""Parameters are collected with tensor(), which copies them out of the graph.

cause: tensor
"""

import warnings

import wengert as wg

warnings.simplefilter("ignore")  # as many do
mass = wg.tensor(2.0, requires_grad=True)
speed = wg.tensor([1.0, 2.0], requires_grad=True)
m = wg.tensor(mass.detach())  # cause
energy = (0.5 * m * speed**2).sum()
energy.backward()

answer = wg.why(mass, energy)
