"""The first half of an entry, as LLVM's text: the checks of its arguments; see entry.py."""

from __future__ import annotations

from typing import Final

import numpy as np

from wengert.compiler.backend.layout import (
    DATA,
    DESCR,
    DIMENSIONS,
    FLAGS,
    LIST_ITEMS,
    NDIM,
    SIZE,
    TUPLE_ITEMS,
    TYPE,
    VALUE,
    WHOLE,
    Layout,
)
from wengert.compiler.backend.lines import Lines
from wengert.compiler.backend.signature import Container, Given, Same, Signature, Tree
from wengert.core.aval import Shape

FIRST_SAME: Final = 2
"""Where in `self` the objects begin that are to be the same."""

NUMBER_TYPES: Final = {"float": "PyFloat_Type", "complex": "PyComplex_Type", "int": "PyLong_Type"}


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
            self._tensor(lines.load("ptr", "%self", TUPLE_ITEMS + 8 * i), given)

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
            self._tensor(thing, given)
        elif given.kind == "array":
            self._array(thing, given.shape, given.dtype)
        elif given.kind == "bool":
            self._bool(thing)
        else:
            self._is_a(thing, NUMBER_TYPES[given.kind])
            if given.kind == "int":
                self._int(thing)
            else:
                self.addresses.append(lines.at(thing, VALUE))

    def _bool(self, thing: str) -> None:
        lines = self._lines
        yes = lines.let(f"icmp eq ptr {thing}, {lines.symbol('_Py_TrueStruct')}")
        no = lines.let(f"icmp eq ptr {thing}, {lines.symbol('_Py_FalseStruct')}")
        lines.check(lines.let(f"or i1 {yes}, {no}"), "miss")
        place = self._place()
        lines.store("i8", lines.let(f"zext i1 {yes} to i8"), place)
        self.addresses.append(place)

    def _int(self, thing: str) -> None:
        lines = self._lines
        pointers = (f"ptr {thing}", "ptr %overflow")
        number = lines.call("i64", "PyLong_AsLongLongAndOverflow", *pointers)
        lines.expect("i32", lines.load("i32", "%overflow"), 0)
        place = self._place()
        lines.store("i64", number, place)
        self.addresses.append(place)

    def _place(self) -> str:
        """Memory for a number."""
        return self._lines.at("%numbers", 16 * len(self.addresses))

    def _tensor(self, thing: str, given: Given) -> None:
        """A tensor of level 0, without a history where that would be recorded."""
        lines, places = self._lines, self._layout.tensor
        on, other = lines.label("plain"), lines.label("view")
        kind = lines.load("ptr", thing, TYPE)
        plain = lines.let(f"icmp eq ptr {kind}, {lines.symbol('wengert_tensor')}")
        lines.do(f"br i1 {plain}, label %{on}, label %{other}")
        lines.begin(other)
        lines.expect("ptr", kind, lines.symbol("wengert_view"))
        if self._signature.records:
            self._follows_nothing(thing, on)
        lines.do(f"br label %{on}")
        lines.begin(on)
        if self._signature.records:
            node = lines.load("ptr", thing, places["_node"])
            lines.expect("ptr", node, lines.symbol("_Py_NoneStruct"))
        self._array(lines.load("ptr", thing, places["_data"]), given.shape, given.dtype)

    def _follows_nothing(self, view: str, on: str) -> None:
        """Its base has not got a history that the view would take over at its next use."""
        lines = self._lines
        memory = lines.load("ptr", view, self._layout.tensor["_memory"])
        none = lines.let(f"icmp eq ptr {memory}, {lines.symbol('_Py_NoneStruct')}")
        some = lines.label("memory")
        lines.do(f"br i1 {none}, label %{on}, label %{some}")
        lines.begin(some)
        rewritten = lines.load("ptr", memory, self._layout.memory["rewritten"])
        followed = lines.load("ptr", view, self._layout.view["_followed"])
        convert = "PyLong_AsLongLongAndOverflow"
        last = lines.call("i64", convert, f"ptr {rewritten}", "ptr %overflow")
        known = lines.call("i64", convert, f"ptr {followed}", "ptr %overflow")
        lines.check(lines.let(f"icmp sle i64 {last}, {known}"), "miss")

    def _array(self, thing: str, shape: Shape, dtype: np.dtype[np.generic]) -> None:
        """An array of this shape and dtype in one aligned piece, or NumPy's scalar for 0-d."""
        lines = self._lines
        self.held.append(thing)
        if shape:
            self.addresses.append(self._whole(thing, shape, dtype))
            return
        scalar, array, on = (lines.label(stem) for stem in ("scalar", "array", "both"))
        kind = lines.load("ptr", thing, TYPE)
        is_scalar = lines.let(f"icmp eq ptr {kind}, {lines.symbol(f'numpy_{dtype.name}')}")
        lines.do(f"br i1 {is_scalar}, label %{scalar}, label %{array}")
        lines.begin(scalar)
        value = lines.at(thing, VALUE)
        lines.do(f"br label %{on}")
        lines.begin(array)
        data = self._whole(thing, shape, dtype)
        last = lines.label("last")
        lines.do(f"br label %{last}")
        lines.begin(last)
        lines.do(f"br label %{on}")
        lines.begin(on)
        self.addresses.append(lines.let(f"phi ptr [ {value}, %{scalar} ], [ {data}, %{last} ]"))

    def _whole(self, thing: str, shape: Shape, dtype: np.dtype[np.generic]) -> str:
        lines = self._lines
        self._is_a(thing, "numpy_ndarray")
        lines.expect("ptr", lines.load("ptr", thing, DESCR), lines.symbol(f"descr_{dtype.name}"))
        flags = lines.let(f"and i32 {lines.load('i32', thing, FLAGS)}, {WHOLE}")
        lines.expect("i32", flags, WHOLE)
        lines.expect("i32", lines.load("i32", thing, NDIM), len(shape))
        if shape:
            sides = lines.load("ptr", thing, DIMENSIONS)
        for i, side in enumerate(shape):
            lines.expect("i64", lines.load("i64", sides, 8 * i), side)
        return lines.load("ptr", thing, DATA)
