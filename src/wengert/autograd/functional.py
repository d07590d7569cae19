"""torch.autograd.functional: derivatives of functions as numbers, thin calls onto the transforms.

>>> import wengert as wg
>>> wg.autograd.functional.jacobian(lambda x: x**2, wg.tensor([1.0, 2.0]))
tensor([[2., 0.],
        [0., 4.]])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from wengert.autograd.backward import grad
from wengert.core.fast import make_leaf
from wengert.core.handles import fresh
from wengert.core.registry import OPS
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError, ArgumentValueError, GradientError, ShapeError
from wengert.func.jacobian import basis_of, jacfwd
from wengert.func.jacobian import hessian as forward_over_reverse
from wengert.modes import using
from wengert.transform.aliases import zero_leaf

Function = Callable[..., Any]
Tensors = Tensor | tuple[Tensor, ...]

_REDUCE: Final = "Reduce it first, as in loss.sum(); jacobian takes functions of any shape."


def _tuple(name: str, what: str, value: Any) -> tuple[tuple[Tensor, ...], bool]:
    """The tensors as a tuple, and whether a tuple was given."""
    several = isinstance(value, (tuple, list))
    values = tuple(value) if several else (value,)
    for i, v in enumerate(values):
        if not isinstance(v, Tensor):
            raise ArgumentError(
                f"{name}: the {what} must be either a tensor or a tuple of tensors, but entry {i} "
                f"has type {type(v).__name__}"
            )
    return values, several


def _leaves(inputs: tuple[Tensor, ...], create_graph: bool) -> tuple[Tensor, ...]:
    """Aliases of the inputs to differentiate with respect to; cut off unless create_graph."""
    made: list[Tensor] = []
    for x in inputs:
        alias: Any = OPS["alias"](x) if create_graph else x.detach()
        if alias._node is None:
            make_leaf(alias)
        made.append(alias)
    return tuple(made)


def _run(
    name: str, func: Function, inputs: Tensors, create_graph: bool
) -> tuple[tuple[Tensor, ...], bool, tuple[Tensor, ...], bool]:
    """The leaves and the outputs of a run, and whether each was a tuple."""
    given, several_in = _tuple(name, "inputs given to the function", inputs)
    with using(grad=True):
        leaves = _leaves(given, create_graph)
        result = func(*leaves)
    outputs, several_out = _tuple(name, "outputs of the function", result)
    return leaves, several_in, outputs, several_out


def _cotangents(name: str, given: Any, values: tuple[Tensor, ...], what: str) -> tuple[Tensor, ...]:
    """v as a tuple that fits; may be left out for one element."""
    if given is None:
        if len(values) != 1 or values[0]._data.size != 1:
            raise GradientError(
                f"{name}: the vector v can only be None if the {what} is a single tensor with a "
                "single element",
                f"Give one tensor for each, in its shape: {[tuple(v.shape) for v in values]}.",
            )
        return (fresh(np.ones(values[0]._data.shape, values[0]._data.dtype)[()]),)
    vectors, _ = _tuple(name, "vector v", given)
    if len(vectors) != len(values):
        raise GradientError(f"{name}: v has {len(vectors)} entries, and there are {len(values)}")
    for i, (v, value) in enumerate(zip(vectors, values, strict=True)):
        if v._data.shape != value._data.shape:
            raise ShapeError(
                f"{name}: v has invalid size: entry {i} should be {tuple(value.shape)}, but got "
                f"{tuple(v.shape)}"
            )
    return vectors


def _gradients(
    name: str, outputs: tuple[Tensor, ...], inputs: tuple[Tensor, ...],
    cotangents: tuple[Tensor, ...], create_graph: bool, strict: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Cotangents pulled back; zeros, or with strict an error, where there is no dependence."""
    pairs = [(o, c) for o, c in zip(outputs, cotangents, strict=True) if o.requires_grad]
    if strict and len(pairs) < len(outputs):
        raise GradientError(
            f"{name}: an output of the function does not require gradients",
            "It depends on no input, or its history was cut; strict=False gives zeros.",
        )
    if not pairs:
        return tuple(_zeros(x) for x in inputs)
    outs, cts = zip(*pairs, strict=True)
    found = grad(outs, inputs, cts, create_graph=create_graph, retain_graph=True, allow_unused=True)
    for i, g in enumerate(found):
        if strict and g is None:
            raise GradientError(
                f"{name}: the function is independent of input {i}", "strict=False gives zeros."
            )
    return tuple(_zeros(x) if g is None else g for x, g in zip(inputs, found, strict=True))


def _zeros(like: Tensor) -> Tensor:
    return fresh(np.zeros(like._data.shape, like._data.dtype)[()])


def _shaped(values: tuple[Any, ...], several: bool, create_graph: bool) -> Any:
    """Results as they were given: a tuple or one; cut off unless create_graph."""
    kept = values if create_graph else tuple(v if v._node is None else v.detach() for v in values)
    return kept if several else kept[0]


def vjp(
    func: Function, inputs: Tensors, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, v^T J): the cotangents v of the outputs pulled back to the inputs."""
    leaves, several_in, outputs, several_out = _run("vjp", func, inputs, create_graph)
    cotangents = _cotangents("vjp", v, outputs, "output")
    found = _gradients("vjp", outputs, leaves, cotangents, create_graph, strict)
    return _shaped(outputs, several_out, create_graph), _shaped(found, several_in, create_graph)


def jvp(
    func: Function, inputs: Tensors, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, J v): the tangents v of the inputs pushed to the outputs, by reverse mode twice."""
    leaves, _, outputs, several_out = _run("jvp", func, inputs, create_graph)
    tangents = _cotangents("jvp", v, leaves, "input")
    with using(grad=True):
        seeds = tuple(zero_leaf(o) for o in outputs)
        pulled = _gradients("jvp", outputs, leaves, seeds, True, strict)
        found = _gradients("jvp", pulled, seeds, tangents, create_graph, False)
    return _shaped(outputs, several_out, create_graph), _shaped(found, several_out, create_graph)


def jacobian(
    func: Function, inputs: Tensors, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Jacobian: shape output + input; tuples for several outputs and inputs.

    vectorize: all rows in one sweep. strategy: "forward-mode" takes columns, and needs vectorize.
    strict: an output that does not depend on an input raises GradientError.
    """
    _check_strategy("jacobian", strategy, create_graph, strict, vectorize)
    if strategy == "forward-mode":
        given, several = _tuple("jacobian", "inputs given to the function", inputs)
        found = jacfwd(func, tuple(range(len(given))))(*given)
        return found if several else _only(found)
    leaves, several_in, outputs, several_out = _run("jacobian", func, inputs, create_graph)
    if not vectorize:
        _check_real(outputs)
    if vectorize:
        blocks = _rows_at_once(outputs, leaves, create_graph)
    else:
        blocks = [_rows_in_turn(o, leaves, create_graph, strict) for o in outputs]
    rows = tuple(_shaped(block, several_in, create_graph) for block in blocks)
    return rows if several_out else rows[0]


def _check_real(outputs: Iterable[Tensor]) -> None:
    """Raise GradientError for complex outputs, whose rows are no gradients."""
    for i, output in enumerate(outputs):
        if output.is_complex():
            raise GradientError(
                f"jacobian: grad can be implicitly created only for real outputs, and output {i} "
                f"is {output.dtype}",
                "Return real and imaginary part: wengert.view_as_real(y).",
            )


def _check_strategy(
    name: str, strategy: str, create_graph: bool, strict: bool, vectorize: bool
) -> None:
    """Raise for options that exclude each other."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise ArgumentValueError(
            f"{name}: unknown strategy {strategy!r}", 'It is "reverse-mode" or "forward-mode".'
        )
    if strict and vectorize:
        raise GradientError(f"{name}: strict=True and vectorize=True are not supported together")
    if strategy == "forward-mode" and (strict or create_graph or not vectorize):
        raise ArgumentValueError(
            f"{name}: forward mode needs vectorize=True, without strict and create_graph"
        )


def _only(found: Any) -> Any:
    """Jacobians by the one input there is, out of their tuples."""
    return tuple(map(_only, found)) if isinstance(found[0], tuple) else found[0]


def _rows_in_turn(
    output: Tensor, inputs: tuple[Tensor, ...], create_graph: bool, strict: bool
) -> tuple[Tensor, ...]:
    """The Jacobian of one output by each input, a sweep per row."""
    shape, size = tuple(output._data.shape), int(output._data.size)
    basis = np.eye(size, dtype=output._data.dtype).reshape((size, *shape))
    each = [
        _gradients("jacobian", (output,), inputs, (fresh(b[()]),), create_graph, strict)
        for b in basis
    ]
    if not size:
        return tuple(_zero_block(output, x) for x in inputs)
    return tuple(
        OPS["stack"](*rows, dim=0).reshape((*shape, *x._data.shape))
        for rows, x in zip(zip(*each, strict=True), inputs, strict=True)
    )


def _rows_at_once(
    outputs: tuple[Tensor, ...], inputs: tuple[Tensor, ...], create_graph: bool
) -> list[tuple[Tensor, ...]]:
    """The Jacobians of all outputs by each input, in one sweep of a batch of cotangents."""
    wanted = [o for o in outputs if o.requires_grad and o._data.size]
    if not wanted:
        return [tuple(_zero_block(o, x) for x in inputs) for o in outputs]
    found = grad(
        wanted, inputs, basis_of(wanted), create_graph=create_graph, retain_graph=True,
        allow_unused=True, is_grads_batched=True,
    )  # fmt: skip
    blocks: list[tuple[Tensor, ...]] = []
    start = 0
    for output in outputs:
        size = int(output._data.size) if output.requires_grad else 0
        pairs = zip(found, inputs, strict=True)
        blocks.append(tuple(_block(rows, start, size, output, x) for rows, x in pairs))
        start += size
    return blocks


def _block(rows: Tensor | None, start: int, size: int, output: Tensor, x: Tensor) -> Any:
    """The Jacobian of one output by one input, out of the rows of all outputs."""
    if rows is None or not size:
        return _zero_block(output, x)
    if len(rows._data) > size:
        rows = rows.narrow(0, start, size)
    shape = (*output._data.shape, *x._data.shape)
    return rows if rows._data.shape == shape else rows.reshape(shape)


def _zero_block(output: Tensor, x: Tensor) -> Tensor:
    return fresh(np.zeros((*output._data.shape, *x._data.shape), x._data.dtype)[()])


def hessian(
    func: Function, inputs: Tensors, create_graph: bool = False, strict: bool = False,
    vectorize: bool = False, outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The Hessian of a function that returns one number: shape input + input, tuples for several.

    outer_jacobian_strategy="forward-mode" is forward over reverse mode, with vectorize.
    """
    _check_strategy("hessian", outer_jacobian_strategy, create_graph, strict, vectorize)
    given, several = _tuple("hessian", "inputs given to the function", inputs)
    if outer_jacobian_strategy == "forward-mode":
        found = forward_over_reverse(func, tuple(range(len(given))))(*given)
        return found if several else found[0][0]

    def gradient(*leaves: Tensor) -> Any:
        outputs, several_out = _tuple("hessian", "outputs of the function", func(*leaves))
        if several_out or outputs[0]._data.size != 1:
            raise GradientError("hessian: the function should return a single value", _REDUCE)
        one = fresh(np.ones(outputs[0]._data.shape, outputs[0]._data.dtype)[()])
        return _gradients("hessian", outputs, leaves, (one,), True, strict)

    found = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if several else found[0][0]


def vhp(
    func: Function, inputs: Tensors, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(value, v^T H) for a function that returns one number."""
    leaves, several, outputs, _ = _run("vhp", func, inputs, create_graph)
    vectors = _cotangents("vhp", v, leaves, "input")
    found = _hessian_product("vhp", outputs, leaves, vectors, create_graph, strict)
    return _shaped(outputs, False, create_graph), _shaped(found, several, create_graph)


def hvp(
    func: Function, inputs: Tensors, v: Any = None, create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """(value, H v) for a function that returns one number: vhp, as Hessians are symmetric."""
    return vhp(func, inputs, v, create_graph, strict)


def _hessian_product(
    name: str, outputs: tuple[Tensor, ...], leaves: tuple[Tensor, ...],
    vectors: tuple[Tensor, ...], create_graph: bool, strict: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    if len(outputs) != 1 or outputs[0]._data.size != 1:
        raise GradientError(f"{name}: the function should return a single value", _REDUCE)
    one = fresh(np.ones(outputs[0]._data.shape, outputs[0]._data.dtype)[()])
    with using(grad=True):
        first = _gradients(name, outputs, leaves, (one,), True, strict)
    return _gradients(name, first, leaves, vectors, create_graph, strict)


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]
