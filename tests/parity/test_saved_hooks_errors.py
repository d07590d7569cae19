"""saved_tensors_hooks that fail, that write, or that must not be used, by experiment."""

from __future__ import annotations

from parity.scenario import leaf, raised, same_as_torch


def hooks(m, pack, unpack=lambda kept: kept):
    return m.autograd.graph.saved_tensors_hooks(pack, unpack)


@same_as_torch
def test_packed_copies_survive_writes(m):
    x = leaf(m, 1.0, 2.0)
    y = x * 1
    with hooks(m, lambda t: t.detach().clone()):
        z = y * y
    with m.no_grad():
        y.zero_()
    z.sum().backward()
    return x.grad


@same_as_torch
def test_a_pack_hook_must_not_write(m):
    x = leaf(m, 1.0) * 1

    def make():
        with hooks(m, lambda t: t.mul_(2)):
            x * x

    return raised(make)


@same_as_torch
def test_errors_inside_the_hooks(m):
    x = leaf(m, 1.0)

    def fails(_):
        raise KeyError("mine")

    def packs():
        with hooks(m, fails):
            x * x

    with hooks(m, lambda t: t, fails):
        y = x * x
    return type(raised(packs)), type(raised(y.sum().backward)), m.is_grad_enabled()


@same_as_torch
def test_an_unpack_hook_returns_no_tensor(m):
    x = leaf(m, 1.0)
    with hooks(m, lambda t: t, lambda t: 5):
        y = x * x
    return raised(y.sum().backward)


@same_as_torch
def test_hooks_are_disabled(m):
    x, graph, seen = leaf(m, 1.0), m.autograd.graph, []

    def enters():
        with graph.save_on_cpu():
            pass

    with graph.disable_saved_tensors_hooks("not here"):
        seen.append(raised(enters))
        with graph.disable_saved_tensors_hooks("nor here"):
            seen.append(raised(enters))
        y = x * x
    seen.append(raised(enters))

    def disables():
        with graph.save_on_cpu(), graph.disable_saved_tensors_hooks("active"):
            pass

    seen.append(raised(disables))
    seen.append(raised(enters))
    y.sum().backward()
    return seen, [str(e).startswith("n") for e in seen[:2]], x.grad


@same_as_torch
def test_hooks_that_cannot_be_called(m):
    def enters(*pair):
        with m.autograd.graph.saved_tensors_hooks(*pair):
            pass

    return raised(lambda: enters(1, print)), raised(lambda: enters(print, None))


@same_as_torch
def test_an_unpack_hook_that_failed_is_called_again(m):
    x, fails = leaf(m, 2.0), [True]

    def unpack(kept):
        if fails.pop():
            raise KeyError
        return kept

    with hooks(m, lambda t: t.detach(), unpack):
        y = x.sin()
    first = type(raised(y.sum().backward)).__name__
    fails.append(False)
    y.sum().backward()
    return first, x.grad


@same_as_torch
def test_an_unpack_hook_gives_another_shape_or_dtype(m):
    def test(unpack):
        x = leaf(m, 2.0, 3.0)
        with hooks(m, lambda t: t.detach(), unpack):
            y = x * x
        return isinstance(raised(y.sum().backward), Exception)

    return test(lambda t: t[:1].expand(2)), test(lambda t: t.numpy())
