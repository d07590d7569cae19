"""The backward of a product by hand: a transpose is missing, which square matrices let pass.

cause: Product
"""

import wengert as wg


class Product(wg.autograd.Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, ct):
        a, b = ctx.saved_tensors
        return ct @ b, a.T @ ct


wg.manual_seed(0)
a = wg.randn(3, 3, requires_grad=True)
b = wg.randn(3, 3, requires_grad=True)
y = Product.apply(a, b)  # cause
loss = (y * y).mean()

answer = wg.graph(loss).check()
