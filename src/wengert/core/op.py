"""What an operation is.

An Op is a frozen description; calling it with arrays is its forward function. Everything that
anything needs to know about an operation stands in its definition (wengert/ops), which is made
by one of the five kinds in `ops/kinds.py`. The names of a rule's parameters say what it needs:

    ct           the cotangent of the output (a tuple of them if there are several outputs)
    out          the output (a tuple if there are several)
    x, y, ...    an input, under the name that the forward function gives it
    x_aval       that input's shape and dtype only, which keeps nothing alive
    i            the index of the input asked about, in operations with any number of inputs
    dim, ...     an attribute: a keyword-only parameter of the forward function

So the signatures alone decide what the recorder keeps.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from wengert.core.half import COMPLEX, HALF, REAL, widened
from wengert.core.registry import OPERATORS, op_called
from wengert.core.rules import Partial, Rule, Select, parameters, select
from wengert.errors import ArgumentError

_IN_SLOTS: Final = ("node.x", "node.y")
"""The source texts that fetch the operands of a Pair."""


class Plan:
    """What recording and differentiating one application takes, for one set of wanted inputs.

    wanted: indices of the inputs that need a gradient. pulls: aligned with them, functions
    (node, cotangent) -> cotangent of that input. keeps: per input, whether its value is a
    residual; residuals: the indices of those. keeps_out: whether the output is one. joint: for
    functions that users wrote, (node, cotangents) -> the cotangents of all wanted inputs at once,
    on tensors. special: whether a sweep must do anything but to call the pulls. first and
    second: whether these inputs of a Pair are wanted; pull_first and pull_second: the pulls as
    they read a Pair; drops_x and drops_y: whether it does without these operands.
    """

    __slots__ = (
        "drops_x", "drops_y", "first", "joint", "keeps", "keeps_any", "keeps_inputs",
        "keeps_out", "op", "pull_first", "pull_second", "pulls", "residuals", "second", "special",
        "steps", "wanted",
    )  # fmt: skip

    def __init__(self, op: Op, wanted: tuple[int, ...], numbers: int, count: int) -> None:
        self.op = op
        self.wanted = wanted
        # An operation of any number of inputs has one rule, which needs the same for each.
        asked = wanted[:1] if op.variadic else wanted
        needs = {need for i in asked for need in op.needs(i, count)}
        self.keeps = tuple(j in needs for j in range(count))
        self.keeps_out = "out" in needs
        self.residuals = tuple(j for j in range(count) if self.keeps[j])
        self.keeps_inputs = bool(self.residuals)
        self.keeps_any = self.keeps_inputs or self.keeps_out
        self.pulls = tuple(op.pull(i, numbers) for i in wanted)
        self.steps = tuple(zip(wanted, self.pulls, strict=True))
        self.joint: Callable[..., Any] | None = None
        self.special = False
        self.first = self.second = self.drops_x = self.drops_y = False
        self.pull_first: Rule | None = None
        self.pull_second: Rule | None = None

    def serve_pairs(self, mask: int) -> None:
        """Be ready for nodes whose operands stand in slots. mask: which inputs have a node."""
        op = self.op
        self.drops_x = bool(mask & 1) and not self.keeps[0]
        self.drops_y = bool(mask & 2) and not self.keeps[1]
        self.first, self.second = 0 in self.wanted, 1 in self.wanted
        self.pull_first = op.make_pull(0, REAL, _IN_SLOTS) if self.first else None
        self.pull_second = op.make_pull(1, REAL, _IN_SLOTS) if self.second else None


class Op:
    """A description of an operation. `ops/kinds.py` has the constructors.

    What every application reads has slots; of the rest, what a definition does not say stands in
    the class. It is no dataclass: that took the 220 that exist from the start a tenth of the time
    of `import wengert`.
    """

    __slots__ = (
        "__dict__", "attributes", "exact", "forward", "inputs", "kind", "name", "pairs", "plans",
        "promotion", "pullers", "rules", "variadic", "view",
    )  # fmt: skip

    name: str
    kind: str
    forward: Callable[..., Any]
    rules: tuple[Partial, ...]  # one per input; a single one serves operations of any number
    inputs: tuple[str, ...]
    attributes: tuple[str, ...]
    variadic: bool
    # "none", "common", "float" (integers become floats), "numeric" (common, and no masks)
    promotion: str
    view: bool  # the result may share memory with the first input
    exact: bool  # computed in the dtype itself, also where that is half: see core/half.py
    torch: str | None = None  # the reference in torch, dotted: "nn.functional.gelu"
    no_torch: str = ""  # why there is none
    outputs: int = 1
    several: bool = False  # a view that is one of several which a function gives at once
    holomorphic: bool = True
    symbol: str | Callable[[list[str], dict[str, Any]], str] = ""  # "{} + {}", or a function
    latex: str = ""  # r"\tanh {}"
    # In index notation, from the inputs' avals: "ik,kj->ij"; "" where that says nothing new.
    indices: Callable[..., str] | None = None
    precedence: int = 100  # of the symbol; Python's order, 100 for a call
    explain: str = ""  # the sentence that explains its slope
    vanishing: str = ""  # what it is called where its slope is 0: "dead relu"
    source: str = ""  # where the formula is from
    grad_name: str | Callable[[Any], str] = ""  # what grad_fn is called: see backward_name
    # torch's names of the inputs, and of the outputs: grad_fn._saved_self. May ask the node;
    # where it does not say, x is self, y is other, and other names are torch's.
    saved_as: tuple[str, ...] | Callable[[Any], tuple[str, ...]] = ()
    results_as: tuple[str, ...] = ()
    # For general operations, where transposing the pullback is wasteful: the tangent of the output
    # from (x_dot, x, out, ...); x_dot is None where the tangent of x is zero.
    pushforward: Rule | None = None
    batch: Rule | None = None  # how it applies to mapped values: see ops/batching.py
    aval: Rule | None = None  # (input avals..., attributes) -> Aval or a tuple of them
    # Elementwise: (code, inputs..., attributes) -> the result in native code. On every dtype it
    # must round, wrap, and treat NaN and -0, as the forward function does. See compiler/code.py.
    lower: Rule | None = None
    # Where that is not always possible: (node) -> whether it is.
    lowers: Callable[[Any], bool] | None = None
    # How far from the true value native code may be, in units of the last place. 0: it has the
    # bits of the forward function.
    ulps: int = 0
    # Whether the forward function itself may be off by as much of its operands: digits cancel.
    cancels: bool = False
    # What a reduction over `dim` combines with, in native code: see compiler/pieces/nest.py.
    reduces: str = ""
    # The same in terms of other operations, on tensors: (inputs..., attributes) -> tensor, or None
    # where it stays as it is. What is compiled is that; eager code keeps the forward function.
    written: Rule | None = None
    of_shapes: bool = False  # whether the result depends on the shapes of the inputs only
    piece: str = ""  # the kind of native code that is its own: see compiler/pieces/
    # Per input the number that leaves the other one as it is, to the bit: (1, 1) for a product.
    neutral: tuple[float | None, ...] = ()
    commutes: bool = False  # f(x, y) = f(y, x), to the bit unless both are NaN
    undoes_itself: bool = False  # f(f(x)) = x, to the bit
    samples: Rule | None = None  # how tests draw arguments
    domain: tuple[float, float] = (-3.0, 3.0)  # where elementwise samples are drawn from
    special: bool = True  # whether 0, infinities and NaN are compared with torch
    numpy: tuple[Callable[..., Any], ...] = ()  # NumPy's names for it

    def __init__(
        self, name: str, kind: str, forward: Callable[..., Any], rules: tuple[Partial, ...], *,
        inputs: tuple[str, ...] = (), attributes: tuple[str, ...] = (), variadic: bool = False,
        promotion: str = "none", view: bool = False, exact: bool = False, **facts: Any,
    ) -> None:  # fmt: skip
        self.name = name
        self.kind = kind
        self.forward = forward
        self.rules = rules
        self.inputs = inputs
        self.attributes = attributes
        self.variadic = variadic
        self.promotion = promotion
        self.view = view
        self.exact = exact
        for fact, value in facts.items():
            if not hasattr(self, fact):
                raise TypeError(f"{name}: an operation has no fact {fact!r}")
            setattr(self, fact, value)
        # What is worked out on first use: see plan, pull, and fast.binary.
        self.plans: dict[tuple[int, int, int], Plan] = {}
        self.pairs: list[Plan | None] = [None] * 4
        self.pullers: dict[tuple[int, int], Rule | None] = {}

    def __call__(self, *args: Any, **attrs: Any) -> Any:
        """Apply to tensors; with no tensor among the arguments, the forward function itself.

        The inputs may be given by torch's names, `input` and `other`. out: see core/into.py.
        """
        if attrs:
            if not attrs.keys().isdisjoint(_BY_NAME):
                args += tuple(attrs.pop(name) for name in _BY_NAME if name in attrs)
            if not attrs.keys() <= set(self.attributes):
                if "out" in attrs:
                    out = attrs.pop("out")
                    return OPERATORS.into(self.name, self, args, attrs, out)
                raise self._unknown(attrs)
        if len(args) > len(self.inputs) and not self.variadic:
            # A ufunc would take a further array as the place to write its result into.
            raise ArgumentError(
                f"{self.name}() takes {len(self.inputs)} positional arguments "
                f"but {len(args)} were given"
            )
        return _apply(self, args, attrs)

    def applied(self, args: Sequence[Any], attrs: dict[str, Any] | None) -> Any:
        """The outputs for other arguments, where an application is to be done again."""
        return _apply(self, args, attrs or {})

    def _unknown(self, attrs: dict[str, Any]) -> ArgumentError:
        name = next(name for name in attrs if name not in self.attributes)
        return ArgumentError(f"{self.name}() got an unexpected keyword argument {name!r}")

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __copy__(self) -> Op:
        return self

    def __deepcopy__(self, memo: Any) -> Op:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (op_called, (self.name,))

    @property
    def differentiable(self) -> bool:
        return self.kind != "discrete"

    def backward_name(self, node: Any) -> str:
        """What torch calls a node of this operation: MulBackward0.

        A definition may say it as a function of the attributes, or of the node where torch looks
        at the inputs.
        """
        name = self.grad_name
        if callable(name):
            by_node = parameters(name) == ("node",)
            return name(node if by_node else node.attrs or {})
        return name or "".join(p.capitalize() for p in self.name.split("_")) + "Backward0"

    def plan(self, mask: int, numbers: int, count: int) -> Plan:
        """The plan for the inputs whose bits are set in `mask`, out of `count` inputs.

        numbers: REAL, COMPLEX or HALF, which decides how the rules are called.
        """
        key = (mask, numbers, count)
        plan = self.plans.get(key)
        if plan is None:
            every = (i for i in range(count) if mask >> i & 1)
            wanted = tuple(i for i in every if self.rule(i) is not None)
            plan = self.plans[key] = Plan(self, wanted, numbers, count)
        return plan

    def rule(self, i: int) -> Partial:
        """The derivative rule for input i; None where that input has no derivative."""
        return self.rules[0 if self.variadic else i] if self.rules else None

    def _parameters(self, i: int) -> tuple[str, ...]:
        rule = self.rule(i)
        function = rule.rule if isinstance(rule, Select) else rule
        return parameters(function) if callable(function) else ()

    def needs(self, i: int, count: int) -> set[int | str]:
        """The residuals that rule i names: input indices, and "out"."""
        found: set[int | str] = set()
        for name in self._parameters(i):
            if name == "out":
                found.add("out")
            elif name in self.inputs and not self._shape_only(i, name):
                index = self.inputs.index(name)
                found.update(range(index, count) if self._goes_on(index) else (index,))
        return found

    def _goes_on(self, index: int) -> bool:
        """Whether the input name at `index` stands for all the remaining inputs."""
        return self.variadic and index == len(self.inputs) - 1

    def _shape_only(self, i: int, name: str) -> bool:
        """Linear rules never need a value: their inputs' names mean the avals."""
        return self.kind == "linear" or (self.kind == "multilinear" and self.inputs[i] == name)

    def _argument(self, i: int, name: str, numbers: int, slots: Sequence[str]) -> str:
        """The source text that fetches one parameter of rule i from a node."""
        if name in ("ct", "i"):
            return name
        fetched = self._fetched(i, name, slots)
        return f"widened({fetched})" if numbers == HALF else fetched

    def _fetched(self, i: int, name: str, slots: Sequence[str]) -> str:
        if name == "out":
            return "node.value"
        base = name.removesuffix("_aval")
        if base in self.inputs:
            index = self.inputs.index(base)
            by_shape = base != name or self._shape_only(i, base)
            if self._goes_on(index):
                rest = "node.operand_avals()" if by_shape else "(node.operands or ())"
                return f"{rest}[{index}:]"
            if by_shape:
                return f"node.operand_aval({index})"
            return slots[index] if slots else f"node.operands[{index}]"
        if name in self.attributes:
            return f"node.attrs[{name!r}]"
        raise TypeError(f"rule {i} of {self.name} has a parameter {name!r} that means nothing")

    def pull(self, i: int, numbers: int) -> Rule | None:
        """The function (node, ct) -> cotangent of input i; None if that is ct itself.

        Compiling the call once, with its arguments fetched in place, costs a third of
        collecting them at every call.
        """
        key = (0 if self.variadic else i, numbers)
        if key not in self.pullers:
            self.pullers[key] = self.make_pull(i, numbers)
        made = self.pullers[key]
        if made is None or "i" not in self._parameters(i):
            return made
        return functools.partial(made, i=i)

    def make_pull(self, i: int, numbers: int, slots: Sequence[str] = ()) -> Rule | None:
        """Write out what `pull` returns. slots: where a node without a tuple has its operands."""
        rule = self.rule(i)
        function = rule.rule if isinstance(rule, Select) else rule
        arguments = ", ".join(
            self._argument(i, name, numbers, slots) for name in self._parameters(i)
        )
        call = f"rule({arguments})" if callable(function) else repr(function)
        if callable(function) and function.__code__.co_code == _IDENTITY:
            call = arguments  # the rule is one residual, as in a product: no call needed
        if isinstance(rule, Select):
            call = f"select({call}, ct)"
        elif self.kind == "elementwise":
            call = {"1": "ct", "-1": "-ct"}.get(call, f"ct * {call}")
        scope: dict[str, Any] = {"rule": function, "select": select, "conj": np.conj}
        scope["widened"] = widened
        if call == "ct":
            return None
        body = f"return {call}"
        if numbers == COMPLEX and self.holomorphic:
            # J^H ct = conj(J^T conj(ct)): the rules write J^T.
            body = f"ct = conj(ct); return conj({call})"
        if numbers == HALF:
            body = f"ct = widened(ct); {body}"
        # The file name is inside the package, so that errors name the user's line and not this.
        source = compile(f"def pull(node, ct, i=0): {body}", f"{__file__}:{self.name}", "exec")
        exec(source, scope)
        made: Rule = scope["pull"]
        return made


# Of a function that is interpreted also where this file is compiled.
_IDENTITY: Final = eval("lambda x: x").__code__.co_code


_BY_NAME: Final = ("input", "other")


def _unbound(*_: Any) -> Any:
    raise RuntimeError("wengert.core.record has not been imported")


_apply: Callable[[Op, Sequence[Any], dict[str, Any]], Any] = _unbound


def bind_apply(apply: Callable[[Op, Sequence[Any], dict[str, Any]], Any]) -> None:
    """record.py, which needs Op, gives Op its way of being applied."""
    global _apply
    _apply = apply
