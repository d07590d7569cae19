"""A thousand kept losses hold no more live bytes than torch's."""

import json
import subprocess
import sys

import pytest

STEPS = 1000

PROGRAM = """
import importlib, json, sys
t = importlib.import_module(sys.argv[1])
keep = sys.argv[2]
t.manual_seed(0)
W1 = t.randn(64, 32, requires_grad=True)
b1 = t.zeros(32, requires_grad=True)
W2 = t.randn(32, 10, requires_grad=True)
b2 = t.zeros(10, requires_grad=True)
x = t.randn(100, 64)
y = t.randint(0, 10, (100,))

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def step():
    h = t.relu(x @ W1 + b1)
    loss = t.nn.functional.cross_entropy(h @ W2 + b2, y)
    loss.backward()
    return loss

for _ in range(50):
    step()
kept = []
total = t.zeros(())
before = resident()
for _ in range(int(sys.argv[3])):
    loss = step()
    if keep == "list":
        kept.append(loss)
    else:
        total = total + loss
print(json.dumps(resident() - before))
"""


def growth(library: str, keep: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, library, keep, str(STEPS)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    result: int = json.loads(done.stdout)
    return result


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("keep", ["list", "total"])
def test_kept_losses_hold_no_more_than_in_torch(keep: str) -> None:
    ours, theirs = growth("wengert", keep), growth("torch", keep)
    # A page or two of the allocators' own, on a figure of several megabytes.
    assert ours <= theirs + 200_000, f"{ours / STEPS:.0f} bytes a step, torch {theirs / STEPS:.0f}"
