"""An entry: a Python function in native code that checks, runs a program, and returns its results.

It is METH_FASTCALL with keywords, and 30 to 100 ns dearer than the program itself. Its `self` is a
tuple: the function to be called where a check fails, what keeps the code loaded, the objects that
are to be the very same, the hidden tensors. Nothing is made before all checks have passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from wengert.compiler.backend.build import DRIVER
from wengert.compiler.backend.entry_arguments import FIRST_SAME, Arguments
from wengert.compiler.backend.layout import DATA, LIST_ITEMS, TUPLE_ITEMS, Layout
from wengert.compiler.backend.lines import Lines
from wengert.compiler.backend.memory_text import GIVE, TAKE
from wengert.compiler.backend.signature import Computed, Container, Same, Signature, Tree, data_in
from wengert.compiler.backend.support_text import SUPPORT, declarations
from wengert.core.aval import Aval

ENTRY: Final = "wengert_entry"
"""ptr wengert_entry(ptr self, ptr args, i64 count, ptr names)."""

FUNCTIONS: Final = {
    "PyContextVar_Get": "i32 (ptr, ptr, ptr)",
    "PyDict_New": "ptr ()",
    "PyDict_Next": "i32 (ptr, ptr, ptr, ptr)",
    "PyDict_SetItem": "i32 (ptr, ptr, ptr)",
    "PyErr_NoMemory": "ptr ()",
    "PyEval_RestoreThread": "void (ptr)",
    "PyEval_SaveThread": "ptr ()",
    "PyList_New": "ptr (i64)",
    "PyObject_Vectorcall": "ptr (ptr, ptr, i64, ptr)",
    "PyTuple_New": "ptr (i64)",
    "Py_DecRef": "void (ptr)",
    "Py_IncRef": "void (ptr)",
    TAKE: "ptr (i64)",
    GIVE: "void (ptr)",
    DRIVER: "void (ptr)",
    **SUPPORT,
}
"""What entries call: result and parameters."""


class EntryText(NamedTuple):
    """An entry. symbols: the objects and types whose addresses it needs."""

    text: str
    symbols: frozenset[str]


def entry_text(signature: Signature, layout: Layout) -> EntryText:
    """The entry of a program, as LLVM's text."""
    lines = Lines()
    arguments = Arguments(lines, signature, layout)
    arguments.all()
    results = Results(lines, signature, layout, arguments)
    results.all()
    head = [f"define ptr @{ENTRY}(ptr %self, ptr %args, i64 %count, ptr %names) {{", "entry:"]
    body = [*head, *_rooms(signature, results.count), *lines.text, *_ends(results.count), "}"]
    called = "\n".join(body)
    declared = declarations({n: kind for n, kind in FUNCTIONS.items() if f"@{n}(" in called})
    outside = [f"@{name} = external global i8" for name in sorted(lines.symbols)]
    text = "\n".join([*outside, *declared, *lines.constants(), *body, ""])
    return EntryText(text, frozenset(lines.symbols))


def _rooms(signature: Signature, objects: int) -> list[str]:
    """Memory on the stack."""
    sizes = {"numbers": len(data_in(signature.arguments)), "table": len(signature.table),
             "values": 2 * len(signature.outputs), "objects": objects}  # fmt: skip
    rooms = [f"  %{name} = alloca [{max(n, 1)} x i64], align 16" for name, n in sizes.items()]
    single = ["state", "position", "key", "value"]
    cleared = f"  call void @llvm.memset.p0.i64(ptr %objects, i8 0, i64 {8 * objects}, i1 false)"
    return [*rooms, *(f"  %{name} = alloca i64" for name in single), cleared]


def _ends(objects: int) -> list[str]:
    """What happens where a check fails, where memory is short, and where Python raised."""
    given = "ptr %instead, ptr %args, i64 %count, ptr %names"
    drop = f"  call void @wengert_drop(ptr %objects, i64 {objects})"
    return [
        "refused:", drop, "  br label %miss", "miss:",
        f"  %place = getelementptr i8, ptr %self, i64 {TUPLE_ITEMS}",
        "  %instead = load ptr, ptr %place",
        f"  %missed = call ptr @PyObject_Vectorcall({given})",
        "  ret ptr %missed", "short:", "  call ptr @PyErr_NoMemory()", "  br label %error",
        "error:", drop, "  ret ptr null",
    ]  # fmt: skip


class Results:
    """The second half: memory, the program, and what is made of its outputs.

    Objects that are made stand in %objects until something else holds them. count: how many.
    """

    def __init__(
        self, lines: Lines, signature: Signature, layout: Layout, arguments: Arguments
    ) -> None:
        self._lines = lines
        self._signature = signature
        self._layout = layout
        self._arguments = arguments
        self.count = len(signature.outputs)

    def all(self) -> None:
        """Make, run, return."""
        lines, signature = self._lines, self._signature
        places = [self._output(i, aval) for i, aval in enumerate(signature.outputs)]
        block = self._block()
        self._fill_table(places, block)
        self._run()
        if block is not None:
            self._leave(block)
        for i, aval in enumerate(signature.outputs):
            self._finish(i, aval)
        if isinstance(signature.result, Same):
            place = TUPLE_ITEMS + 8 * (FIRST_SAME + signature.result.which)
            same = lines.load("ptr", "%self", place)
            lines.do(f"call void @Py_IncRef(ptr {same})")
            lines.do(f"ret ptr {same}")
        else:
            lines.do(f"ret ptr {lines.load('ptr', '%objects', 8 * self._made(signature.result))}")

    def _keep(self, i: int, made: str) -> None:
        """Note an object that was made; the end of everything if it was not."""
        lines = self._lines
        lines.check(lines.let(f"icmp ne ptr {made}, null"), "error")
        lines.store("ptr", made, "%objects", 8 * i)

    def _output(self, i: int, aval: Aval) -> str:
        """Memory for an output: a new array, or a place on the stack for a number."""
        lines = self._lines
        if not aval.shape:
            return lines.at("%values", 16 * i)
        kind = (f"i32 {len(aval.shape)}", f"ptr {lines.sides(aval.shape)}", f"i64 {aval.nbytes}")
        descr = lines.symbol(f"descr_{aval.dtype.name}")
        made = lines.call("ptr", "wengert_made", f"ptr {descr}", *kind)
        self._keep(i, made)
        return lines.load("ptr", made, DATA)

    def _block(self) -> str | None:
        lines, nbytes = self._lines, self._signature.nbytes
        if not nbytes:
            return None
        block = lines.call("ptr", TAKE, f"i64 {nbytes}")
        lines.check(lines.let(f"icmp ne ptr {block}, null"), "short")
        return block

    def _fill_table(self, outputs: Sequence[str], block: str | None) -> None:
        lines, inputs = self._lines, self._arguments.addresses
        for slot, (kind, n) in enumerate(self._signature.table):
            if kind == "block":
                assert block is not None
                address = lines.at(block, n)
            elif kind == "constant":
                array = lines.load("ptr", "%self", TUPLE_ITEMS + 8 * (FIRST_SAME + n))
                address = lines.load("ptr", array, DATA)
            else:
                address = inputs[n] if kind == "input" else outputs[n]
            lines.store("ptr", address, "%table", 8 * slot)

    def _run(self) -> None:
        """Run the program; if it is long, with the interpreter's lock given back meanwhile."""
        lines = self._lines
        if not self._signature.long:
            lines.do(f"call void @{DRIVER}(ptr %table)")
            return
        held = self._arguments.held
        for thing in held:  # else another thread could drop it
            lines.do(f"call void @Py_IncRef(ptr {thing})")
        thread = lines.call("ptr", "PyEval_SaveThread")
        lines.do(f"call void @{DRIVER}(ptr %table)")
        lines.do(f"call void @PyEval_RestoreThread(ptr {thread})")
        for thing in held:
            lines.do(f"call void @Py_DecRef(ptr {thing})")

    def _leave(self, block: str) -> None:
        """Give the block back; where the program refused an input, nothing has happened then."""
        lines, refusal = self._lines, self._signature.refusal
        word = None if refusal is None else lines.load("i32", block, refusal)
        lines.do(f"call void @{GIVE}(ptr {block})")
        if word is not None:
            lines.expect("i32", word, 0, "refused")

    def _finish(self, i: int, aval: Aval) -> None:
        """An output as users get it: a number as NumPy's scalar, and all as tensors if wanted."""
        lines = self._lines
        place = lines.at("%objects", 8 * i)
        if not aval.shape:
            descr = lines.symbol(f"descr_{aval.dtype.name}")
            value = lines.at("%values", 16 * i)
            given = (f"ptr {place}", f"ptr {value}", f"ptr {descr}")
            lines.check(lines.call("i1", "wengert_scalar", *given), "error")
        if self._signature.tensors:
            lines.check(lines.call("i1", "wengert_wrap", f"ptr {place}"), "error")

    def _made(self, tree: Tree) -> int:
        """Make the containers of a result; where in %objects it is then."""
        if isinstance(tree, Computed):
            return tree.which
        assert isinstance(tree, Container)
        inner = {i: self._made(t) for i, t in enumerate(tree.items) if not isinstance(t, Same)}
        place, lines, count = self.count, self._lines, len(tree.items)
        self.count += 1
        if tree.kind == "dict":
            self._keep(place, lines.call("ptr", "PyDict_New"))
        else:
            function = "PyTuple_New" if tree.kind == "tuple" else "PyList_New"
            self._keep(place, lines.call("ptr", function, f"i64 {count}"))
        made = lines.load("ptr", "%objects", 8 * place)
        for i, item in enumerate(tree.items):
            self._put(made, tree, i, self._item(item, inner.get(i)), inner.get(i))
        return place

    def _item(self, item: Tree, place: int | None) -> str:
        lines = self._lines
        if place is not None:
            return lines.load("ptr", "%objects", 8 * place)
        assert isinstance(item, Same)
        return lines.load("ptr", "%self", TUPLE_ITEMS + 8 * (FIRST_SAME + item.which))

    def _put(self, made: str, tree: Container, i: int, item: str, place: int | None) -> None:
        """Put an item into its container, which holds it from then on."""
        lines = self._lines
        if tree.kind == "dict":
            key = lines.load("ptr", "%self", TUPLE_ITEMS + 8 * (FIRST_SAME + tree.keys[i]))
            error = lines.call("i32", "PyDict_SetItem", f"ptr {made}", f"ptr {key}", f"ptr {item}")
            lines.expect("i32", error, 0, "error")
            if place is not None:
                lines.do(f"call void @Py_DecRef(ptr {item})")
        else:
            at = TUPLE_ITEMS
            items = made if tree.kind == "tuple" else lines.load("ptr", made, LIST_ITEMS)
            lines.store("ptr", item, items, 8 * i + (at if tree.kind == "tuple" else 0))
            if place is None:
                lines.do(f"call void @Py_IncRef(ptr {item})")
        if place is not None:
            lines.store("ptr", "null", "%objects", 8 * place)
