"""From a written Module to a native program that is loaded: object code, driver, threads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from wengert.compiler.backend.llvm import Host, Library
from wengert.compiler.backend.pool_text import PAR
from wengert.compiler.backend.sizes import Unit, units
from wengert.compiler.backend.stored import Image, found_or_compiled
from wengert.compiler.backend.threads import THREADS
from wengert.compiler.pieces.piece import Module, Step

DRIVER: Final = "wengert_run"
"""void wengert_run(ptr table): all steps, one after the other."""


class Loaded:
    """A native program that is ready to run; its code stays loaded as long as this is held.

    address: of the driver. run: all steps, with the address of the table; it lets other Python
    threads run meanwhile. Reentrant, as all that a program writes is in its table. cached: whether
    the code was in the cache.
    """

    def __init__(self, library: Library, image: Image) -> None:
        self.cached = image.cached
        self.library = library
        self.image = image
        self.address = library.address(DRIVER)
        run: Any = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.address)
        run.library = library  # also if only the function is held
        self.run: Callable[[int], None] = run


def program(module: Module, threads: int | None = None) -> list[Unit]:
    """A module as texts for LLVM, with its driver. threads: at most; None for the process's."""
    driver, declared = _driver(module.steps, threads or 0)
    names = {step.function for step in module.steps}
    return units(module.definitions, module.declarations | declared, driver, names)


def compiled(host: Host, texts: Sequence[Unit], extra: Sequence[str] = ()) -> Image:
    """Object code, from the cache if it is there. extra: what is exported besides the driver."""
    found = [found_or_compiled(host, unit.text, unit.level) for unit in texts]
    objects = tuple(data for data, _ in found)
    parallel = any(f"@{PAR}(" in unit.text for unit in texts)
    return Image(objects, (DRIVER, *extra), parallel, all(there for _, there in found))


def loaded(host: Host, image: Image, symbols: Mapping[str, int]) -> Loaded:
    """Link a program into the process. symbols: addresses of what it calls, by name."""
    known = dict(symbols)
    if image.parallel:
        known[PAR] = THREADS.pool(host).address
    return Loaded(host.load(image.objects, image.exports, known), image)


def build(host: Host, module: Module, threads: int | None = None) -> Loaded:
    """All three in a row."""
    return loaded(host, compiled(host, program(module, threads)), module.symbols)


def assembly(host: Host, texts: Sequence[Unit]) -> str:
    """The machine code of a program, as text."""
    return "\n".join(host.assembly(unit.text, unit.level) for unit in texts)


def _driver(steps: Sequence[Step], threads: int) -> tuple[list[str], set[str]]:
    """The function that calls the steps, and what it declares."""
    lines = [f"define void @{DRIVER}(ptr %table) {{"]
    declared = set()
    for step in steps:
        if step.chunks == 1 or threads == 1:
            chunks = range(step.chunks)
            lines += [f"  call void @{step.function}(ptr %table, i64 {c})" for c in chunks]
        elif step.chunks:
            given = f"ptr @{step.function}, ptr %table, i64 {step.chunks}, i32 {threads}"
            lines.append(f"  call void @{PAR}({given})")
            declared.add(f"declare void @{PAR}(ptr, ptr, i64, i32)")
    return [*lines, "  ret void", "}"], declared
