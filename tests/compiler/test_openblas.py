"""Products in native code: the library is found, checked, and done without where it is wrong."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from wengert.compiler.backend import notices, openblas
from wengert.errors import CompileWarning

pytest.importorskip("scipy_openblas32")


@pytest.fixture
def afresh():
    """As in a process that has not asked for the library yet."""
    openblas.openblas.cache_clear()
    notices.forget()
    yield
    openblas.openblas.cache_clear()
    notices.forget()


def test_found():
    found = openblas.openblas()

    assert found is not None
    assert set(found.symbols("sgemm_", "cblas_dgemm")) == {"scipy_sgemm_", "scipy_cblas_dgemm"}
    assert all(found.symbols("sgemm_", "cblas_dgemm").values())


def test_one_thread():
    """Programs take chunks to threads themselves; the library starts none for a product."""
    library = ctypes.CDLL(str(openblas.openblas().path))

    assert library.scipy_openblas_get_num_threads() == 1


@pytest.mark.usefixtures("afresh")
def test_missing(monkeypatch):
    monkeypatch.setattr(openblas.importlib.util, "find_spec", lambda name: None)

    with pytest.warns(CompileWarning, match=r"not installed.*wengert\[compile\]"):
        assert openblas.openblas() is None
    assert openblas.openblas() is None  # and says nothing more


@pytest.mark.usefixtures("afresh")
def test_damaged(monkeypatch, tmp_path):
    file = tmp_path / "libscipy_openblas.so"
    file.write_bytes(b"no library")
    monkeypatch.setattr(openblas, "_found", lambda: Path(file))

    with pytest.warns(CompileWarning, match="leave matrix products to NumPy"):
        assert openblas.openblas() is None


@pytest.mark.usefixtures("afresh")
def test_wrong_products(monkeypatch):
    """A library whose sgemm is another function, as of another number of arguments."""
    monkeypatch.setattr(openblas, "_product", lambda left, right: (left @ right) + 1)

    with pytest.warns(CompileWarning, match="multiplies wrongly"):
        assert openblas.openblas() is None
