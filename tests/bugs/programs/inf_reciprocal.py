"""A potential is evaluated at its pole.

cause: reciprocal
"""

import wengert as wg

r = wg.tensor([2.0, 0.0], requires_grad=True)
potential = wg.reciprocal(r)  # cause
energy = potential.sum()
energy.backward()

answer = wg.why(r, energy)
