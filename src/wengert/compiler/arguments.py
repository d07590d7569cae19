"""What a compiled function is called with: the data, and what the program is specialised by."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from wengert.core.aval import Aval, stand_in
from wengert.core.dtype import default_float, dtype_of
from wengert.core.handles import _new
from wengert.core.tensor import Tensor
from wengert.errors import ArgumentError
from wengert.modes import current
from wengert.transform.tree import Spec, flatten, tree_map, unflatten


class Static:
    """An argument that is a part of the program: for each value, a program of its own."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def key(self, name: str) -> Hashable:
        """What tells it from other values of the argument `name`."""
        try:
            hash(self.value)
        except TypeError:
            raise ArgumentError(
                f"compile: the static argument {name} is a {type(self.value).__name__}, "
                "which cannot be told from others",
                "Give something hashable: a tuple instead of a list.",
            ) from None
        return _told_apart(self.value)


def _told_apart(value: Any) -> Hashable:
    """A key that differs where equal values do not compute the same: 1, 1.0, True; 0, -0."""
    if isinstance(value, (bool, int, float, complex, np.generic)):
        return type(value), repr(value)
    if isinstance(value, tuple):
        return type(value), tuple(map(_told_apart, value))
    return type(value), value


class Call(NamedTuple):
    """One call, taken apart: its leaves, tensors and arrays and numbers and Statics, in order."""

    leaves: list[Any]
    names: list[str]
    spec: Spec

    def data(self) -> list[Any]:
        """The leaves that are computed with."""
        return [leaf for leaf in self.leaves if type(leaf) is not Static]

    def data_names(self) -> list[str]:
        """What those are called, after the parameters."""
        pairs = zip(self.names, self.leaves, strict=True)
        return [name for name, leaf in pairs if type(leaf) is not Static]

    def with_data(self, data: Iterator[Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments like those of the call, with other data in them."""
        leaves = [leaf.value if type(leaf) is Static else next(data) for leaf in self.leaves]
        args, kwargs = unflatten(leaves, self.spec)
        return args, kwargs

    def key(self) -> Hashable:
        """All that the program depends on."""
        return self.spec, tuple(_facts(self)), _modes()

    def described(self) -> dict[str, str]:
        """The same in words, by name: for the warning that says what changed."""
        words = {name: _in_words(leaf) for name, leaf in zip(self.names, self.leaves, strict=True)}
        grad, default = _modes()
        return words | {"grad mode": "on" if grad else "off", "the default dtype": default}


def _modes() -> tuple[bool, str]:
    return current().grad, default_float().name


def _facts(call: Call) -> Iterator[Hashable]:
    for name, leaf in zip(call.names, call.leaves, strict=True):
        if isinstance(leaf, Tensor):
            yield "tensor", leaf._data.shape, leaf._data.dtype
        elif isinstance(leaf, (np.ndarray, np.generic)):
            yield "array", leaf.shape, leaf.dtype
        elif type(leaf) is Static:
            yield leaf.key(name)
        else:
            yield "number", type(leaf).__name__


def _in_words(leaf: Any) -> str:
    if isinstance(leaf, (Tensor, np.ndarray, np.generic)):
        data = array_of(leaf)
        return f"{data.dtype}{list(data.shape)}"
    return repr(leaf.value) if type(leaf) is Static else type(leaf).__name__


class Parameters:
    """The parameters of a function, and which of them are static.

    names: what positional ones are called, where the function does not say.
    """

    def __init__(
        self, function: Callable[..., Any], static: str | int | Sequence[str | int],
        names: Sequence[str] = (),
    ) -> None:  # fmt: skip
        parameters = _parameters(function)
        self._names = [p.name for p in parameters]
        self._positional = list(names) or [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        several = (static,) if isinstance(static, (str, int)) else tuple(static)
        takes_any = not parameters or any(p.kind == p.VAR_KEYWORD for p in parameters)
        self._static = {self._name(s, takes_any) for s in several}

    def _name(self, static: str | int, takes_any: bool) -> str:
        """What a static argument is called. takes_any: whether any name can be meant."""
        if isinstance(static, str) and (takes_any or static in self._names):
            return static
        if isinstance(static, int) and 0 <= static < len(self._positional):
            return self._positional[static]
        raise ArgumentError(
            f"compile: static={static!r} names no parameter",
            f"Give names or positions; the parameters are: {', '.join(self._names) or 'unknown'}.",
        )

    def call(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """Take a call apart. Raises ArgumentError for what is neither data nor static."""
        named = [(self._at(i), a) for i, a in enumerate(args)]
        marked = [self._marked(name, a) for name, a in named]
        marked_kwargs = {name: self._marked(name, a) for name, a in kwargs.items()}
        leaves, spec = flatten((marked, marked_kwargs))
        names: list[str] = []
        pairs = zip([n for n, _ in named] + list(kwargs), [*marked, *marked_kwargs.values()])
        for name, tree in pairs:
            names += _leaf_names(name, tree)
        made = [_checked(leaf, name) for leaf, name in zip(leaves, names, strict=True)]
        return Call(made, names, spec)

    def examples(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Call:
        """The same for a question, where an Aval may stand for a tensor."""
        given, named = tree_map(_example, (tuple(args), dict(kwargs)))
        return self.call(given, named)

    def has(self, name: str) -> bool:
        """Whether the function has a parameter of this name."""
        return name in self._names

    def quick_key(self, args: Sequence[Any]) -> Hashable | None:
        """A key for a call whose arguments are data, each a leaf and none static; else None."""
        if self._static:
            return None
        facts: list[Any] = []
        for a in args:
            kind = type(a)
            if isinstance(a, Tensor):
                facts.append((a._data.shape, a._data.dtype))
            elif kind is np.ndarray:
                facts.append((kind, a.shape, a.dtype))
            elif kind is float or kind is int or kind is bool:
                facts.append(kind)
            else:
                return None
        return (*facts, current().grad, default_float())

    def _at(self, i: int) -> str:
        return self._positional[i] if i < len(self._positional) else f"argument{i}"

    def _marked(self, name: str, value: Any) -> Any:
        return Static(value) if name in self._static else value


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # of a builtin
        return []


def _example(leaf: Any) -> Any:
    return _new(stand_in(leaf), None) if isinstance(leaf, Aval) else leaf


def _leaf_names(name: str, tree: Any) -> list[str]:
    count = len(flatten(tree)[0])
    return [name] if count == 1 else [f"{name}_{i}" for i in range(count)]


def _checked(leaf: Any, name: str) -> Any:
    if leaf is None:
        return Static(None)
    if isinstance(leaf, (np.ndarray, np.generic)):
        _check_dtype(leaf.dtype, name)
    if type(leaf) is int and not -(2**63) <= leaf < 2**63:
        raise ArgumentError(
            f"compile: the argument {name} is {leaf}, which is too large for 64 bits",
            "Give a float, or make it static.",
        )
    if isinstance(leaf, (Tensor, np.ndarray, np.generic, bool, int, float, complex, Static)):
        return leaf
    raise ArgumentError(
        f"compile: the argument {name} is a {type(leaf).__name__}, which is no data",
        f"Say that it is a part of the program: wengert.compile(f, static={name!r}).",
    )


def _check_dtype(dtype: Any, name: str) -> None:
    try:
        dtype_of(dtype.newbyteorder("="))
    except ArgumentError as error:
        raise ArgumentError(
            f"compile: the argument {name} is an array of {dtype}, and {error.what}", error.remedy
        ) from None


def array_of(leaf: Any) -> Any:
    """The array of a leaf, or its NumPy scalar. As in wengert.func, a float is a float64."""
    if isinstance(leaf, Tensor):
        return leaf._data
    if isinstance(leaf, np.ndarray):
        if type(leaf) is np.ndarray and leaf.dtype.isnative:
            return leaf
        return np.asarray(leaf, leaf.dtype.newbyteorder("="))
    return leaf if isinstance(leaf, np.generic) else np.asarray(leaf)[()]


def tensor_of(leaf: Any) -> Tensor:
    """The leaf as a tensor."""
    return leaf if isinstance(leaf, Tensor) else _new(array_of(leaf), None)
