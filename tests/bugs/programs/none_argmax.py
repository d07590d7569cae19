"""The class is picked with argmax in the middle of a network: integers have no derivative.

cause: argmax
"""

import wengert as wg

wg.manual_seed(0)
x = wg.randn(6, 4)
W = wg.randn(4, 3, requires_grad=True)
table = wg.randn(3, 2, requires_grad=True)
choice = (x @ W).argmax(1)  # cause
loss = table[choice].square().mean()
loss.backward()

answer = wg.why(W, loss)
