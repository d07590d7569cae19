"""Looking at forward: what it returns, writes, saves, and takes from elsewhere."""

from __future__ import annotations

import gc
import inspect
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from wengert.autograd.auditing.report import Audit
from wengert.autograd.auditing.subject import Run, Subject
from wengert.autograd.custom.call import Returned
from wengert.autograd.custom.node import place_of
from wengert.core.dtype import is_differentiable
from wengert.core.tensor import Tensor
from wengert.modes import current, using
from wengert.sites import Line


def runs(subject: Subject, report: Audit) -> None:
    """forward is recorded, and gives tensors that have a history."""
    if report.rules() & {"dirty"}:
        return
    run = subject.run(subject.arrays)
    if run.node is None and subject.wanted:
        report.add(
            "output", "nothing that forward returns has a gradient",
            place_of(subject.function.forward), "Return a tensor of floats, or a tuple of them.",
        )  # fmt: skip


def repeats(subject: Subject, report: Audit) -> None:
    """Two runs on the same values give the same."""
    first, second = (subject.values(subject.arrays) for _ in range(2))
    same = len(first) == len(second) and all(map(_equal, first, second))
    if not same:
        report.add(
            "repeats", "forward gives other values when it runs again on the same inputs",
            place_of(subject.function.forward),
            "Draw random numbers with wengert's generators, or pass them in as an argument.",
        )  # fmt: skip


def _equal(a: Any, b: Any) -> bool:
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=is_differentiable(a.dtype))


def marked_writes(subject: Subject, report: Audit) -> None:
    """What forward writes into is marked as dirty, is an input, and is returned."""
    call = subject.call(subject.arrays, _writable)
    ctx = call.context()
    with subject.repeatable(), using(grad=False, saved=(), levels=()):
        returned = Returned(call.run(ctx, current())).values
    dirty = ctx._marks.dirty
    for i, array in subject.arrays.items():
        tensor = call.args[i]
        marked = any(t is tensor for t in dirty)
        if not _equal(array, np.asarray(tensor._data)) and not marked:
            report.add(
                "write", f"forward writes into {subject.names[i]} and does not mark it",
                _writing_line(subject, i), f"ctx.mark_dirty({subject.names[i]}), and return it; or "
                "compute a new tensor.",
            )  # fmt: skip
        if marked and not any(v is tensor for v in returned):
            report.add(
                "dirty", f"{subject.names[i]} is marked as dirty and not returned",
                subject.setting_line("mark_dirty"), "Return the same tensor object.",
            )  # fmt: skip
    if any(not any(t is a for a in call.args) for t in dirty):
        report.add(
            "dirty", "a tensor is marked as dirty that is no input",
            subject.setting_line("mark_dirty"), "Leave the mark out: it is for inputs.",
        )  # fmt: skip
    _check_constant_marks(subject, report, ctx, returned)


def _check_constant_marks(subject: Subject, report: Audit, ctx: Any, returned: list[Any]) -> None:
    if any(not any(t is v for v in returned) for t in ctx._marks.constant):
        report.add(
            "marks", "a tensor is marked as not differentiable that is no output",
            subject.setting_line("mark_non_differentiable"), "Mark the tensor that is returned.",
        )  # fmt: skip


def _writable(array: Any, i: int) -> Tensor:
    made = Tensor.__new__(Tensor)
    made._data = np.array(array)
    made._node = made._memory = made._extra = None
    return made


def _writing_line(subject: Subject, i: int) -> Line | str:
    """The line of forward that seems to write into an input."""
    name = subject.names[i]
    for text in (f"{name} +=", f"{name} *=", f"{name} -=", f"{name} /=", f"{name}[", "_("):
        line = subject.line("forward", text)
        if text in str(line):
            return line
    return place_of(subject.function.forward)


def hidden_inputs(subject: Subject, report: Audit) -> None:
    """Tensors that require grad come in as arguments: any other way their gradient is lost."""
    for i, value in enumerate(subject.inputs):
        if not isinstance(value, Tensor) and any(t.requires_grad for t in tensors_in(value)):
            report.add(
                "hidden input", f"{subject.names[i]} is a {type(value).__name__} that holds tensors"
                " which require grad: no gradient goes there",
                place_of(subject.function.forward), "Pass them as arguments of their own: *xs.",
            )  # fmt: skip
    forward = inspect.unwrap(subject.function.forward)
    for name, value in _seen_from(forward):
        if any(t.requires_grad for t in tensors_in(value)):
            report.add(
                "hidden input", f"forward uses {name}, which requires grad, from outside: no "
                "gradient goes there", subject.line("forward", name),
                f"Make {name} an argument of forward.",
            )  # fmt: skip


def _seen_from(function: Any) -> Iterator[tuple[str, Any]]:
    """The variables of a function that are from outside, as far as they have values."""
    code = getattr(function, "__code__", None)
    if code is None:
        return
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not bound yet
            continue
    for name in code.co_names:
        if name in function.__globals__:
            yield name, function.__globals__[name]


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in nested lists, tuples and dicts."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def circles(subject: Subject, report: Audit) -> None:
    """A graph is freed as soon as nobody holds it: nothing on ctx holds an output."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        run: Run | None = subject.run(subject.arrays)
        assert run is not None
        if run.node is None:
            return
        node = weakref.ref(run.node)
        holders = _holders(run)
        del run
        if node() is not None:
            which = ", ".join(f"ctx.{name}" for name in holders)
            report.add(
                "circle", "the graph is not freed when its last user lets go: "
                + (f"{which} holds an output, which holds ctx" if which else "something that ctx "
                   "holds holds the output"),
                _first_line(subject, holders), "Save outputs with ctx.save_for_backward.",
            )  # fmt: skip
    finally:
        if was_on:
            gc.enable()


def _holders(run: Run) -> list[str]:
    """The attributes of ctx that hold an output."""
    assert run.node is not None
    outputs = {id(t) for t in run.outputs}
    attributes = run.node.ctx.__dict__.items()
    return [n for n, v in attributes if any(id(t) in outputs for t in tensors_in(v))]


def _first_line(subject: Subject, names: list[str]) -> Line | str:
    text = f"ctx.{names[0]}" if names else "ctx."
    return subject.setting_line(text)


def saved_on_ctx(subject: Subject, report: Audit) -> None:
    """Tensors are saved with save_for_backward, not put on ctx."""
    run = subject.run(subject.arrays)
    if run.node is None:
        return
    for name, value in run.node.ctx.__dict__.items():
        found = [t for t in tensors_in(value) if is_differentiable(t._data.dtype)]
        if found:
            report.add(
                "tensor on ctx", f"ctx.{name} is {_what(run, found[0])}: it is not checked for "
                "later writes, hooks do not see it, and it lives as long as the graph",
                subject.setting_line(f"ctx.{name}"),
                f"ctx.save_for_backward({_argument(run, found[0], name)}) in its place.",
            )  # fmt: skip
        elif _shares(value, run):
            report.add(
                "tensor on ctx", f"ctx.{name} shares memory with an input or an output: a later "
                "write changes it unnoticed", subject.setting_line(f"ctx.{name}"),
                "Save the tensor with ctx.save_for_backward, or keep a copy of the array.",
            )  # fmt: skip


def _what(run: Run, tensor: Tensor) -> str:
    if any(tensor is a for a in run.call.args):
        return "an input"
    return "an output" if any(tensor is t for t in run.outputs) else "a tensor that forward made"


def _argument(run: Run, tensor: Tensor, name: str) -> str:
    for argument, known in zip(run.call.args, run.subject.names, strict=True):
        if argument is tensor:
            return known
    return name


def _shares(value: Any, run: Run) -> bool:
    """Whether an array on ctx is one that a tensor has, too."""
    tensors = [*run.call.tensors, *run.outputs]
    return isinstance(value, np.ndarray) and any(
        np.may_share_memory(value, t._data) for t in tensors if isinstance(t._data, np.ndarray)
    )
