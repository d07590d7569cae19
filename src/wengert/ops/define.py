"""The public functions: what `wengert.sum` and `Tensor.sum` are, and where tests find them.

A public function has torch's signature. It puts its arguments into canonical form and applies
one operation, or is composed of several (the composite kind). An operation that needs no
front is its own public function.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

from wengert.core.into import into
from wengert.core.op import Op
from wengert.core.registry import NUMPY
from wengert.core.tensor import Tensor
from wengert.core.write import in_place as _in_place
from wengert.errors import ArgumentError, WengertError
from wengert.ops.numpy_meaning import with_numpys
from wengert.ops.rooms import Waiting

F = TypeVar("F", bound=Callable[..., Any])


class Function(NamedTuple):
    """A public name: the callable, and what the generated tests need to know of it."""

    name: str
    call: Callable[..., Any]
    torch: str | None  # dotted reference in torch; None with a reason in no_torch
    no_torch: str = ""
    method: bool = True  # also a method of Tensor
    samples: Callable[..., Any] | None = None  # (sampler) -> (args, kwargs)
    differentiable: bool = True
    special: bool = False
    domain: tuple[float, float] = (-3.0, 3.0)
    op: Op | None = None  # the operation, if the function is nothing else
    home: str = ""  # the module that defines it
    in_place: bool = False  # also Tensor.<name>_, which writes the result into the tensor

    @property
    def in_namespace(self) -> bool:
        """Whether it is `wengert.<name>`; some are methods of Tensor only, or in a room."""
        return not ((self.torch or "").startswith("Tensor.") or "." in self.name)


FUNCTIONS: Final[dict[str, Function]] = {}
"""Every public function by name. Filled at import, read-only afterwards."""

_ALIASES: Final = {"axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input"}


def public(
    *,
    torch: str | None = None,
    no_torch: str = "",
    method: bool = True,
    samples: Callable[..., Any] | None = None,
    differentiable: bool = True,
    numpy: tuple[Callable[..., Any], ...] = (),
    names: tuple[str, ...] = (),
    in_place: bool = False,
    room: str = "",
    out: bool = True,
) -> Callable[[F], F]:
    """Register a function under its name and `names`: namespace, method, tests, NumPy.

    `axis` and `keepdims` are accepted wherever the function has `dim` and `keepdim`. room: the
    part of the namespace where its own name stands, such as "linalg"; `names` stand outside. out:
    whether `out=` may be given; what does without it, and has no other names, is called directly.
    """

    def enter(function: F) -> F:
        called: Any = _as_called(function, out)
        own = function.__name__.rstrip("_") or function.__name__
        for name in (f"{room}.{own}" if room else own, *names):
            entry = Function(
                name, called, torch, no_torch, method and "." not in name, samples,
                differentiable, home=function.__module__, in_place=in_place,
            )  # fmt: skip
            _enter(entry, numpy)
        result: F = called
        return result

    return enter


def publish(op: Op, *names: str, method: bool = True, in_place: bool = False) -> Op:
    """Make an operation its own public function, under its name and further ones."""
    with suppress(AttributeError):  # where core/ is built by mypyc, an Op has no room for it
        op.__name__ = op.name  # type: ignore[attr-defined]  # as a function has one
        op.__doc__ = _description(op)
    home = sys._getframe(1).f_globals["__name__"]
    for name in (op.name, *names):
        entry = Function(
            name, op, op.torch, op.no_torch, method, op.samples, op.differentiable,
            op.special and op.kind == "elementwise", op.domain, op, home, in_place,
        )  # fmt: skip
        _enter(entry, op.numpy)
    return op


def _description(op: Op) -> str:
    """What help() shows: the call, the slope, the formula."""
    slope = f"{op.explain[:1].upper()}{op.explain[1:]}." if op.explain else ""
    reference = f"torch.{op.torch}" if op.torch else op.no_torch
    call = f"{op.name}({', '.join(op.inputs)}), element by element; {reference}."
    return "\n\n".join(filter(None, (call, slope, op.source)))


def _enter(entry: Function, numpy: tuple[Callable[..., Any], ...]) -> None:
    if entry.name in FUNCTIONS:
        raise ValueError(f"the function {entry.name!r} is defined twice")
    FUNCTIONS[entry.name] = entry
    for function in numpy:
        NUMPY[function] = entry.call
    if entry.method and _is_free(entry.name):
        setattr(Tensor, entry.name, with_numpys(entry.name, _as_method(entry)))
    if entry.in_place:
        _add_in_place(entry)


def _is_free(name: str) -> bool:
    """Whether Tensor has no such method, or one that waits for its room, which is this one."""
    return isinstance(vars(Tensor).get(name), Waiting) or not hasattr(Tensor, name)


def _as_method(entry: Function) -> Callable[..., Any]:
    """A plain function, so that it binds: Op objects and wrapped functions alike."""
    call = entry.call
    if not isinstance(call, Op):
        return call

    @functools.wraps(call.__call__)
    def bound(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return call(self, *args, **kwargs)

    bound.__name__ = bound.__qualname__ = entry.name
    bound.__doc__ = f"wengert.{entry.name} of this tensor."
    return bound


def _as_called(function: Callable[..., Any], takes_out: bool) -> Callable[..., Any]:
    """The function as users call it: NumPy's names of arguments too, and bad input explained."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    aliases = {a: b for a, b in _ALIASES.items() if b in names and a not in names}
    takes_input = names[:1] == ("input",)
    if not (takes_out or aliases or takes_input):
        return function
    takes_dtype, has_out = "dtype" in names and not takes_input, "out" in names
    own, shown = f"{function.__name__}() ", f"{function.__name__.rstrip('_')}() "

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            kwargs = {aliases.get(name, name): value for name, value in kwargs.items()}
            if "out" in kwargs and not has_out:
                out = kwargs.pop("out")
                if takes_dtype and isinstance(out, Tensor):  # a factory fills what it is given
                    kwargs.setdefault("dtype", out.dtype)
                return into(shown[:-3], called, args, kwargs, out)
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            if str(error).startswith(own):  # sum_() got an unexpected keyword argument 'dims'
                raise ArgumentError(shown + str(error)[len(own) :]) from None
            given = args[0] if args else kwargs.get("input")
            if not takes_input or isinstance(error, WengertError) or isinstance(given, Tensor):
                raise
            raise _no_tensor(function.__name__.rstrip("_"), given) from None

    return called


def _no_tensor(name: str, given: Any) -> ArgumentError:
    return ArgumentError(
        f"{name}: input must be a tensor, not {type(given).__name__}",
        "Make a tensor of it first: wengert.tensor(...).",
    )


def method(target: type) -> Callable[[F], F]:
    """Add a function of a layer above to a class of the core, as a method under its own name."""

    def attach(function: F) -> F:
        setattr(target, function.__name__, function)
        return function

    return attach


def _add_in_place(entry: Function) -> None:
    """Tensor.<name>_: computed, written into the tensor's own memory, recorded."""
    call = entry.call

    def change(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return _in_place(call, self, *args, **kwargs)

    change.__name__ = change.__qualname__ = entry.name + "_"
    change.__doc__ = f"{entry.name} of this tensor, written into its own memory."
    setattr(Tensor, change.__name__, change)
