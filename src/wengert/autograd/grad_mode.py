"""torch.autograd.grad_mode's names."""

from __future__ import annotations

from wengert.modes import (
    Mode,
    State,
    enable_grad,
    inference_mode,
    no_grad,
    set_grad_enabled,
    switch,
)


class set_multithreading_enabled(Mode):
    """Accepted, and without effect: a backward pass runs in the thread that calls it."""

    _fields = ()

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = switch("set_multithreading_enabled", mode)

    def _changed(self, state: State) -> State:
        return state

    def _again(self) -> Mode:
        mode: Mode = set_multithreading_enabled(self.mode)
        return mode


__all__ = [
    "enable_grad", "inference_mode", "no_grad", "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
