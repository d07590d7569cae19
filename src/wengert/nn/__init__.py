"""torch.nn's names. So far: functional."""

from wengert.nn import functional

__all__ = ["functional"]
