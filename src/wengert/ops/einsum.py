"""einsum: sums of products by the names of indices, in torch's syntax.

Repeated indices become diagonals and indices of a single factor become sums first; then the
factors are contracted pair by pair, the cheapest pair first. All this is planned once for an
equation and shapes.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from wengert.core.op import Op
from wengert.errors import ShapeError
from wengert.ops.arguments import array_of
from wengert.ops.contract import contract_op
from wengert.ops.define import public
from wengert.ops.diagonal import diagonal_op
from wengert.ops.equation import read, text_and_factors
from wengert.ops.matmul import check_one_dtype
from wengert.ops.reduce import sum_op
from wengert.ops.reshape import squeeze_op
from wengert.ops.samples import Call, Sampler
from wengert.ops.transpose import permute_op

Shape = tuple[int, ...]
Lengths = dict[str, int]


class Step(NamedTuple):
    """One operation on one factor."""

    op: Op
    attrs: dict[str, Any]


class Recipe(NamedTuple):
    """How an equation is computed.

    alone: per factor, what is done to it first. pairs: which two factors are contracted, and by
    which equation; the result goes to the end of the list. sums: whether a product is summed over.
    """

    alone: tuple[tuple[Step, ...], ...]
    pairs: tuple[tuple[int, int, str], ...]
    sums: bool


@functools.lru_cache(maxsize=1024)
def recipe(text: str, shapes: tuple[Shape, ...]) -> Recipe:
    """The plan for factors of these shapes; raises ShapeError where they do not fit."""
    factors, output = read(text, [len(shape) for shape in shapes])
    lengths = _lengths(factors, shapes)
    alone, terms = [], []
    for names, shape in zip(factors, shapes, strict=True):
        factor = _Factor(names, shape)
        factor.take_diagonals()
        factor.squeeze(lengths)
        alone.append(factor.steps)
        terms.append(factor)
    if len(terms) == 1:
        terms[0].arrange(output)
        return Recipe((tuple(terms[0].steps),), (), False)
    seen = Counter(name for term in terms for name in term.names)
    shared = "".join(name for name, count in seen.items() if count > 1)
    for term in terms:
        term.sum_out(output + shared)
    pairs = _pairs([term.names for term in terms], output, lengths)
    return Recipe(tuple(map(tuple, alone)), pairs, any(name not in output for name in shared))


def _lengths(factors: Sequence[str], shapes: Sequence[Shape]) -> Lengths:
    """The length of each index; raises ShapeError where factors disagree."""
    lengths: Lengths = {}
    for i, (names, shape) in enumerate(zip(factors, shapes, strict=True)):
        own: Lengths = {}
        for name, length in zip(names, shape, strict=True):
            if own.setdefault(name, length) != length:
                raise ShapeError(
                    f"einsum(): subscript {name} is repeated for operand {i} but the sizes don't "
                    f"match, {length} != {own[name]}"
                )
            known = lengths.get(name, 1)
            if length != known and 1 not in (length, known):
                raise ShapeError(
                    f"einsum(): subscript {name} has size {length} for operand {i} which does not "
                    f"broadcast with previously seen size {known}",
                    "An index has one length in all factors, or 1.",
                )
            lengths[name] = length if known == 1 else known
    return lengths


class _Factor:
    """A factor as it is prepared: its names so far, and the steps that led there."""

    def __init__(self, names: str, shape: Shape) -> None:
        self.names = names
        self.own = dict(zip(names, shape, strict=True))
        self.steps: list[Step] = []

    def take_diagonals(self) -> None:
        """Each name once: the diagonal of the dimensions that share one."""
        for name, count in Counter(self.names).items():
            for _ in range(count - 1):
                names = self.names
                first = names.index(name)
                second = names.index(name, first + 1)
                self.names = names[:first] + names[first + 1 : second] + names[second + 1 :] + name
                self.steps.append(Step(diagonal_op, {"offset": 0, "dim1": first, "dim2": second}))

    def squeeze(self, lengths: Lengths) -> None:
        """Leave out the dimensions of length 1 in which other factors are longer."""
        dims = tuple(d for d, n in enumerate(self.names) if self.own[n] != lengths[n])
        if dims:
            self.names = "".join(n for d, n in enumerate(self.names) if d not in dims)
            self.steps.append(Step(squeeze_op, {"dim": dims}))

    def sum_out(self, kept: str) -> None:
        """Sum over the dimensions that are not among `kept`."""
        dims = tuple(d for d, n in enumerate(self.names) if n not in kept)
        if dims:
            self.names = "".join(n for n in self.names if n in kept)
            self.steps.append(Step(sum_op, {"dim": dims, "keepdim": False, "dtype": None}))

    def arrange(self, output: str) -> None:
        """All that is to be done where it is the only factor: a permuted view, or a sum of one."""
        order = output + "".join(n for n in self.names if n not in output)
        if order != self.names or order == output:
            dims = tuple(self.names.index(n) for n in order)
            self.steps.append(Step(permute_op, {"dims": dims}))
        self.names = order
        self.sum_out(output)


def _pairs(terms: list[str], output: str, lengths: Lengths) -> tuple[tuple[int, int, str], ...]:
    """The order in which the factors are contracted."""
    pairs = []
    while len(terms) > 1:
        i, j = _cheapest(terms, output, lengths)
        rest = [names for k, names in enumerate(terms) if k not in (i, j)]
        names = _needed(terms[i] + terms[j], rest, output) if rest else output
        pairs.append((i, j, f"{terms[i]},{terms[j]}->{names}"))
        terms = [*rest, names]
    return tuple(pairs)


def _needed(names: str, rest: Iterable[str], output: str) -> str:
    """Those of the names that the output or another factor has, too."""
    others = set(output).union(*rest)
    return "".join(n for n in dict.fromkeys(names) if n in others)


def _cheapest(terms: Sequence[str], output: str, lengths: Lengths) -> tuple[int, int]:
    """The pair that takes the fewest multiplications; of equals, that with the smallest result."""

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        names = terms[pair[0]] + terms[pair[1]]
        rest = (t for k, t in enumerate(terms) if k not in pair)
        return _volume(set(names), lengths), _volume(_needed(names, rest, output), lengths)

    count = len(terms)
    return min(((i, j) for i in range(count) for j in range(i + 1, count)), key=cost)


def _volume(names: Iterable[str], lengths: Lengths) -> int:
    size = 1
    for name in names:
        size *= lengths[name]
    return size


_EXAMPLES = [
    ("ij,jk->ik", "ij", "jk"), ("ij,jk", "ij", "jk"), ("bij,bjk->bik", "bij", "bjk"),
    ("i,j->ij", "i", "j"), ("ij,ij->", "ij", "ij"), ("ij,ij->ij", "ij", "ij"),
    ("ij -> ji", "ij"), ("ij->j", "ij"), ("ii->i", "ii"), ("ii", "ii"), ("iij,jk->ki", "iij", "jk"),
    ("ij,jk,kl->il", "ij", "jk", "kl"), ("ijk,il,km", "ijk", "il", "km"),
    ("...ij,...jk->...ik", "abij", "bjk"), ("...i,...i->...", "abi", "bi"), ("...ij->...", "aij"),
    ("ij,jk->k", "ij", "jk"), ("bhqd,bhkd->bhqk", "bhqd", "bhkd"),
]  # fmt: skip


def _samples(s: Sampler) -> Call:
    equation, *terms = s.choice(_EXAMPLES)
    lengths = {n: s.integer(2, 3) for n in dict.fromkeys("".join(terms))}
    return (equation, *(s.array([lengths[n] for n in names]) for names in terms)), {}


@public(torch="einsum", samples=_samples, method=False)
def einsum(*args: Any) -> Any:
    """The sum of products that an equation names, as `einsum("ij,jk->ik", x, y)`.

    Each term names the dimensions of one factor by letters. Factors are multiplied where letters
    agree, and summed over the letters that the output does not have. Without "->", the output has
    the letters that stand once, in alphabetical order. "ii" takes a diagonal; an ellipsis stands
    for any number of dimensions, broadcast; spaces mean nothing. Lists of numbers may stand for
    the equation: `einsum(x, [0, 1], y, [1, 2], [0, 2])`. A single factor gives a view where
    nothing is summed.

    Raises ShapeError for an equation that is malformed or does not fit the factors, DTypeError
    where factors of different dtypes are summed over.

    >>> import wengert as wg
    >>> wg.einsum("ii", wg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    text, factors = text_and_factors(args)
    arrays = [array_of(factor) for factor in factors]
    alone, pairs, sums = recipe(text, tuple(array.shape for array in arrays))
    if sums:
        check_one_dtype("einsum", *arrays)
    terms = []
    for factor, steps in zip(factors, alone, strict=True):
        for op, attrs in steps:
            factor = op(factor, **attrs)
        terms.append(factor)
    for i, j, equation in pairs:
        contracted = contract_op(terms[i], terms[j], equation=equation)
        terms = [term for k, term in enumerate(terms) if k not in (i, j)]
        terms.append(contracted)
    return terms[0]
