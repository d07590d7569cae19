"""An intermediate is put on ctx: first derivatives are right, second ones lose a term.

cause: tensor on ctx
"""

import wengert as wg


class ExpSquare(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = wg.exp(x * x)
        ctx.save_for_backward(x)
        ctx.y = y.detach().clone()  # cause
        return y

    @staticmethod
    def backward(ctx, ct):
        (x,) = ctx.saved_tensors
        return ct * 2 * x * ctx.y


x = wg.tensor([0.3, 0.5], dtype=wg.float64, requires_grad=True)

answer = wg.audit(ExpSquare, x)
