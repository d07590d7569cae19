"""Matrix products: the OpenBLAS of the scipy-openblas32 wheel, which nobody else uses.

It is another copy than NumPy's, so that its number of threads is ours to choose: one, as programs
take chunks to several threads themselves. What the user says by OPENBLAS_CORETYPE and its like
holds for this copy, too; `core` says what came of it.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np

from wengert.compiler.backend.notices import PIP, say_once

PREFIX: Final = "scipy_"
NEEDED: Final = (
    "sgemm_", "dgemm_", "sgemv_", "dgemv_", "cblas_sgemm", "cblas_dgemm", "cblas_sgemv",
    "cblas_dgemv",
)  # fmt: skip


class OpenBlas:
    """The library, loaded. path: where it was found. core: the machine whose kernels it chose."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Its symbols are seen by nobody else: RTLD_LOCAL, as is the default.
        self._library = ctypes.CDLL(str(path))
        for name in NEEDED:
            self.address(name)
        self._library[PREFIX + "openblas_set_num_threads"](1)
        describe = self._library[PREFIX + "openblas_get_corename"]
        describe.restype = ctypes.c_char_p
        self.core = describe().decode()

    def address(self, name: str) -> int:
        """Where a function is. name: BLAS's own, "sgemm_" or "cblas_sgemm". 32-bit integers."""
        found = ctypes.cast(self._library[PREFIX + name], ctypes.c_void_p).value
        assert found is not None
        return found

    def symbols(self, *names: str) -> dict[str, int]:
        """The same for several, as Module.symbol wants them: under the name in the library."""
        return {PREFIX + name: self.address(name) for name in names}


@functools.cache
def openblas() -> OpenBlas | None:
    """The library of this process; None, after one warning, where there is none that works.

    Products are NumPy's then.
    """
    path = _found()
    if path is None:
        say_once(
            "compiled functions leave matrix products to NumPy: scipy-openblas32 is not installed",
            f"For products in native code: {PIP}",
        )
        return None
    try:
        made = OpenBlas(path)
    except (OSError, AttributeError) as error:
        say_once(f"compiled functions leave matrix products to NumPy: {path}: {error}")
        return None
    if not multiplies(made):
        say_once(
            f"compiled functions leave matrix products to NumPy: {path} multiplies wrongly",
            "Report it to wengert, with OPENBLAS_CORETYPE if it is set.",
        )
        return None
    return made


def addresses(names: Iterable[str]) -> dict[str, int] | None:
    """Where functions are whose names `symbols` has told; None if they are not there now."""
    wanted = list(names)
    library = openblas() if wanted else None
    if library is None:
        return None if wanted else {}
    try:
        return library.symbols(*(name.removeprefix(PREFIX) for name in wanted))
    except AttributeError:
        return None


def _found() -> Path | None:
    """The library's file, without importing its package, which reads metadata for a while."""
    spec = importlib.util.find_spec("scipy_openblas32")
    if spec is None or not spec.submodule_search_locations:
        return None
    kinds = {".so", ".dylib", ".dll"}
    for place in spec.submodule_search_locations:
        files = sorted(Path(place, "lib").glob("libscipy_openblas*"))
        for file in files:
            if file.suffix in kinds:
                return file
    return None


def multiplies(library: OpenBlas) -> bool:
    """Whether products of small matrices of whole numbers are exact, in every combination."""
    return all(
        _multiplies(library, letter, dtype, flags)
        for letter, dtype in (("s", np.float32), ("d", np.float64))
        for flags in ("NN", "NT", "TN", "TT")
    )


def _multiplies(library: OpenBlas, letter: str, dtype: Any, flags: str) -> bool:
    m, n, k = 19, 23, 37  # no multiples of what kernels take at once
    a = _whole_numbers((k, m) if flags[0] == "N" else (m, k), dtype)
    b = _whole_numbers((n, k) if flags[1] == "N" else (k, n), dtype)
    c = np.full((n, m), np.nan, dtype)  # with beta = 0 it is not read
    _call(
        library.address(f"{letter}gemm_"), flags[0], flags[1], m, n, k, dtype(1), a, a.shape[1],
        b, b.shape[1], dtype(0), c, m,
    )  # fmt: skip
    left, right = (a.T if flags[0] == "N" else a), (b.T if flags[1] == "N" else b)
    return bool(np.array_equal(c.T, _product(left, right)))


def _product(left: Any, right: Any) -> Any:
    """A product without BLAS."""
    return (left[:, :, None] * right[None, :, :]).sum(1)


def _whole_numbers(shape: tuple[int, int], dtype: Any) -> Any:
    numbers = np.arange(shape[0] * shape[1]) * 7 % 11 - 5
    return numbers.reshape(shape).astype(dtype)


def _call(address: int, *arguments: Any) -> None:
    """A function of Fortran's: everything by reference, and the lengths of the two letters."""
    kept: list[Any] = []
    for argument in arguments:
        if isinstance(argument, str):
            kept.append(ctypes.c_char_p(argument.encode()))
        elif isinstance(argument, np.ndarray):
            kept.append(ctypes.c_void_p(argument.ctypes.data))
        else:
            kept.append(np.array(argument, np.int32 if isinstance(argument, int) else None))
    pointers = [k if not isinstance(k, np.ndarray) else k.ctypes.data_as(ctypes.c_void_p)
                for k in kept]  # fmt: skip
    lengths = [ctypes.c_size_t(1)] * sum(isinstance(a, str) for a in arguments)
    ctypes.CFUNCTYPE(None)(address)(*pointers, *lengths)
