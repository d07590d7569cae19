"""A Function inside a map: by the vmap that it defines, or by its own code on mapped tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from wengert.autograd.custom import undefined
from wengert.autograd.custom.call import Call, Returned
from wengert.autograd.custom.node import place_of
from wengert.core.node import Node
from wengert.core.tensor import Tensor
from wengert.errors import BatchingError
from wengert.modes import State, current, entered
from wengert.transform.batch import Batched, BatchLevel
from wengert.transform.tree import flatten, spread


class VmapInfo(NamedTuple):
    """What a vmap staticmethod is told: the number of slices, and how random numbers are drawn."""

    batch_size: int
    randomness: str


def applied(call: Call, level: BatchLevel) -> Any:
    """What the Function returns for arguments that are mapped at this level."""
    from wengert.autograd.custom.apply import finished

    _check_rules(call)
    state = current()
    if level not in state.levels:
        raise BatchingError(
            f"{call.name}: a tensor of a vmap is used outside of it",
            "Return it from the mapped function instead.",
        )
    index = state.levels.index(level)
    output = _computed(call, level, state.below(index))
    ctx = call.context()
    call.set_up(ctx, output)
    sources = [_inner_node(level, t) for t in call.tensors]
    return finished(call, ctx, output, sources, state.levels[index + 1 :], state)


def _check_rules(call: Call) -> None:
    function, name = call.function, call.name
    has_rule = function.vmap is not undefined.vmap
    if not call.splits:
        raise BatchingError(
            f"{name}: in order to use an autograd.Function with vmap, it must override the "
            "setup_context staticmethod",
            "Write forward(x, ...) without ctx, and setup_context(ctx, inputs, output).",
        )
    if has_rule and function.generate_vmap_rule:
        raise BatchingError(
            f"{name} has both generate_vmap_rule=True and a vmap staticmethod",
            "Delete one of them.",
        )
    if not has_rule and not function.generate_vmap_rule:
        raise BatchingError(
            f"You tried to vmap over {name}, but it does not have vmap support",
            "Set generate_vmap_rule = True if forward and backward are written with operations on "
            "tensors, or define the vmap staticmethod.",
        )


def _inner_node(level: BatchLevel, tensor: Tensor) -> Node | None:
    """The node of an argument that was made inside this map; those of others are seen below."""
    from wengert.autograd.custom.apply import node_of

    is_of_level = isinstance(tensor, Batched) and tensor._at is level
    return node_of(tensor) if is_of_level else None


def _computed(call: Call, level: BatchLevel, below: State) -> Any:
    """The outputs as tensors of this level; inputs that are returned stay themselves."""
    from wengert.autograd.custom.apply import applied as plain

    values = [_value_at(level, a) for a in call.args]
    in_dims = tuple(0 if is_mapped(level, a) else None for a in call.args)
    function: Any = call.function
    with entered(below):
        if all(dim is None for dim in in_dims):
            output = plain(call.but(values))
            out_dims: Any = None
        elif function.generate_vmap_rule:
            from wengert.autograd.custom.generated import applied as generated

            output, out_dims = generated(call, level, values, in_dims)
        else:
            info = VmapInfo(level.size, level.randomness)
            output, out_dims = _checked(
                call, call.but(values).given_to(function.vmap, info, in_dims)
            )
        dims = _spread(call, out_dims, output)
        returned = Returned(output)
        moved = [_moved(v, d) for v, d in zip(returned.values, dims, strict=True)]
    made = [
        _lifted(level, call, values, old, new, dim)
        for old, new, dim in zip(returned.values, moved, dims, strict=True)
    ]
    return returned.wrapped(made)


def _value_at(level: BatchLevel, value: Any) -> Any:
    """An argument as the lower level sees it."""
    return value._value if isinstance(value, Batched) and value._at is level else value


def is_mapped(level: BatchLevel, value: Any) -> bool:
    """Whether an argument differs from slice to slice."""
    return isinstance(value, Batched) and value._at is level and value._mapped


def _checked(call: Call, result: Any) -> tuple[Any, Any]:
    """What a vmap staticmethod returned, if it is a pair."""
    if isinstance(result, tuple) and len(result) == 2:
        return result
    got = f"{len(result)} values" if isinstance(result, tuple) else f"a {type(result).__name__}"
    raise BatchingError(
        f"{call.name}: expected the vmap staticmethod to have two returns, an output and out_dims "
        f"with a structure compatible with the output; got {got}\n"
        f"  vmap is {place_of(call.function.vmap)}",
        "return output, 0 where the mapped dimension of the output comes first.",
    )


def _spread(call: Call, out_dims: Any, output: Any) -> Sequence[Any]:
    """One out_dim per output."""
    leaves, spec = flatten(list(output) if isinstance(output, (tuple, list)) else output)
    prefix = list(out_dims) if isinstance(out_dims, (tuple, list)) else out_dims
    dims = spread(prefix, spec)
    if dims is None or len(dims) != len(leaves):
        raise BatchingError(
            f"{call.name}: the vmap staticmethod returned an incompatible (output, out_dims) tuple:"
            f" out_dims is {out_dims}, and there are {len(leaves)} outputs\n"
            f"  vmap is {place_of(call.function.vmap)}",
            "One dimension per output, None for outputs that are not mapped.",
        )
    return dims


def _moved(value: Any, dim: Any) -> Any:
    """An output with the mapped dimension in front."""
    return value.movedim(dim, 0) if isinstance(value, Tensor) and dim else value


def _lifted(
    level: BatchLevel, call: Call, values: Sequence[Any], old: Any, new: Any, dim: Any
) -> Any:
    """An output as a tensor of this level."""
    if not isinstance(old, Tensor):
        return old
    for value, argument in zip(values, call.args, strict=True):
        if value is old and isinstance(argument, Batched):
            return argument
    return level.lift(new, mapped=dim is not None)
