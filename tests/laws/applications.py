"""The operations that a call applies, with their operands and results, as they are computed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from sampling import is_array
from wengert.core import record
from wengert.core.aval import Aval, aval_of
from wengert.core.op import Op
from wengert.graphs.verify import infer
from wengert.modes import provenance


@dataclass(frozen=True)
class Application:
    """One operation applied: operands after promotion."""

    op: Op
    operands: tuple[Any, ...]
    attrs: dict[str, Any]
    result: Any

    def computed(self) -> list[Aval]:
        results = self.result if isinstance(self.result, tuple) else (self.result,)
        return [aval_of(r) for r in results]

    def predicted(self) -> list[Aval]:
        """The avals of the outputs, from their operands' avals."""
        stands = [aval_of(x) if is_array(x) else x for x in self.operands]
        made = infer(self.op, stands, self.attrs)
        return list(made) if isinstance(made, tuple) else [made]


@contextmanager
def applications() -> Iterator[list[Application]]:
    """Collects what is applied inside."""
    found: list[Application] = []
    compute = record.compute

    def noted(op: Op, operands: Any, attrs: Any, state: Any) -> Any:
        result = compute(op, operands, attrs, state)
        found.append(Application(op, tuple(operands), dict(attrs or {}), result))
        return result

    # Without source sites the operators, too, take the general way, through compute().
    with mock.patch.object(record, "compute", noted), provenance(False):
        yield found
