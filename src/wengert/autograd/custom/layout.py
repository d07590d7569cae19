"""The arguments of a Function: which are tensors, and what they are called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from wengert.core.tensor import Tensor


class Layout:
    """How the arguments of an application are laid out.

    names: of all arguments, in order, those given by keyword at the end. places: the positions of
    those that are tensors; others: of the rest.
    """

    __slots__ = ("keywords", "names", "others", "places")

    def __init__(
        self, positional: tuple[str, ...], keywords: tuple[str, ...], places: tuple[int, ...]
    ) -> None:
        self.names = names = (*positional, *keywords)
        self.keywords = keywords
        self.places = places
        self.others = tuple(i for i in range(len(names)) if i not in places)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the tensors."""
        return tuple(self.names[i] for i in self.places)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of everything else."""
        return tuple(self.names[i] for i in self.others)

    def arguments(self, tensors: Sequence[Any], attrs: dict[str, Any]) -> list[Any]:
        """The arguments again, from the tensors and the rest by name."""
        args: list[Any] = [None] * len(self.names)
        for place, tensor in zip(self.places, tensors, strict=True):
            args[place] = tensor
        for place in self.others:
            args[place] = attrs[self.names[place]]
        return args

    def split(self, args: Sequence[Any]) -> dict[str, Any]:
        """What is no tensor, by name."""
        return {self.names[i]: args[i] for i in self.others}


def tensor_places(args: Sequence[Any]) -> tuple[int, ...]:
    """The positions of the tensors."""
    return tuple(i for i, a in enumerate(args) if isinstance(a, Tensor))


def signature_of(forward: Callable[..., Any]) -> inspect.Signature | None:
    """The signature of a forward; None for what Python cannot look into."""
    try:
        return inspect.signature(forward)
    except (TypeError, ValueError):
        return None


def argument_names(signature: inspect.Signature | None, skip: int, count: int) -> tuple[str, ...]:
    """Names for `count` positional arguments; `skip` is 1 where ctx comes first."""
    parameters = list(signature.parameters.values())[skip:] if signature is not None else []
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind == p.VAR_POSITIONAL), "arg")
    names = known[:count]
    return (*names, *(f"{rest}{i}" for i in range(count - len(names))))
