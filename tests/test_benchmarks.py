"""The benchmarks compute what they claim to time; their report renders. Nothing is timed."""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import wengert

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the benchmarks are not installed

from benchmarks import (  # noqa: E402
    chain,
    founding,
    isolate,
    million,
    mlp,
    questions,
    report,
    run,
    transforms,
)
from benchmarks.harness import SUBJECT, Options, Pace, Spread, interleave, ratios  # noqa: E402
from benchmarks.peers import check_agreement, importable  # noqa: E402

# torch, the oracle of tests/parity, takes a second to import; the others are light.
LIGHT = [SUBJECT, *importable(["micrograd", "autograd", "mygrad"])]


@pytest.mark.parametrize("name", LIGHT)
@pytest.mark.parametrize("scalar", [True, False])
def test_founding_computation_has_the_known_gradients(name: str, scalar: bool) -> None:
    if name == "micrograd" and not scalar:
        pytest.skip("micrograd has scalars only")

    peer = founding.contestant(name, name, scalar)

    check_agreement([peer], rtol=0.0, reference=founding.EXPECTED)


@pytest.mark.parametrize("name", [name for name in LIGHT if name in (SUBJECT, *chain.PEERS)])
def test_chain_has_the_gradients_that_are_carried_along(name: str) -> None:
    peer = chain.contestant(name, name, length=20)

    check_agreement([peer], rtol=1e-5, reference=chain.expected(20))


def test_expected_chain_is_right() -> None:
    # h = (first * x + x) * x + x
    x, first = chain.FACTOR, chain.FIRST
    by_hand = {"first": x**2, "x": 2 * x * first + 2 * x + 1}

    assert chain.expected(4) == pytest.approx(by_hand)


def test_million_lives_through_its_phases() -> None:
    with million.scope_of(wengert)():
        seconds = million.live_through(wengert, 20)

    assert list(seconds) == list(million.PHASES)


def test_mlp_step_agrees_with_numpy_by_hand() -> None:
    arrays = mlp.data(batch=4, widths=(6, 5, 4, 3))

    for fused in (False, True):
        ours = mlp.torch_like(wengert, arrays, fused)()
        for name, mine, by_hand in zip(mlp.NAMES, ours, mlp.by_hand(arrays)(), strict=True):
            np.testing.assert_allclose(mine, by_hand, rtol=1e-5, atol=1e-7, err_msg=name)


def test_numpy_by_hand_agrees_with_finite_differences() -> None:
    arrays = mlp.data(batch=4, widths=(6, 5, 4, 3))
    arrays = {name: a.astype(np.float64) if name != "y" else a for name, a in arrays.items()}

    def loss() -> float:
        h = arrays["x"]
        for layer in (1, 2):
            h = np.maximum(h @ arrays[f"w{layer}"] + arrays[f"b{layer}"], 0)
        z = h @ arrays["w3"] + arrays["b3"]
        picked = z[np.arange(4), arrays["y"]]
        return float(np.mean(np.log(np.exp(z).sum(axis=1)) - picked))

    for name, gradient in zip(mlp.NAMES, mlp.by_hand(arrays)(), strict=True):
        entry = arrays[name].reshape(-1)
        entry[0] += 1e-6
        above = loss()
        entry[0] -= 2e-6
        below = loss()
        entry[0] += 1e-6
        assert gradient.reshape(-1)[0] == pytest.approx((above - below) / 2e-6, abs=1e-7), name


def test_products_are_those_of_the_step() -> None:
    calls = []

    class Counting:
        empty_like = staticmethod(np.empty_like)

        @staticmethod
        def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
            calls.append((a.shape, b.shape))
            np.matmul(a, b, out=out)

    mlp.products(Counting, np.asarray, mlp.data(batch=4, widths=(6, 5, 4, 3)))()

    forward = [((4, 6), (6, 5)), ((4, 5), (5, 4)), ((4, 4), (4, 3))]
    weights = [((4, 4), (4, 3)), ((5, 4), (4, 4)), ((6, 4), (4, 5))]
    hidden = [((4, 3), (3, 4)), ((4, 4), (4, 5))]
    assert sorted(calls) == sorted(forward + weights + hidden)


def test_peers_that_disagree_are_found_before_anything_is_timed() -> None:
    right = founding.contestant(SUBJECT, SUBJECT, scalar=True)
    wrong = {**founding.EXPECTED, "b": 4.0}

    with pytest.raises(AssertionError, match=f"{SUBJECT} disagrees about the gradient of b"):
        check_agreement([right], rtol=0.0, reference=wrong)


def test_peers_take_turns_with_the_collector_on() -> None:
    import gc

    seen: list[tuple[str, bool]] = []
    actions = {name: partial(lambda n: seen.append((n, gc.isenabled())), name) for name in "ab"}

    samples = interleave(actions, Pace(repeats=3, block=1e-5))

    assert {name: len(times) for name, times in samples.items()} == {"a": 3, "b": 3}
    assert {collecting for _, collecting in seen} == {True}


def test_ratios_are_formed_within_a_repeat() -> None:
    samples = {"mine": [1.0, 2.0, 30.0], "theirs": [2.0, 4.0, 60.0]}

    assert ratios(samples, "mine", "theirs") == Spread(0.5, 0.5, 0.5)


def test_timed_processes_are_clean_and_report_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in isolate.CLEARED:
        monkeypatch.setenv(name, "1")

    assert not set(isolate.CLEARED) & set(isolate.clean_environment())
    assert isolate.clean_environment({"OMP_NUM_THREADS": "1"})["OMP_NUM_THREADS"] == "1"
    assert isolate.call(chain.expected, stack=million.STACK, length=20) == chain.expected(20)
    with pytest.raises(isolate.ChildFailed, match=r"chain:expected ended with status 1(.|\n)*str"):
        isolate.call(chain.expected, length="ten")


def test_report_shows_what_was_missed() -> None:
    claims = [
        report.at_most("small", Spread(0.3, 0.29, 0.31), 0.35, "x torch"),
        report.at_most("large", Spread(1234.5, 1200.0, 1300.0), 330, "bytes a node"),
        report.at_most("beside", Spread(2.0, 2.0, 2.0), None, "x autograd"),
    ]
    rows = [report.Row("wengert", Spread(5.678, 5.5, 5.75))]
    case = report.Case("some", "Some case", "us", claims, rows, ["A note."])

    text = report.render(
        [case, report.failed("other", "a:b ended\nValueError: no")], ["Machine: M"]
    )

    assert "- Machine: M\n" in text
    assert "| small | <= 0.35 x torch | 0.3 (0.29 to 0.31) x torch | reached |" in text
    assert (
        "| large | <= 330 bytes a node | 1,234 (1,200 to 1,300) bytes a node | **missed** |" in text
    )
    assert "| other | to be measured | failed: ValueError: no | **missed** |" in text
    assert "| beside | 2 x autograd |" in text
    assert "### Some case" in text
    assert "| wengert | 5.68 (5.5 to 5.75) |" in text


def test_report_goes_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n", encoding="utf-8")

    report.write_between_markers(page, "new")

    wanted = f"before\n{report.BEGIN}\n\nnew\n{report.END}\nafter\n"
    assert page.read_text(encoding="utf-8") == wanted
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the markers"):
        report.write_between_markers(page, "new")


def test_docs_have_the_markers() -> None:
    text = run.PAGE.read_text(encoding="utf-8")

    assert text.index(report.BEGIN) < text.index(report.END)


def test_only_a_whole_run_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.parse(["--write", "--quick"])
    assert "--write takes a whole run" in capsys.readouterr().err
    assert run.command(run.parse(["--case", "mlp", "--quick"])) == (
        "python -m benchmarks --case mlp --quick"
    )


def test_a_failed_case_becomes_part_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(options: Options) -> report.Case:
        raise isolate.ChildFailed("benchmarks.chain:measure ended with status 1\nValueError: no")

    monkeypatch.setitem(run.CASES, "chain", fails)

    case = run.attempt("chain", Options())

    assert case.error
    assert [claim.reached for claim in case.claims] == [False]


def test_hessians_agree_with_the_closed_form() -> None:
    at = np.linspace(-1, 1, transforms.VARIABLES)

    ours = transforms.hessians(SUBJECT, peers=False)

    assert len(ours) == 3
    check_agreement(ours, 1e-9, {"found": transforms.closed_form(at)})


def test_closed_form_of_the_hessian_agrees_with_finite_differences() -> None:
    x, step = np.linspace(-0.5, 0.7, 4), 1e-4

    def value(a: float, b: float, i: int, j: int) -> float:
        moved = x.copy()
        moved[i] += a
        moved[j] += b
        return float(transforms.rosenbrock(moved))

    for i in range(4):
        for j in range(4):
            signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            total = sum(a * b * value(a * step, b * step, i, j) for a, b in signs)
            wanted = transforms.closed_form(x)[i, j]
            assert total / (4 * step**2) == pytest.approx(wanted, rel=1e-3, abs=1e-2)


def test_gradients_per_sample_are_one_for_each_sample() -> None:
    peer = transforms.per_sample(SUBJECT, SUBJECT)

    found = peer.gradients(peer.run())

    assert found["0"].shape == (transforms.SAMPLES, 64, 32)


def test_questions_are_asked() -> None:
    timed = questions.actions(SUBJECT, quick=True)

    assert list(timed) == list(questions.LIMITS)[: len(timed)]
    answers = {what: action() for what, action in timed.items()}
    assert answers["check of a graph of 200 nodes of small arrays"]
