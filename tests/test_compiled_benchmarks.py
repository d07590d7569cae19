"""The benchmarks of compiled functions compute what they claim to time. Nothing is timed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as wg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed

from benchmarks.compiled import (  # noqa: E402
    elementwise,
    hessian,
    limits,
    mixture,
    networks,
    products,
    rivals,
    run,
    scalars,
)
from benchmarks.peers import check_agreement  # noqa: E402
from benchmarks.report import COMPILED, write_between_markers  # noqa: E402
from benchmarks.transforms import closed_form  # noqa: E402

TASKS = {
    "founding, floats": lambda: scalars.founding_task(tensors=False),
    "founding, tensors": lambda: scalars.founding_task(tensors=True),
    "elementwise": lambda: elementwise.task(50),
    "perceptron": lambda: networks.perceptron_task(4, (6, 5, 4, 3)),
    "block": lambda: networks.block_task(2, 5, 16, 7),
    "mixture": lambda: mixture.task(3, 2, 5),
}


def in_doubles(task: rivals.Task) -> list[object]:
    """The arguments, floats in float64."""
    return [
        a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a
        for a in task.arguments
    ]


def loss_of(task: rivals.Task, arguments: list[object]) -> float:
    """The loss, eagerly."""
    tensors = [
        wg.from_numpy(a) if isinstance(a, np.ndarray) else wg.tensor(a, dtype=wg.float64)
        for a in arguments
    ]
    return float(task.torch_like(wg, *tensors))


@pytest.mark.parametrize("name", TASKS)
def test_tasks(name: str) -> None:
    """Compiled, the loss is the eager one; each gradient is the slope along a random direction."""
    task = TASKS[name]()
    arguments, rng = in_doubles(task), np.random.default_rng(1)
    peer = rivals.ours(task)
    found = peer.gradients(peer.run())

    assert found["0"] == pytest.approx(loss_of(task, arguments), rel=1e-5)
    for i, place in enumerate(task.wanted, start=1):
        direction = rng.standard_normal(np.shape(arguments[place]))
        ends = []
        for step in (1e-5, -1e-5):
            moved = [*arguments]
            moved[place] = np.asarray(arguments[place] + step * direction, np.float64)
            ends.append(loss_of(task, moved))
        slope, scale = (ends[0] - ends[1]) / 2e-5, np.abs(found[str(i)] * direction).sum()
        assert np.sum(found[str(i)] * direction) == pytest.approx(slope, abs=1e-4 * scale + 1e-8)


def test_mixture_is_that_of_loops() -> None:
    task = mixture.task(4, 3, 6)

    found = task.torch_like(wg, *map(wg.from_numpy, task.arguments))

    assert float(found) == pytest.approx(mixture.by_loops(*task.arguments[2:]), rel=1e-12)


@pytest.mark.parametrize("shape", scalars.SHAPES)
def test_scalar_graphs(shape: str) -> None:
    steps, xs = scalars.instructions(shape, 60), scalars.inputs()
    step = wg.func.value_and_grad(scalars.program(steps), argnums=tuple(range(len(xs))))
    value, slopes = step(*(wg.tensor(x, dtype=wg.float64) for x in xs))

    wanted = scalars.by_hand(steps, xs)
    assert [float(value), *map(float, slopes)] == pytest.approx(wanted, rel=1e-12)
    assert np.count_nonzero(wanted) > 3


def test_hessian() -> None:
    (ours, *_) = hessian.contestants(6)

    check_agreement([ours], 1e-9, {"found": closed_form(np.linspace(-1, 1, 6))})


def test_bare_limits_compute() -> None:
    task = elementwise.task(5000)
    fused = limits.fused_loop(*task.arguments)
    if fused is None:
        pytest.skip("no C compiler")

    found, wanted = rivals.named(fused()), rivals.named(rivals.ours(task).run()[1])
    for i in range(3):
        np.testing.assert_allclose(found[str(i + 1)], wanted[str(i)], rtol=1e-4, atol=1e-5)
    b, c, a = limits.triad(300)()
    np.testing.assert_array_equal(a, b + c / 2)


@pytest.mark.parametrize("multiply", [products.in_openblas, products.in_numpy])
def test_products_alone_are_products(multiply: object) -> None:
    shapes = [
        products.Shape(5, 7, 6, left, right, batch)
        for left in (False, True) for right in (False, True) for batch in (1, 3)
    ]  # fmt: skip
    run_all = multiply(shapes)
    if run_all is None:
        pytest.skip("scipy-openblas32 is not installed")

    for call in run_all():
        x, y, out = call[-1] if multiply is products.in_openblas else call
        np.testing.assert_allclose(out, x @ y, rtol=1e-4, atol=1e-5)


def test_only_a_whole_run_is_written(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        run.parse(["--write", "--quick"])
    assert run.command(run.parse(["--case", "mlp"])) == "python -m benchmarks.compiled --case mlp"

    page = tmp_path / "page.md"
    page.write_text("\n".join(["before", *COMPILED, "after"]), encoding="utf-8")
    write_between_markers(page, "new", COMPILED)
    assert "new" in page.read_text(encoding="utf-8")
