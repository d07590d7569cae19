"""Our own mathematical functions as native functions of arrays, and their errors in ulps."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from wengert.compiler.code import Code
from wengert.compiler.math.function import FUNCTIONS
from wengert.compiler.types import TYPES, size

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


def count_of(name: str) -> int:
    """How many numbers a function takes."""
    return FUNCTIONS[name].__code__.co_argcount


def text_of(name: str, type: str, lanes: int, fused: bool | None = None) -> str:
    """A loop that applies a function to n elements, n being a multiple of the lanes."""
    code = Code(lanes, fused)
    wide, count, align = code.wide(type), count_of(name), size(type)
    code.lines += [
        "entry:", "  br label %loop", "loop:", "  %i = phi i64 [0, %entry], [%next, %loop]",
    ]  # fmt: skip
    xs = []
    for i in range(count):
        place = code.emit(f"getelementptr {type}, ptr %a{i}, i64 %i", "ptr").name
        xs.append(code.emit(f"load {wide}, ptr {place}, align {align}", type))
    result = code.call(name, *xs)
    place = code.emit(f"getelementptr {type}, ptr %out, i64 %i", "ptr").name
    code.lines += [
        f"  store {wide} {result.name}, ptr {place}, align {align}",
        f"  %next = add i64 %i, {lanes}", "  %more = icmp ult i64 %next, %n",
        "  br i1 %more, label %loop, label %end", "end:", "  ret void",
    ]  # fmt: skip
    given = ", ".join(f"ptr noalias %a{i}" for i in range(count))
    head = f"define void @run(ptr noalias %out, {given}, i64 %n) {{"
    return "\n".join([head, *code.lines, "}", *sorted(code.declared), ""])


@functools.cache
def machine_of(processor: str = "") -> Any:
    """What generates code for a processor; without a name, for this one."""
    features = "" if processor else llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=processor or llvm.get_host_cpu_name(), features=features, opt=3
    )


def assembly(text: str, machine: Any) -> str:
    """Machine code, as text."""
    written: str = machine.emit_assembly(llvm.parse_assembly(text))
    return written


def built(text: str) -> tuple[Any, Any]:
    """The engine that holds the code, and the function."""
    parsed = llvm.parse_assembly(text)
    parsed.verify()
    machine = machine_of.__wrapped__()  # the engine owns it
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(3))
    builder.getModulePassManager().run(parsed, builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine, engine.get_function_address("run")


@functools.cache
def native(
    name: str, dtype: Any, lanes: int = 16, fused: bool | None = None
) -> Callable[..., np.ndarray]:
    """A function of arrays of one dtype and one length."""
    engine, address = built(text_of(name, TYPES[np.dtype(dtype)], lanes, fused))
    pointers = [ctypes.c_void_p] * (count_of(name) + 1)
    call = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(address)

    def apply(*arrays: np.ndarray) -> np.ndarray:
        length = arrays[0].size
        whole = -(-length // lanes) * lanes
        padded = [np.concatenate([a, np.ones(whole - length, dtype)]).astype(dtype) for a in arrays]
        out = np.empty(whole, dtype)
        call(out.ctypes.data, *(p.ctypes.data for p in padded), whole)
        return out[:length]

    apply.engine = engine  # type: ignore[attr-defined]  # it lives as long as the function
    return apply


def ulps(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """Errors in units of the last place of the true values, given in a longer type.

    0 where both are the same infinity, or NaN; infinite where only one of them is.
    """
    dtype = found.dtype
    limits = np.finfo(dtype)
    with np.errstate(all="ignore"):
        rounded = exact.astype(dtype)
        size = np.maximum(np.abs(exact), limits.smallest_normal)
        unit = np.exp2(np.floor(np.log2(size.astype(exact.dtype)))) * limits.eps
        error = np.abs(found.astype(exact.dtype) - exact) / unit
    same = (found == rounded) & ~np.isfinite(rounded) | np.isnan(found) & np.isnan(exact)
    error = np.where(same, 0, error)
    return np.where(np.isnan(error), np.inf, error)
