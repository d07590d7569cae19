"""The angle between parallel vectors: acos has an infinite slope at 1.

cause: acos
"""

import wengert as wg

u = wg.tensor([1.0, 0.0], requires_grad=True)
v = wg.tensor([1.0, 0.0])
cosine = u @ v
angle = wg.acos(cosine)  # cause
angle.backward()

answer = wg.why(u, angle)
