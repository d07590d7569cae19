"""NumPy's functions that tensors refuse, each with the reason; nothing is silently a constant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from wengert.core.registry import NUMPY
from wengert.errors import ArgumentError

COUNTS: Final = "counts have no slope. Take x.detach().numpy(), and say so"
DATES: Final = "it is about dates, and tensors hold numbers"
FILES: Final = "files hold no history. Use wengert.save, or x.detach().numpy()"
BITS: Final = "it is about bytes. Take x.detach().numpy(), and say so"
FOURIER: Final = "there are no Fourier transforms yet"
LONG: Final = "the number of coefficients depends on the values"
NEIGHBOUR: Final = "it is x moved by one rounding, which has no derivative of its own"

REFUSED: Final[dict[Callable[..., Any], str]] = {
    **dict.fromkeys(
        (np.histogram, np.histogram2d, np.histogramdd, np.histogram_bin_edges), COUNTS
    ),
    **dict.fromkeys(
        (np.busday_count, np.busday_offset, np.is_busday, np.datetime_as_string, np.isnat), DATES
    ),
    **dict.fromkeys((np.save, np.savez, np.savez_compressed, np.savetxt), FILES),
    **dict.fromkeys((np.packbits, np.unpackbits), BITS),
    np.nextafter: NEIGHBOUR,
    np.polydiv: LONG,
    **dict.fromkeys(
        (
            np.fft.fft, np.fft.ifft, np.fft.rfft, np.fft.irfft, np.fft.hfft, np.fft.ihfft,
            np.fft.fft2, np.fft.ifft2, np.fft.rfft2, np.fft.irfft2, np.fft.fftn, np.fft.ifftn,
            np.fft.rfftn, np.fft.irfftn,
        ),
        FOURIER,
    ),
}  # fmt: skip
"""Every public function and ufunc of NumPy that raises for tensors, and why."""


def _refusing(theirs: Any, reason: str) -> Callable[..., Any]:
    module = getattr(theirs, "__module__", None) or "numpy"

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ArgumentError(
            f"{module}.{theirs.__name__} cannot be recorded on tensors: {reason}.",
            "Use a wengert function, or .detach().numpy() where no gradient is needed.",
        )

    return refuse


for _theirs, _reason in REFUSED.items():
    NUMPY.setdefault(_theirs, _refusing(_theirs, _reason))
