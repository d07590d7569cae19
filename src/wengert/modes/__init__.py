"""no_grad and its kin, and the state that they change."""

from wengert.modes.kinds import (
    Mode,
    ModeAtOnce,
    enable_grad,
    inference_mode,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
    large_graph,
    no_grad,
    provenance,
    scope,
    set_grad_enabled,
    switch,
)
from wengert.modes.state import (
    STATE,
    State,
    current,
    entered,
    get_state,
    keep_changes,
    silent_context,
    silently,
    using,
)

__all__ = [
    "STATE", "Mode", "ModeAtOnce", "State", "current", "enable_grad", "entered", "get_state",
    "inference_mode", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "is_grad_enabled",
    "is_inference_mode_enabled", "keep_changes", "large_graph", "no_grad", "provenance", "scope",
    "set_grad_enabled", "silent_context", "silently", "switch", "using",
]  # fmt: skip
