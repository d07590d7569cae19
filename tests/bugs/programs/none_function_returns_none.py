"""A custom Function returns None for its second input.

cause: Linear
"""

import wengert as wg


class Linear(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x @ w

    @staticmethod
    def backward(ctx, ct):
        _, w = ctx.saved_tensors
        return ct @ w.T, None


x = wg.ones(2, 3, requires_grad=True)
w = wg.ones(3, 2, requires_grad=True)
y = Linear.apply(x, w)  # cause
loss = y.sum()
loss.backward()

answer = wg.why(w, loss)
