"""Copies and pickles of what has hooks, by experiment."""

from __future__ import annotations

import copy
import pickle

import pytest

from parity.scenario import leaf, noting, raised, same_as_torch, warned


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("register", ["register_hook", "register_post_accumulate_grad_hook"])
def test_copies_have_no_hooks(copied, register):
    @same_as_torch
    def test(m):
        x, seen = leaf(m, 1.0, 2.0), []
        getattr(x, register)(seen.append)
        y, warns = warned(lambda: copied(x))
        (y * 3).sum().backward()
        return y.grad, x.grad, seen, warns, dict(y._backward_hooks or {})

    test()


@same_as_torch
def test_a_shallow_copy_has_no_hooks(m):
    x, seen = leaf(m, 1.0, 2.0), []
    x.register_hook(seen.append)
    y, _ = warned(lambda: copy.copy(x))
    (y * 3).sum().backward()
    return y.grad, x.grad, seen


@same_as_torch
def test_copies_of_handles_remove_from_copies(m):
    x, seen = leaf(m, 1.0, 2.0), []
    handle = x.register_hook(noting(seen, "x"))
    copy.deepcopy(handle).remove()
    x.sum().backward()
    handle.remove()
    x.sum().backward()
    return seen


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_nodes_cannot_be_copied(copied):
    @same_as_torch
    def test(m):
        x = leaf(m, 1.0)
        return raised(lambda: copied((x.exp() * x).grad_fn))

    test()
