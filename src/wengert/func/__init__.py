"""torch.func's names: transforms of functions, which compose.

>>> import wengert as wg
>>> wg.func.grad(lambda x: x.sin())(wg.tensor(0.0))
tensor(1.)
>>> wg.func.vmap(wg.func.grad(lambda x: x**3))(wg.tensor([1.0, 2.0]))
tensor([ 3., 12.])
"""

from wengert.func.forward import jvp, linearize
from wengert.func.jacobian import hessian, jacfwd, jacrev
from wengert.func.mapping import vmap
from wengert.func.reverse import grad, grad_and_value, value_and_grad, vjp

__all__ = [
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "value_and_grad",
    "vjp",
    "vmap",
]


def __dir__() -> list[str]:
    return __all__
