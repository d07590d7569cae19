"""Indices are computed from a learned position and cast to integers.

cause: to
"""

import wengert as wg

grid = wg.arange(10.0).requires_grad_()
position = wg.tensor([2.3, 7.8], requires_grad=True)
cell = position.long()  # cause
loss = grid[cell].sum()
loss.backward()

answer = wg.why(position, loss)
