"""torch.autograd.gradcheck's names: derivatives held against finite differences.

>>> import wengert as wg
>>> x = wg.tensor([1.0, 2.0], dtype=wg.float64, requires_grad=True)
>>> wg.autograd.gradcheck(lambda x: x.sin() * x, x)
True
>>> wg.autograd.gradgradcheck(lambda x: x.sin() * x, x)
True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentValueError, ContradictionError, GradcheckError

if TYPE_CHECKING:
    from wengert.autograd.checks.case import Settings

Function = Callable[..., Any]
Inputs = Any


def gradcheck(
    func: Function, inputs: Inputs, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False, check_forward_ad: bool = False,
    check_backward_ad: bool = True, fast_mode: bool = False, masked: bool | None = None,
) -> bool:  # fmt: skip
    """Whether the derivatives of func(*inputs) agree with central differences of step `eps`.

    inputs: a tensor or several, and what else the function takes; those that require grad are
    checked, and moved in place. func returns a tensor or several. Agreement is allclose with
    `atol` and `rtol`. nondet_tol: by how much two backward passes may differ.
    check_undefined_grad: leave out the gradient of one output at a time. check_batched_grad and
    check_batched_forward_grad: vmap over cotangents and tangents. check_forward_ad,
    check_backward_ad: which modes. fast_mode: along one direction instead of all. masked: gradients
    that should be zero may be tiny. check_grad_dtypes: accepted; the engine always sees to it.

    Raises GradcheckError, or returns False with raise_exception=False. The error names the
    operation inside the function whose local derivative is wrong, and its line; or says that no
    rule is wrong and why the differences are: precision, a kink, a cut, or chance. Raises
    ArgumentValueError where no input requires grad, ShapeError where an input overlaps itself.

    Warns of inputs that are not in double precision.
    """
    if not (check_forward_ad or check_backward_ad):
        raise ContradictionError(
            "gradcheck: expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    _needs("gradcheck", "check_batched_grad", check_batched_grad, check_backward_ad)
    _needs("gradcheck", "check_batched_forward_grad", check_batched_forward_grad, check_forward_ad)
    from wengert.autograd.checks.case import Settings

    settings = Settings(
        eps, atol, rtol, nondet_tol, check_undefined_grad, check_batched_grad,
        check_batched_forward_grad, check_forward_ad, check_backward_ad, fast_mode, bool(masked),
    )  # fmt: skip
    return _checked(func, inputs, settings, raise_exception, None)


def gradgradcheck(
    func: Function, inputs: Inputs, grad_outputs: Any = None, *, eps: float = 1e-6,
    atol: float = 1e-5, rtol: float = 1e-3, gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True, fast_mode: bool = False,
    masked: bool = False,
) -> bool:  # fmt: skip
    """Whether the derivatives of the gradients of func(*inputs) agree with central differences.

    The gradients are functions of the inputs and of `grad_outputs`, the cotangents; left out, these
    are random numbers, gen_non_contig_grad_outputs: in memory with gaps. check_rev_over_rev,
    check_fwd_over_rev: reverse or forward mode over the backward pass. The rest is as in gradcheck.

    >>> import wengert as wg
    >>> x = wg.tensor([1.0, 2.0], dtype=wg.float64, requires_grad=True)
    >>> wg.autograd.gradgradcheck(lambda x: x**3, x, check_fwd_over_rev=True)
    True
    """
    if not (check_fwd_over_rev or check_rev_over_rev):
        raise ContradictionError(
            "gradgradcheck: expected at least one of check_fwd_over_rev or check_rev_over_rev to "
            "be True"
        )
    for name, flag in (
        ("check_undefined_grad", check_undefined_grad),
        ("check_batched_grad", check_batched_grad),
    ):
        _needs("gradgradcheck", name, flag, check_rev_over_rev, "check_rev_over_rev")
    from wengert.autograd.checks.case import Settings
    from wengert.autograd.checks.second import gradient_of

    derivative, given = gradient_of(func, inputs, grad_outputs, gen_non_contig_grad_outputs)
    settings = Settings(
        eps, atol, rtol, nondet_tol, check_undefined_grad, check_batched_grad, False,
        check_fwd_over_rev, check_rev_over_rev, fast_mode, bool(masked),
    )  # fmt: skip
    return _checked(derivative, given, settings, raise_exception, (func, inputs))


def _needs(
    name: str, flag: str, is_set: bool, other: bool, needed: str = "",
) -> None:  # fmt: skip
    mode = needed or ("check_forward_ad" if "forward" in flag else "check_backward_ad")
    if is_set and not other:
        raise ContradictionError(f"{name}: setting {flag}=True requires {mode} to be True")


def _checked(func: Function, inputs: Inputs, settings: Settings, raises: bool, first: Any) -> bool:
    from wengert.autograd.checks.run import run

    if not settings.eps > 0:
        raise ArgumentValueError(
            f"gradcheck: eps must be positive, as the length of a step, not {settings.eps}"
        )
    try:
        run(func, inputs, settings, first)
    except GradcheckError:
        if raises:
            raise
        return False
    return True


__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
