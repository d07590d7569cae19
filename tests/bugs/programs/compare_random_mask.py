"""A mask is drawn anew in what should be the same run.

cause: mask
"""

import wengert as wg


def model(x):
    h = wg.tanh(x)
    mask = wg.bernoulli(wg.full((8,), 0.5))
    return (h * mask).sum()  # cause


x = wg.linspace(-1.0, 1.0, 8).requires_grad_()
wg.manual_seed(0)

answer = wg.graph(model(x)).compare(wg.graph(model(x)))
