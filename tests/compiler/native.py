"""Running one piece of native code by itself, each buffer between pages that nobody may touch."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Mapping, Sequence

import llvmlite.binding as llvm
import numpy as np

from wengert.compiler.pieces.piece import Module, Piece
from wengert.core.node import Node

PAGE = mmap.PAGESIZE
FORBIDDEN = 0  # PROT_NONE, neither to be read nor written
llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


class Buffer:
    """Memory for an array that ends where a forbidden page begins, or starts where one ends."""

    def __init__(self, shape: Sequence[int], dtype: np.dtype, at_end: bool) -> None:
        nbytes = int(np.prod(shape)) * dtype.itemsize
        inside = max(-(-nbytes // PAGE), 1) * PAGE
        self._memory = mmap.mmap(-1, inside + 2 * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        libc = ctypes.CDLL(None, use_errno=True)
        for page in (start, start + PAGE + inside):
            assert libc.mprotect(ctypes.c_void_p(page), PAGE, FORBIDDEN) == 0
        offset = PAGE + (inside - nbytes if at_end else 0)
        contents = np.frombuffer(self._memory, np.uint8, nbytes, offset)
        contents[...] = 0xFF
        self.array = contents.view(dtype).reshape(shape)
        self.address = start + offset


class Refused(Exception):
    """A piece met an index out of range."""


def run(
    piece: Piece, given: Mapping[Node, np.ndarray], at_end: bool = True, backwards: bool = False
) -> list[np.ndarray]:
    """What a piece stores, from the contents of the buffers that it loads.

    What it writes is filled with NaN before. backwards: its chunks in the other order. Raises
    Refused where it refuses what it reads.
    """
    roots = [*given, *piece.stores]
    module = Module({root: i for i, root in enumerate(roots)})
    piece.write(module)
    shapes = [np.shape(given.get(root, np.empty(root.aval.shape, np.int8))) for root in roots]
    buffers = [Buffer(s, root.aval.dtype, at_end) for s, root in zip(shapes, roots, strict=True)]
    for buffer, root in zip(buffers, roots, strict=True):
        if root in given:
            buffer.array[...] = given[root]
    spaces = [np.full(nbytes + 64, 0xFF, np.uint8) for nbytes in module.workspaces]
    places = [-(-space.ctypes.data // 64) * 64 for space in spaces]
    table = (ctypes.c_void_p * (len(roots) + len(places)))(*(b.address for b in buffers), *places)
    _call(module, table, backwards)
    if module.refuses is not None and ctypes.c_int32.from_address(table[module.refuses]).value:
        raise Refused
    return [b.array.copy() for b in buffers[len(given) :]]


def _call(module: Module, table: ctypes.Array, backwards: bool) -> None:
    for name, address in module.symbols.items():
        llvm.add_symbol(name, address)
    parsed = llvm.parse_assembly(module.text())
    parsed.verify()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2
    )
    with llvm.create_mcjit_compiler(parsed, target) as engine:
        engine.finalize_object()
        for name, chunks in module.steps:
            kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
            function = kind(engine.get_function_address(name))
            for chunk in reversed(range(chunks)) if backwards else range(chunks):
                function(ctypes.addressof(table), chunk)
