"""A recurrent matrix with a spectral radius of three, unrolled over thirty steps.

cause: exploding
"""

import wengert as wg

W = wg.tensor([[3.0, 0.0], [0.0, 2.0]])
h0 = wg.tensor([0.1, 0.1], requires_grad=True)
h = h0
for _ in range(30):
    h = W @ h  # cause
loss = h.sum()
loss.backward()

answer = wg.why(h0, loss)
