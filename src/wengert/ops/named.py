"""Results with several named parts: `x.max(dim=0).values`. torch calls them return types."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


class _Printed:
    """Printed as torch prints it: the name of the function, and one part a line."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        name = getattr(self, "_shown", "") or type(self).__name__.removesuffix("Result").lower()
        parts = ",\n".join(f"{field}={getattr(self, field)!r}" for field in self._fields)
        return f"wengert.return_types.{name}(\n{parts})"


class MaxResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The largest elements along a dimension, and their indices."""

    __slots__ = ()


class MinResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The smallest elements along a dimension, and their indices."""

    __slots__ = ()


class AminmaxResult(_Printed, namedtuple("_Pair", ("min", "max"))):
    """The smallest and the largest element."""

    __slots__ = ()


class MedianResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The medians along a dimension, and their indices."""

    __slots__ = ()


class NanmedianResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The medians of the numbers along a dimension, NaNs left out, and their indices."""

    __slots__ = ()


class CummaxResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The largest elements so far, and their indices."""

    __slots__ = ()


class CumminResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The smallest elements so far, and their indices."""

    __slots__ = ()


class SortResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The elements in order, and where each of them stood."""

    __slots__ = ()


class TopkResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The k largest or smallest elements, and where each of them stood."""

    __slots__ = ()


class KthvalueResult(_Printed, namedtuple("_Pair", ("values", "indices"))):
    """The k-th smallest elements, and where each of them stood."""

    __slots__ = ()


class InvExResult(_Printed, namedtuple("_Parts", ("inverse", "info"))):
    """The inverse, and the first zero pivot."""

    __slots__ = ()
    _shown = "linalg_inv_ex"


class SolveExResult(_Printed, namedtuple("_Parts", ("result", "info"))):
    """The solution, and the first zero pivot."""

    __slots__ = ()
    _shown = "linalg_solve_ex"


class TriangularSolveResult(_Printed, namedtuple("_Parts", ("solution", "cloned_coefficient"))):
    """The solution, and a copy of the matrix."""

    __slots__ = ()
    _shown = "triangular_solve"


class SlogdetResult(_Printed, namedtuple("_Parts", ("sign", "logabsdet"))):
    """The sign of a determinant, and the logarithm of its absolute value."""

    __slots__ = ()
    _shown = "linalg_slogdet"


class CholeskyExResult(_Printed, namedtuple("_Parts", ("L", "info"))):
    """The factor, and the first minor that is not positive."""

    __slots__ = ()
    _shown = "linalg_cholesky_ex"


class EighResult(_Printed, namedtuple("_Parts", ("eigenvalues", "eigenvectors"))):
    """The eigenvalues in ascending order, and their vectors as columns."""

    __slots__ = ()
    _shown = "linalg_eigh"


class EigResult(_Printed, namedtuple("_Parts", ("eigenvalues", "eigenvectors"))):
    """The eigenvalues, and their vectors as columns."""

    __slots__ = ()
    _shown = "linalg_eig"


class LinalgSvdResult(_Printed, namedtuple("_Parts", ("U", "S", "Vh"))):
    """Left vectors, singular values in descending order, right vectors as rows."""

    __slots__ = ()
    _shown = "linalg_svd"


class SvdResult(_Printed, namedtuple("_Parts", ("U", "S", "V"))):
    """Left vectors, singular values in descending order, right vectors as columns."""

    __slots__ = ()
    _shown = "svd"


class LinalgQrResult(_Printed, namedtuple("_Parts", ("Q", "R"))):
    """Orthonormal columns, and an upper triangle."""

    __slots__ = ()
    _shown = "linalg_qr"


class QrResult(_Printed, namedtuple("_Parts", ("Q", "R"))):
    """Orthonormal columns, and an upper triangle."""

    __slots__ = ()
    _shown = "qr"


class GeqrfResult(_Printed, namedtuple("_Parts", ("a", "tau"))):
    """Reflections and an upper triangle in one matrix, and the factors of the reflections."""

    __slots__ = ()
    _shown = "geqrf"


class LuFactorResult(_Printed, namedtuple("_Parts", ("LU", "pivots"))):
    """Both factors in one matrix, and the rows that were exchanged."""

    __slots__ = ()
    _shown = "linalg_lu_factor"


class LuFactorExResult(_Printed, namedtuple("_Parts", ("LU", "pivots", "info"))):
    """The same, and the first pivot that is zero."""

    __slots__ = ()
    _shown = "linalg_lu_factor_ex"


class LuResult(_Printed, namedtuple("_Parts", ("P", "L", "U"))):
    """A permutation, a lower and an upper triangle."""

    __slots__ = ()
    _shown = "linalg_lu"


class LuUnpackResult(_Printed, namedtuple("_Parts", ("P", "L", "U"))):
    """A permutation, a lower and an upper triangle."""

    __slots__ = ()
    _shown = "lu_unpack"


class LstsqResult(
    _Printed, namedtuple("_Parts", ("solution", "residuals", "rank", "singular_values"))
):
    """The solution of least squares, and what is known about it."""

    __slots__ = ()
    _shown = "linalg_lstsq"


class UniqueAllResult(
    _Printed, namedtuple("_Parts", ("values", "indices", "inverse_indices", "counts"))
):
    """Distinct elements, and all that NumPy says about them."""

    __slots__ = ()
    _shown = "unique_all"


class UniqueCountsResult(_Printed, namedtuple("_Parts", ("values", "counts"))):
    """Distinct elements, and how often they occur."""

    __slots__ = ()
    _shown = "unique_counts"


class UniqueInverseResult(_Printed, namedtuple("_Parts", ("values", "inverse_indices"))):
    """Distinct elements, and where each element is among them."""

    __slots__ = ()
    _shown = "unique_inverse"
