"""The first half of an entry, as LLVM's text: the checks of its arguments; see entry.py."""

from __future__ import annotations

from typing import Final

from wengert.compiler.backend.layout import (
    LIST_ITEMS,
    SIZE,
    TUPLE_ITEMS,
    TYPE,
    VALUE,
    Layout,
)
from wengert.compiler.backend.lines import Lines
from wengert.compiler.backend.signature import Container, Given, Same, Signature, Tree

FIRST_SAME: Final = 2
"""Where in `self` the objects begin that are to be the same."""

NUMBER_TYPES: Final = {"float": "PyFloat_Type", "complex": "PyComplex_Type"}


class Arguments:
    """The checks of one call. addresses: of the data, once it is checked. held: array objects."""

    def __init__(self, lines: Lines, signature: Signature, layout: Layout) -> None:
        self._lines = lines
        self._layout = layout
        self._signature = signature
        self.addresses: list[str] = []
        self.held: list[str] = []

    def all(self) -> None:
        """Everything that a program depends on."""
        lines, signature = self._lines, self._signature
        lines.expect("ptr", "%names", "null")
        lines.expect("i64", "%count", len(signature.arguments))
        if signature.grad is not None:
            self._modes()
        for i, tree in enumerate(signature.arguments):
            self._tree(lines.load("ptr", "%args", 8 * i), tree)
        for i, given in enumerate(signature.hidden, FIRST_SAME + signature.same):
            self._given(lines.load("ptr", "%self", TUPLE_ITEMS + 8 * i), given)

    def _modes(self) -> None:
        """No transform is running, and the modes are those that the program was made for."""
        lines, places = self._lines, self._layout.state
        default = lines.load("ptr", lines.symbol("wengert_defaults"), self._layout.default)
        lines.expect("ptr", default, lines.symbol("wengert_default"))
        variable = lines.symbol("wengert_state")
        error = lines.call("i32", "PyContextVar_Get", f"ptr {variable}", "ptr null", "ptr %state")
        lines.expect("i32", error, 0, "error")
        state = lines.load("ptr", "%state")
        # The thread's context holds it, too, as long as this code does not run others' code.
        lines.do(f"call void @Py_DecRef(ptr {state})")
        lines.expect("ptr", lines.load("ptr", state, TYPE), lines.symbol("wengert_modes"))
        grad = "_Py_TrueStruct" if self._signature.grad else "_Py_FalseStruct"
        lines.expect("ptr", lines.load("ptr", state, places["grad"]), lines.symbol(grad))
        off = lines.symbol("_Py_FalseStruct")
        lines.expect("ptr", lines.load("ptr", state, places["inference"]), off)
        levels = lines.load("ptr", state, places["levels"])
        lines.expect("i64", lines.load("i64", levels, SIZE), 0)

    def _tree(self, thing: str, tree: Tree) -> None:
        if isinstance(tree, Given):
            self._given(thing, tree)
        elif isinstance(tree, Same):
            place = TUPLE_ITEMS + 8 * (FIRST_SAME + tree.which)
            self._lines.expect("ptr", thing, self._lines.load("ptr", "%self", place))
        else:
            assert isinstance(tree, Container)
            self._container(thing, tree)

    def _container(self, thing: str, tree: Container) -> None:
        lines = self._lines
        kind = {"tuple": "PyTuple_Type", "list": "PyList_Type", "dict": "PyDict_Type"}[tree.kind]
        self._is_a(thing, kind)
        lines.expect("i64", lines.load("i64", thing, SIZE), len(tree.items))
        if tree.kind == "dict":
            self._dict(thing, tree)
            return
        items = lines.at(thing, TUPLE_ITEMS) if tree.kind == "tuple" else None
        items = items or lines.load("ptr", thing, LIST_ITEMS)
        for i, item in enumerate(tree.items):
            self._tree(lines.load("ptr", items, 8 * i), item)

    def _dict(self, thing: str, tree: Container) -> None:
        """The keys are the very same, in the same order."""
        lines = self._lines
        lines.store("i64", "0", "%position")
        for index, item in zip(tree.keys, tree.items, strict=True):
            pointers = ("ptr %position", "ptr %key", "ptr %value")
            lines.expect("i32", lines.call("i32", "PyDict_Next", f"ptr {thing}", *pointers), 1)
            value = lines.load("ptr", "%value")
            self._tree(lines.load("ptr", "%key"), Same(index))
            self._tree(value, item)

    def _is_a(self, thing: str, kind: str) -> None:
        lines = self._lines
        lines.expect("ptr", lines.load("ptr", thing, TYPE), lines.symbol(kind))

    def _given(self, thing: str, given: Given) -> None:
        lines = self._lines
        if given.kind == "tensor":
            function = "wengert_data" if self._signature.records else "wengert_data_unrecorded"
            data = lines.call("ptr", function, f"ptr {thing}")
            lines.check(lines.let(f"icmp ne ptr {data}, null"), "miss")
            self._array(data, given)
        elif given.kind == "array":
            self._array(thing, given)
        elif given.kind in ("bool", "int"):
            place = lines.at("%numbers", 8 * len(self.addresses))
            function = f"wengert_{given.kind}"
            lines.check(lines.call("i1", function, f"ptr {thing}", f"ptr {place}"), "miss")
            self.addresses.append(place)
        else:
            self._is_a(thing, NUMBER_TYPES[given.kind])
            self.addresses.append(lines.at(thing, VALUE))

    def _array(self, thing: str, given: Given) -> None:
        """An array in one aligned piece, or NumPy's scalar for 0-d."""
        lines, name = self._lines, given.dtype.name
        self.held.append(thing)
        descr = f"ptr {lines.symbol(f'descr_{name}')}"
        if given.shape:
            sides = f"ptr {lines.sides(given.shape)}"
            kind = (descr, f"i32 {len(given.shape)}", sides)
            data = lines.call("ptr", "wengert_whole", f"ptr {thing}", *kind)
        else:
            scalar = f"ptr {lines.symbol(f'numpy_{name}')}"
            data = lines.call("ptr", "wengert_number", f"ptr {thing}", scalar, descr)
        lines.check(lines.let(f"icmp ne ptr {data}, null"), "miss")
        self.addresses.append(data)
