"""The formula of a custom Function divides by its input, which is zero in one place.

cause: Sinc
"""

import wengert as wg


class Sinc(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return wg.where(x == 0, wg.ones_like(x), wg.sin(x) / x)

    @staticmethod
    def backward(ctx, ct):
        (x,) = ctx.saved_tensors
        return ct * (x * wg.cos(x) - wg.sin(x)) / x**2


x = wg.tensor([1.0, 0.0], requires_grad=True)
y = Sinc.apply(x)  # cause
loss = y.sum()
loss.backward()

answer = wg.why(x, loss)
