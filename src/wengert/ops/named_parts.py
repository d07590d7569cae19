"""Results of decompositions, solvers and sets with their parts named, as in named.py.

In a room of their own, which loads with the rooms that wait: a class takes 50 microseconds to make.
"""

from __future__ import annotations

from collections import namedtuple

from wengert.ops.named import Printed


class InvExResult(Printed, namedtuple("_Parts", ("inverse", "info"))):
    """The inverse, and the first zero pivot."""

    __slots__ = ()
    _shown = "linalg_inv_ex"


class SolveExResult(Printed, namedtuple("_Parts", ("result", "info"))):
    """The solution, and the first zero pivot."""

    __slots__ = ()
    _shown = "linalg_solve_ex"


class TriangularSolveResult(Printed, namedtuple("_Parts", ("solution", "cloned_coefficient"))):
    """The solution, and a copy of the matrix."""

    __slots__ = ()
    _shown = "triangular_solve"


class SlogdetResult(Printed, namedtuple("_Parts", ("sign", "logabsdet"))):
    """The sign of a determinant, and the logarithm of its absolute value."""

    __slots__ = ()
    _shown = "linalg_slogdet"


class CholeskyExResult(Printed, namedtuple("_Parts", ("L", "info"))):
    """The factor, and the first minor that is not positive."""

    __slots__ = ()
    _shown = "linalg_cholesky_ex"


class EighResult(Printed, namedtuple("_Parts", ("eigenvalues", "eigenvectors"))):
    """The eigenvalues in ascending order, and their vectors as columns."""

    __slots__ = ()
    _shown = "linalg_eigh"


class EigResult(Printed, namedtuple("_Parts", ("eigenvalues", "eigenvectors"))):
    """The eigenvalues, and their vectors as columns."""

    __slots__ = ()
    _shown = "linalg_eig"


class LinalgSvdResult(Printed, namedtuple("_Parts", ("U", "S", "Vh"))):
    """Left vectors, singular values in descending order, right vectors as rows."""

    __slots__ = ()
    _shown = "linalg_svd"


class SvdResult(Printed, namedtuple("_Parts", ("U", "S", "V"))):
    """Left vectors, singular values in descending order, right vectors as columns."""

    __slots__ = ()
    _shown = "svd"


class LinalgQrResult(Printed, namedtuple("_Parts", ("Q", "R"))):
    """Orthonormal columns, and an upper triangle."""

    __slots__ = ()
    _shown = "linalg_qr"


class QrResult(Printed, namedtuple("_Parts", ("Q", "R"))):
    """Orthonormal columns, and an upper triangle."""

    __slots__ = ()
    _shown = "qr"


class GeqrfResult(Printed, namedtuple("_Parts", ("a", "tau"))):
    """Reflections and an upper triangle in one matrix, and the factors of the reflections."""

    __slots__ = ()
    _shown = "geqrf"


class LuFactorResult(Printed, namedtuple("_Parts", ("LU", "pivots"))):
    """Both factors in one matrix, and the rows that were exchanged."""

    __slots__ = ()
    _shown = "linalg_lu_factor"


class LuFactorExResult(Printed, namedtuple("_Parts", ("LU", "pivots", "info"))):
    """The same, and the first pivot that is zero."""

    __slots__ = ()
    _shown = "linalg_lu_factor_ex"


class LuResult(Printed, namedtuple("_Parts", ("P", "L", "U"))):
    """A permutation, a lower and an upper triangle."""

    __slots__ = ()
    _shown = "linalg_lu"


class LuUnpackResult(Printed, namedtuple("_Parts", ("P", "L", "U"))):
    """A permutation, a lower and an upper triangle."""

    __slots__ = ()
    _shown = "lu_unpack"


class LstsqResult(
    Printed, namedtuple("_Parts", ("solution", "residuals", "rank", "singular_values"))
):
    """The solution of least squares, and what is known about it."""

    __slots__ = ()
    _shown = "linalg_lstsq"


class UniqueAllResult(
    Printed, namedtuple("_Parts", ("values", "indices", "inverse_indices", "counts"))
):
    """Distinct elements, and all that NumPy says about them."""

    __slots__ = ()
    _shown = "unique_all"


class UniqueCountsResult(Printed, namedtuple("_Parts", ("values", "counts"))):
    """Distinct elements, and how often they occur."""

    __slots__ = ()
    _shown = "unique_counts"


class UniqueInverseResult(Printed, namedtuple("_Parts", ("values", "inverse_indices"))):
    """Distinct elements, and where each element is among them."""

    __slots__ = ()
    _shown = "unique_inverse"
