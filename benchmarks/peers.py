"""Who is compared: the library under test, its peers, and the proof that they compute the same."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.harness import SUBJECT

PEERS = ("numpy", "torch", "jax", "autograd", "mygrad", "micrograd")

Gradients = dict[str, Any]


@dataclass(frozen=True)
class Peer:
    """One contestant: what is timed, and how to read the gradients from what it returns."""

    name: str
    run: Callable[[], Any]
    gradients: Callable[[Any], Gradients]


def importable(names: Sequence[str]) -> list[str]:
    """Of these peers, those that are installed here."""
    return [name for name in names if importlib.util.find_spec(name) is not None]


def versions() -> dict[str, str]:
    """The versions of the peers that are installed; each is installed under its own name."""
    return {name: importlib.metadata.version(name) for name in importable(PEERS)}


def contestants(subject: str, names: Sequence[str], make: Callable[[str, str], Peer]) -> list[Peer]:
    """make(label, module) for the subject, labelled SUBJECT whatever it is, and for its peers."""
    return [make(SUBJECT, subject), *(make(name, name) for name in importable(names))]


def check_agreement(peers: Sequence[Peer], rtol: float, reference: Gradients | None = None) -> None:
    """Run every peer once and compare its gradients with the reference, or with the first peer's.

    Raises AssertionError, naming the peer and the gradient, when two differ.
    """
    for peer in peers:
        found = peer.gradients(peer.run())
        if reference is None:
            reference = found
        check_agreement_of(peer.name, found, reference, rtol)


def check_agreement_of(name: str, found: Gradients, reference: Gradients, rtol: float) -> None:
    """Compare the gradients that were found with the reference's, up to rtol of its largest.

    A peer that cannot give some gradient (autograd has none for intermediate values) is compared
    on those that it gives.

    Raises AssertionError, naming the peer and the gradient, when two differ.
    """
    for key, value in found.items():
        wanted = np.asarray(reference[key])
        np.testing.assert_allclose(
            np.asarray(value),
            wanted,
            rtol=rtol,
            atol=rtol * float(np.abs(wanted).max()),
            err_msg=f"{name} disagrees about the gradient of {key}",
        )
