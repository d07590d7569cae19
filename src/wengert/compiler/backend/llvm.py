"""LLVM, through llvmlite: from text to object code for this machine, and from that to addresses."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from wengert.compiler.backend.capi import keep
from wengert.compiler.backend.locks import LOCK
from wengert.compiler.backend.notices import PIP, say_once
from wengert.compiler.backend.processor import features

BEST: Final = 3
"""The level of optimisation that pieces are written for."""

QUICK: Final = 0
"""That of code which runs now and then; it is made in a fifth of the time."""


class Library:
    """Object code in memory. It is unloaded when nobody holds this any more."""

    def __init__(self, tracker: Any) -> None:
        self._tracker = tracker

    def __del__(self) -> None:
        with LOCK:  # LLVM has a lock of its own for this, which nobody would give back in a child
            del self._tracker

    def address(self, name: str) -> int:
        """Where an exported function is."""
        found: int = self._tracker[name]
        return found

    def keep(self) -> None:
        """Never unload it, not even when the interpreter exits."""
        keep(self._tracker)


PASSES: Final = ("always_inliner", "sroa", "new_gvn", "instruction_combine", "simplify_cfg")
"""What is done to code before it is generated.

Loops come as vectors, with what is constant in them outside, so there is little left to do: LLVM's
own level 3 took ten times as long as these, and compiling twice as long altogether. Eight programs
(a layer norm and its pullback, a softmax, sums, transposes, broadcast chains) ran in 0.93 to 1.02
of the time that they took with it. The first pass puts small functions of compiler/math where they
are called.
"""


class Host:
    """LLVM for this machine. One thread at a time compiles and loads; what is loaded runs in any.

    facts: what object code depends on besides its text.
    """

    def __init__(self, llvm: Any, version: str) -> None:
        self._llvm = llvm
        self._lock = LOCK
        self._names = (f"wengert_{n}" for n in itertools.count())
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.triple: str = llvm.get_process_triple()
        # Asked of the machine itself: what the baseline lacks would become a call.
        known = features()
        self.cpu: str = llvm.get_host_cpu_name() if known else ""
        self.features = ",".join(f"{'+' if on else '-'}{name}" for name, on in known.items())
        numbers = ".".join(map(str, llvm.llvm_version_info))
        self.facts = (self.triple, self.cpu, self.features, numbers, version)
        self._machines: dict[int, Any] = {}
        self._jit = llvm.create_lljit_compiler(self._machine(0))
        # Threads of the pool may be in its code while the interpreter takes everything apart.
        keep(self._jit)

    def _machine(self, level: int) -> Any:
        machine = self._machines.get(level)
        if machine is None:
            target = self._llvm.Target.from_triple(self.triple)
            machine = self._machines[level] = target.create_target_machine(
                cpu=self.cpu, features=self.features, opt=level, jit=True, codemodel="jitdefault"
            )
        return machine

    def compile(self, text: str, level: int = BEST) -> bytes:
        """Object code. Raises RuntimeError for text that is not LLVM's."""
        with self._lock:
            image: bytes = self._machine(level).emit_object(self._optimised(text, level))
        return image

    def assembly(self, text: str, level: int = BEST) -> str:
        """The same as text for people."""
        with self._lock:
            written: str = self._machine(level).emit_assembly(self._optimised(text, level))
        return written

    def _optimised(self, text: str, level: int) -> Any:
        machine = self._machine(level)
        module = self._llvm.parse_assembly(text)
        module.triple = self.triple
        module.data_layout = str(machine.target_data)
        if level:
            passes = self._llvm.create_new_module_pass_manager()
            for name in PASSES:
                getattr(passes, f"add_{name}_pass")()
            options = self._llvm.create_pipeline_tuning_options(speed_level=level)
            passes.run(module, self._llvm.create_pass_builder(machine, options))
        return module

    def load(
        self, images: Iterable[bytes], exports: Sequence[str], symbols: Mapping[str, int]
    ) -> Library:
        """Link object code. symbols: where functions are that the process does not export.

        Raises RuntimeError where something is missing.
        """
        library = self._llvm.JITLibraryBuilder().add_current_process()
        for image in images:
            library.add_object_img(image)
        for name, address in symbols.items():
            library.import_symbol(name, address)
        for name in exports:
            library.export_symbol(name)
        with self._lock:
            return Library(library.link(self._jit, next(self._names)))


def host() -> Host | None:
    """LLVM in this process; None, after one warning, where there is none."""
    with LOCK:  # one thread starts it, and a fork waits for that
        return started()


@functools.cache
def started() -> Host | None:
    """The same, for those who have the lock."""
    slower = "compiled functions run without native code, by NumPy's functions"
    try:
        import llvmlite
        from llvmlite import binding
    except ImportError:
        say_once(f"{slower}: llvmlite is not installed", f"For native code: {PIP}")
        return None
    # It compiles through the cache, which needs to know of hosts.
    from wengert.compiler.backend.works import works

    try:
        made = Host(binding, llvmlite.__version__)
        right = works(made)
    except (RuntimeError, OSError, AttributeError) as error:
        say_once(f"{slower}: LLVM cannot be started: {error}")
        return None
    if not right:
        say_once(
            f"{slower}: what LLVM makes for this processor, {made.cpu}, computes wrongly",
            "Report it to wengert, with llvmlite's version.",
        )
        return None
    return made
