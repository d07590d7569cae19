"""The text of an array: cropped, formatted, laid out.

*Crop.* An array of more than `threshold` elements shows `edgeitems` elements at either end of each
axis, and "..." for those between.

*Format.* The shown elements share one notation and one width; a complex array has a pair of them,
for its real and for its imaginary parts. See `_float_texts` for how the notation is chosen.

*Lay out.* Rows wrap at `linewidth`; the blocks along an axis that d axes follow are parted by d
line ends. What follows the elements (size, dtype, grad_fn) wraps at `linewidth` too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.printing.options import Options, current

if TYPE_CHECKING:
    import numpy.typing as npt

# The whole text ----------------------------------------------------------------------------------


def format_array(
    array: npt.NDArray[Any] | np.generic,
    *,
    dtype_name: str,
    default_dtype_name: str = "float32",
    suffixes: Sequence[str] = (),
    prefix: str = "tensor(",
    module: str = "torch",
) -> str:
    """The text of a tensor: prefix, elements, size and dtype where they are not evident, suffixes.

    array: of any shape; booleans, integers, floats or complex numbers.
    dtype_name: the name that is shown if the elements do not tell the dtype: "float64".
    default_dtype_name: the dtype of floats that goes without saying; its complex partner too.
    suffixes: what follows, such as "requires_grad=True" or "grad_fn=<MulBackward0>".
    prefix: what precedes the elements, with its bracket; later lines are indented by its length.
    module: the name of the library in front of the dtype's name.

    >>> format_array(np.float32([6]), dtype_name="float32", suffixes=["grad_fn=<MulBackward0>"])
    'tensor([6.], grad_fn=<MulBackward0>)'
    >>> format_array(np.zeros((0, 3)), dtype_name="float64")
    'tensor([], size=(0, 3), dtype=torch.float64)'
    """
    options = current()
    array = np.asarray(array)
    indent = len(prefix)
    notes = []
    if _shows_size(array, options):
        notes.append(f"size={array.shape}")
    if _shows_dtype(array, dtype_name, default_dtype_name):
        notes.append(f"dtype={module}.{dtype_name}")
    head = prefix + _elements(array, indent, options)
    return _with_suffixes(head, [*notes, *suffixes], indent, options.linewidth) + ")"


def _shows_size(array: npt.NDArray[Any], options: Options) -> bool:
    # torch takes edgeitems 0 for a wish to see the size, also of an array that is shown whole.
    return array.ndim != 1 if array.size == 0 else options.edgeitems == 0


def _shows_dtype(array: npt.NDArray[Any], name: str, default: str) -> bool:
    """Whether the reader could take the dtype for another one.

    Brackets with nothing in between read as the default dtype; digits, truth values and points
    read as int64, bool, and the default dtype with its complex partner.
    """
    if array.size == 0:
        return name != default
    complex_default = "complex128" if default == "float64" else "complex64"
    return name not in (default, complex_default, "int64", "bool")


def _with_suffixes(head: str, suffixes: Sequence[str], indent: int, linewidth: float) -> str:
    """Append the suffixes, each on a new line if the present one has no room for it.

    torch counts two characters too many on the line that the elements end on; so do we.
    """
    text = head
    last_line = head[head.rfind("\n") + 1 :]
    column = len(last_line) + 2
    for suffix in suffixes:
        joined = column + len(", ") + len(suffix)
        if joined > linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column = joined
    return text


# Crop --------------------------------------------------------------------------------------------


def _elements(array: npt.NDArray[Any], indent: int, options: Options) -> str:
    """The elements in their brackets, or the bare element of a 0-d array."""
    if array.size == 0:
        return "[]"
    summarised = array.ndim > 0 and array.size > options.threshold
    if summarised and options.edgeitems == 0:
        return "[...]"
    cuts = _cuts(array.shape, options.edgeitems if summarised else 0)
    shown = _cropped(array, cuts) if any(cuts) else array
    texts, width = _texts(shown, options)
    if array.ndim == 0:
        return texts[0]
    return _laid_out(texts, width, shown.shape, cuts, indent, options.linewidth)


def _cuts(shape: tuple[int, ...], edge: int) -> list[int]:
    """For each axis, the elements that are shown at either end; 0 if it is shown whole."""
    return [edge if side > 2 * edge else 0 for side in shape]


def _cropped(array: npt.NDArray[Any], cuts: list[int]) -> npt.NDArray[Any]:
    kept = [
        [*range(edge), *range(side - edge, side)] if edge else range(side)
        for side, edge in zip(array.shape, cuts, strict=True)
    ]
    return array[np.ix_(*kept)]


# Format ------------------------------------------------------------------------------------------


def _texts(array: npt.NDArray[Any], options: Options) -> tuple[list[str], int]:
    """Each element's text, padded, in row-major order, and the width that the rows are wrapped by.

    Python's numbers carry float16 and float32 exactly, so the choice of the notation is made in
    double precision for all dtypes, as torch makes it.
    """
    values = array.ravel().tolist()
    if array.dtype.kind == "c":
        return _complex_texts(values, options)
    if array.dtype.kind in "fV":  # V is bfloat16
        texts, width = _float_texts(values, options)
    else:
        texts = [str(value) for value in values]
        width = max(map(len, texts))
    return [text.rjust(width) for text in texts], width


def _float_texts(values: list[float], options: Options) -> tuple[list[str], int]:
    """Texts, not padded, and the width of the widest one that counts.

    Only finite values other than zero count. Scientific notation if the greatest is above 1e8 or
    more than 1000 times the least, or the least below 1e-4 (in magnitude); else "3." if all are
    whole; else `precision` digits. Without any, zeros are "0." and the width is 1.
    """
    counts = [value != 0 and math.isfinite(value) for value in values]
    ordinary = [value for value, does in zip(values, counts, strict=True) if does]
    if ordinary and _scientific(ordinary, options.sci_mode):
        spec = f".{options.precision}e"
    elif all(value.is_integer() for value in ordinary):
        # "#" keeps the point of "3."; neither nan nor inf gets one.
        spec = "#.0f"
    else:
        spec = f".{options.precision}f"
    texts = [format(value, spec) for value in values]
    width = max((len(text) for text, does in zip(texts, counts, strict=True) if does), default=1)
    return texts, width


def _scientific(ordinary: list[float], sci_mode: bool | None) -> bool:
    if sci_mode is not None:
        return sci_mode
    least = min(map(abs, ordinary))
    greatest = max(map(abs, ordinary))
    return greatest > 1e8 or least < 1e-4 or greatest / least > 1000


def _complex_texts(values: list[complex], options: Options) -> tuple[list[str], int]:
    """Texts such as " 1.+2.5000j": the real parts padded, the imaginary parts not.

    The width has room for the widest imaginary part and the j, and none for the sign in between:
    torch's lines of complex numbers may therefore exceed the linewidth.
    """
    reals, real_width = _float_texts([value.real for value in values], options)
    imags, imag_width = _float_texts([value.imag for value in values], options)
    texts = []
    for real, imag in zip(reals, imags, strict=True):
        sign = "" if imag.startswith("-") else "+"
        texts.append(f"{real.rjust(real_width)}{sign}{imag}j")
    return texts, real_width + imag_width + len("j")


# Lay out -----------------------------------------------------------------------------------------


def _laid_out(
    texts: list[str],
    width: int,
    shape: tuple[int, ...],
    cuts: list[int],
    indent: int,
    linewidth: float,
) -> str:
    """Rows first, then the brackets of the axes before the last, from the inside out."""
    last = len(shape) - 1
    # A row stands behind the brackets of the axes before its own; its further lines, behind its
    # own bracket too.
    room = linewidth - (indent + last)
    per_line = max(1, math.floor(room / (width + len(", "))))
    rows = _groups(texts, shape[last], cuts[last], " ...")
    blocks = [_wrapped(row, per_line, indent + last + 1) for row in rows]
    for axis in reversed(range(last)):
        between = "," + "\n" * (last - axis) + " " * (indent + axis + 1)
        groups = _groups(blocks, shape[axis], cuts[axis], "...")
        blocks = ["[" + between.join(group) + "]" for group in groups]
    return blocks[0]


def _groups(items: list[str], side: int, edge: int, dots: str) -> list[list[str]]:
    """The items along one axis, for each place on the axes before it; dots where it was cut."""
    groups = [items[start : start + side] for start in range(0, len(items), side)]
    if edge:
        for group in groups:
            group.insert(edge, dots)
    return groups


def _wrapped(row: list[str], per_line: int, indent: int) -> str:
    """One row in brackets, `per_line` texts to a line."""
    lines = [", ".join(row[start : start + per_line]) for start in range(0, len(row), per_line)]
    return "[" + (",\n" + " " * indent).join(lines) + "]"
