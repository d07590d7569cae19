"""A custom Function treats the mean as a constant: its derivative lacks a term.

cause: Centre
"""

import wengert as wg


class Centre(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x - x.mean()

    @staticmethod
    def backward(ctx, ct):
        return ct


x = wg.tensor([1.0, 2.0, 4.0], requires_grad=True)
y = Centre.apply(x)  # cause
loss = (y**3).sum()

answer = wg.graph(loss).check()
