"""Reading a graph file. It may come from anybody: every word of it is checked, none is executed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from wengert.core.aval import Aval, stand_in
from wengert.core.extra import Cut, Dropped, Extra
from wengert.core.handles import _new
from wengert.core.memory import Memory
from wengert.core.node import PROJECTION_PLAN, RETAINED, UNKNOWN_LINE, Applied, Leaf, Node
from wengert.core.tensor import Tensor
from wengert.errors import GraphError
from wengert.graphs.names import Names
from wengert.graphs.verify import Inference
from wengert.interchange import decode
from wengert.interchange.decode import wrong
from wengert.interchange.encode import Json
from wengert.interchange.operations import application

_FORMAT: Final = "wengert graph"
_VERSION: Final = 1
_TOP: Final = {"format", "version", "nodes", "outputs", "aliases", "sites"}
_NEVER: Final = 2**62
"""When an overwritten value was written: after every use."""


def read(text: str) -> tuple[list[Node], Names, list[Node]]:
    """The outputs, the names and the leaves. Raises GraphError: what is wrong, and where."""
    top = decode.fields(_parsed(text), "the file", _TOP, set())
    if top["format"] != _FORMAT or type(top["version"]) is not int:
        raise wrong("format", f"expected {_FORMAT!r}")
    if top["version"] != _VERSION:
        raise wrong("version", f"{top['version']} is not one that this release reads")
    reader = _Reader(top)
    for i, entry in enumerate(decode.listed(top["nodes"], "nodes")):
        reader.add(entry, f"nodes[{i}]")
    return reader.finished()


def _parsed(text: str) -> Json:
    if not isinstance(text, str):
        raise GraphError(f"not a graph file: expected text, found {type(text).__name__}")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except GraphError:
        raise
    except RecursionError:
        raise wrong("the file", "nested too deeply") from None
    except ValueError as error:
        raise wrong("the file", f"not JSON: {error}") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise wrong("the file", "an object has the same key twice")
    return made


def _no_constant(name: str) -> Json:
    raise wrong("the file", f"{name} is not JSON")


class _Reader:
    """Builds nodes in their order; each may refer to those before it only."""

    def __init__(self, top: dict[str, Json]) -> None:
        self._top = top
        self._sites = [decode.site(entry, f"sites[{i}]")
                       for i, entry in enumerate(decode.listed(top["sites"], "sites"))]  # fmt: skip
        self._made: list[Any] = []
        self._names: dict[str, Any] = {}
        self._used: set[int] = set()
        self._inferred = Inference()

    def add(self, entry: Json, where: str) -> None:
        """Read one entry of "nodes"."""
        if not isinstance(entry, dict):
            raise wrong(where, f"expected an object, found {decode.kind_of(entry)}")
        kind = entry.get("kind")
        build = self._KINDS.get(kind) if isinstance(kind, str) else None
        if build is None:
            raise wrong(f"{where}.kind", f"it is one of {', '.join(self._KINDS)}")
        made = build(self, entry, where)
        self._made.append(made)
        if "name" in entry:
            name = decode.string(entry["name"], f"{where}.name")
            if name in self._names:
                raise wrong(f"{where}.name", f"{name[:40]!r} is the name of another node")
            self._names[name] = made

    def finished(self) -> tuple[list[Node], Names, list[Node]]:
        """The outputs, the names and the leaves, once all nodes are read."""
        listed = decode.listed(self._top["outputs"], "outputs")
        outputs = [self._output(value, f"outputs[{i}]") for i, value in enumerate(listed)]
        if not outputs:
            raise wrong("outputs", "there are none")
        for i, made in enumerate(self._made):
            if i not in self._used and not isinstance(made, Leaf):
                raise wrong(f"nodes[{i}]", "neither used nor an output")
        leaves: list[Node] = [made for made in self._made if isinstance(made, Leaf)]
        return outputs, Names({**self._names, **self._aliases()}), leaves

    def _output(self, value: Json, where: str) -> Node:
        place = decode.index(value, where, len(self._made), "a node")
        self._used.add(place)
        made = self._made[place]
        if not isinstance(made, Node) or isinstance(made.aval, tuple):
            raise wrong(where, "an output is a leaf, an operation or a projection")
        return made

    def _aliases(self) -> dict[str, Any]:
        aliases = self._top["aliases"]
        if not isinstance(aliases, dict):
            raise wrong("aliases", f"expected an object, found {decode.kind_of(aliases)}")
        found = {}
        for name, value in aliases.items():
            made = self._made[decode.index(value, "aliases", len(self._made), "a node")]
            if name in self._names or made not in self._names.values():
                raise wrong("aliases", f"{name[:40]!r} is no further name of a named node")
            found[name] = made
        return found

    # Inputs

    def _leaf(self, entry: dict[str, Json], where: str) -> Leaf:
        optional = {"value", "overwritten", "site", "grad", "freed"}
        decode.fields(entry, where, {"kind", "name", "aval"}, optional)
        aval = decode.aval(entry["aval"], f"{where}.aval")
        tensor = self._tensor(entry, where, aval)
        leaf = Leaf(tensor if tensor is not None else _new(stand_in(aval), None), None)
        if tensor is None:
            leaf._aval = aval
            leaf.value = None
        self._facts(leaf, entry, where)
        return leaf

    def _constant(self, entry: dict[str, Json], where: str) -> Any:
        decode.fields(entry, where, {"kind", "name", "aval"}, {"value", "overwritten", "cuts"})
        aval = decode.aval(entry["aval"], f"{where}.aval")
        tensor = self._tensor(entry, where, aval)
        cuts = tuple(
            self._cut(cut, f"{where}.cuts[{i}]")
            for i, cut in enumerate(decode.listed(entry.get("cuts", []), f"{where}.cuts"))
        )
        if tensor is None:
            return _Gone(aval, cuts)
        if cuts:
            tensor._extra = Extra()
            tensor._extra.cuts = cuts
        return tensor

    def _tensor(self, entry: dict[str, Json], where: str, aval: Aval) -> Tensor | None:
        """The value of an input; None if the file has none."""
        if "overwritten" in entry:
            if "value" in entry:
                raise wrong(where, "a value that was overwritten is not there")
            tensor = _new(stand_in(aval), None)
            cut = self._cut(entry["overwritten"], f"{where}.overwritten")
            tensor._memory = Memory(tensor._data)
            tensor._memory.stamp(_NEVER, cut.by, cut.site)
            return tensor
        if "value" not in entry:
            return None
        return _new(decode.array(entry["value"], f"{where}.value", aval), None)

    def _cut(self, value: Json, where: str) -> Cut:
        by, site = decode.listed(value, where, 2)
        return Cut(decode.string(by, f"{where}[0]"), self._site(site, f"{where}[1]"))

    def _site(self, value: Json, where: str) -> decode.StoredSite | None:
        if value is None:
            return None
        return self._sites[decode.index(value, where, len(self._sites), "a site")]

    # Results

    def _projection(self, entry: dict[str, Json], where: str) -> Node:
        optional = {"value", "site", "grad", "retains", "freed"}
        required = {"kind", "name", "inputs", "output", "aval"}
        decode.fields(entry, where, required, optional)
        (place,) = decode.listed(entry["inputs"], f"{where}.inputs", 1)
        source = self._source(place, f"{where}.inputs[0]")
        if not isinstance(source, Node) or not isinstance(source.aval, tuple):
            raise wrong(f"{where}.inputs[0]", "an operation with several outputs is expected")
        output = decode.index(entry["output"], f"{where}.output", len(source.aval), "an output")
        aval = decode.aval(entry["aval"], f"{where}.aval")
        if aval != source.aval[output]:
            raise wrong(f"{where}.aval", f"output {output} is {source.aval[output]}")
        value = self._value(entry, where, aval)
        node = Applied(PROJECTION_PLAN, (source,), None, {"index": output}, value, aval, None)
        self._facts(node, entry, where)
        return node

    def _operation(self, entry: dict[str, Json], where: str) -> Node:
        several = "avals" in entry
        optional = {"attributes", "opaque", "scope", "site", "grad", "retains", "freed"}
        optional |= {"values"} if several else {"value"}
        required = {"avals"} if several else {"aval", "name"}
        decode.fields(entry, where, {"kind", "op", "inputs"} | required, optional)
        listed = decode.listed(entry["inputs"], f"{where}.inputs")
        inputs = [self._input(value, f"{where}.inputs[{i}]") for i, value in enumerate(listed)]
        if several:
            avals: Any = self._avals(entry, where)
            value = self._values(entry, where, avals)
        else:
            avals = decode.aval(entry["aval"], f"{where}.aval")
            value = self._value(entry, where, avals)
        node = application(entry, where, inputs, avals, value, self._inferred)
        self._facts(node, entry, where)
        if "scope" in entry:
            node.get_extra().scope = decode.string(entry["scope"], f"{where}.scope")
        return node

    def _avals(self, entry: dict[str, Json], where: str) -> tuple[Aval, ...]:
        listed = decode.listed(entry["avals"], f"{where}.avals")
        return tuple(decode.aval(a, f"{where}.avals[{i}]") for i, a in enumerate(listed))

    def _value(self, entry: dict[str, Json], where: str, aval: Any) -> Any:
        return decode.array(entry["value"], f"{where}.value", aval) if "value" in entry else None

    def _values(self, entry: dict[str, Json], where: str, avals: Any) -> Any:
        if "values" not in entry:
            return None
        listed = decode.listed(entry["values"], f"{where}.values", len(avals))
        return tuple(
            decode.array(v, f"{where}.values[{i}]", avals[i]) for i, v in enumerate(listed)
        )

    def _input(self, value: Json, where: str) -> tuple[Any, Any]:
        """(source, number) of one input: one of them is None."""
        if isinstance(value, dict):
            entry = decode.fields(value, where, {"number"}, set())
            return None, decode.operand(entry["number"], f"{where}.number")
        source = self._source(value, where)
        if isinstance(source, Node) and isinstance(source.aval, tuple):
            raise wrong(where, "an operation with several outputs goes in through a projection")
        return source, None

    def _source(self, value: Json, where: str) -> Any:
        place = decode.index(value, where, len(self._made), "an earlier node")
        self._used.add(place)
        return self._made[place]

    def _facts(self, node: Node, entry: dict[str, Json], where: str) -> None:
        """Site, gradient, and who freed it."""
        node.site = self._site(entry.get("site"), f"{where}.site")
        if "freed" in entry:
            node.freed = self._site(entry["freed"], f"{where}.freed") or UNKNOWN_LINE
        if "grad" in entry:
            node.grad = _new(decode.array(entry["grad"], f"{where}.grad", node.aval), None)
        elif "retains" in entry:
            if entry["retains"] is not True:
                raise wrong(f"{where}.retains", "it is true, or not there")
            node.grad = RETAINED

    _KINDS: Final[dict[str, Callable[[_Reader, dict[str, Json], str], Any]]] = {
        "leaf": _leaf, "constant": _constant, "operation": _operation, "projection": _projection,
    }  # fmt: skip


class _Gone(Dropped):
    """A constant that a file has no value of."""

    __slots__ = ()

    def __init__(self, aval: Aval, cuts: tuple[Cut, ...]) -> None:
        Aval.__init__(self, aval.shape, aval.dtype)
        self.cuts = cuts

    @property
    def tensor(self) -> Tensor | None:
        return None
