"""An intermediate is put on ctx: first derivatives are right, second ones lose a term.

cause: intermediate
"""

import wengert as wg


class ExpSquare(wg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = wg.exp(x * x)
        ctx.x = x
        ctx.y = y.detach().clone()
        return y

    @staticmethod
    def backward(ctx, ct):
        return ct * 2 * ctx.x * ctx.y  # cause


x = wg.tensor([0.3, 0.5], dtype=wg.float64, requires_grad=True)

answer = wg.audit(ExpSquare, x)
