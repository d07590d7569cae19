"""A custom Function forgets the factor of its derivative.

cause: Square
"""

import wengert as wg


class Square(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, ct):
        (x,) = ctx.saved_tensors
        return ct * x


x = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
h = wg.tanh(x)
y = Square.apply(h)  # cause
loss = wg.exp(y).sum()

answer = wg.graph(loss).check()
