"""vmap beside torch.func: what is mapped, and where results go."""

from __future__ import annotations

from collections import OrderedDict, namedtuple

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers

Point = namedtuple("Point", ["x", "y"])


def test_it_stands_at_the_top_level_too():
    agrees_with_torch(lambda m: m.vmap(lambda x: x.sum())(grid(m, 3, 2)))()


@pytest.mark.parametrize("in_dims", [0, 1, 2, -1, -3, (0,), (-2,)])
@pytest.mark.parametrize("out_dims", [0, 1, 2, -1, -3, (1,)])
def test_dimensions(in_dims, out_dims):
    def scenario(m):
        return m.func.vmap(lambda x: x.sin() * 2, in_dims, out_dims)(grid(m, 3, 2, 4))

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_several_arguments(m):
    x, y, z = grid(m, 3, 2), grid(m, 2, 3), grid(m, 2)
    f = m.func.vmap(lambda x, y, z: (x * y, x @ z, y + z), in_dims=(0, 1, None), out_dims=(0, 0, 1))
    return f(x, y, z)


@agrees_with_torch
def test_trees_in_and_out(m):
    x = grid(m, 3, 2)
    tree = {"a": x, "b": [x * 2, (x.T, 5)], "p": Point(x, grid(m, 2))}

    def f(t, y):
        a = t["a"] * t["b"][0] + t["b"][1][0] * t["b"][1][1]
        return {"q": a + t["p"].x, "r": Point(t["p"].y * a, (y,))}

    dims = {"a": 0, "b": [0, (1, None)], "p": Point(0, None)}
    out = m.func.vmap(f, in_dims=(dims, 0), out_dims={"q": 1, "r": Point(0, (0,))})(tree, x)
    return out, type(out["r"]).__name__


@agrees_with_torch
def test_one_number_stands_for_a_tree(m):
    x = grid(m, 3, 2)
    f = m.func.vmap(lambda d, t: (d["a"] + t[0], {"k": t[1]}), in_dims=(0, 1), out_dims=(1, 0))
    return f({"a": x}, (x.T, x.T * 2))


@agrees_with_torch
def test_ordered_dicts(m):
    x = grid(m, 3, 2)
    out = m.func.vmap(lambda d: OrderedDict(z=d["k"], a=d["k"] * 2))(OrderedDict(k=x))
    return type(out).__name__, out


@agrees_with_torch
def test_keywords_go_to_every_slice_whole(m):
    x = grid(m, 3, 2)
    return m.func.vmap(lambda x, *, y, n=1: x * y * n, in_dims=1)(x.T, y=x, n=3)


@agrees_with_torch
def test_results_that_are_not_mapped(m):
    x, y = grid(m, 3, 2), grid(m, 2)
    return (
        m.func.vmap(lambda x: y)(x),
        m.func.vmap(lambda x: (x, y), out_dims=(0, None))(x),
        m.func.vmap(lambda x, y: (x, y * 2), in_dims=(0, None), out_dims=(0, None))(x, y),
    )


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 4, 10])
def test_chunks(chunk_size):
    def scenario(m):
        x, y = grid(m, 5, 2), grid(m, 2, 5)
        f = m.func.vmap(
            lambda x, y, d: (x * y, {"s": (x * d["k"]).sum()}),
            in_dims=(0, 1, None), out_dims=(1, 0), chunk_size=chunk_size,
        )  # fmt: skip
        return f(x, y, {"k": grid(m, 2)})

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_maps_in_maps(m):
    x, y = grid(m, 3, 4), grid(m, 2)
    outer = m.func.vmap(
        lambda a: m.func.vmap(lambda b: (a * b, a.sum(), b), out_dims=(1, 0, 0))(y), in_dims=1
    )
    return outer(x)


@agrees_with_torch
def test_three_maps_over_different_dimensions(m):
    x = grid(m, 2, 3, 4)
    f = lambda x: (x.sin() * 2, x.sum())  # noqa: E731  # a name for what is mapped thrice
    for dim in (0, -1, 0):
        f = m.func.vmap(f, in_dims=dim, out_dims=dim if dim == 0 else 0)
    return f(x)


@agrees_with_torch
def test_a_map_of_no_slices(m):
    return raised(lambda: m.func.vmap(lambda x: x.sin())(m.zeros(0, 3)))


@agrees_with_torch
def test_a_map_of_one_slice(m):
    return m.func.vmap(lambda x: (x * 2, x.sum()))(grid(m, 1, 3))


@agrees_with_torch
def test_what_a_slice_looks_like(m):
    seen = []

    def f(x, y):
        seen.append((tuple(x.shape), x.ndim, x.numel(), x.size(0), len(x), tuple(y.shape), y.dim()))
        seen.append((str(x.dtype).rpartition(".")[2], x.is_floating_point(), x.requires_grad))
        return x * y.sum()

    m.func.vmap(f, in_dims=(1, 0))(grid(m, 3, 2), grid(m, 2))
    return seen


@agrees_with_torch
def test_what_does_not_fit(m):
    x = grid(m, 3, 2)
    f = m.func.vmap

    return (
        raised(lambda: f(lambda x, y: x + y)(x, grid(m, 2, 2))),
        raised(lambda: f(lambda x: x, in_dims=2)(x)),
        raised(lambda: f(lambda x: x, in_dims=-3)(x)),
        raised(lambda: f(lambda x: x, in_dims=None)(x)),
        raised(lambda: f(lambda x: x, in_dims=(None,))(x)),
        raised(lambda: f(lambda x: x, in_dims=(0, 0))(x)),
        raised(lambda: f(lambda x: x, in_dims="0")(x)),
        raised(lambda: f(lambda x: x, in_dims=(0.0,))(x)),
        raised(lambda: f(lambda x: x, in_dims={"a": 0})({"a": x})),
        raised(lambda: f(lambda x: x["a"], in_dims=({"b": 0},))({"a": x})),
        raised(lambda: f(lambda x: x["a"], in_dims=([0],))({"a": x})),
        raised(lambda: f(lambda x, n: x * n)(x, 3)),
        raised(lambda: f(lambda x: x)(m.tensor(1.0))),
        raised(lambda: f(lambda: x)()),
    )


@agrees_with_torch
def test_results_that_do_not_fit(m):
    x = grid(m, 3, 2)
    f = m.func.vmap

    return (
        raised(lambda: f(lambda x: 3.0)(x)),
        raised(lambda: f(lambda x: (x, "text"))(x)),
        raised(lambda: f(lambda x: None)(x)),
        raised(lambda: f(lambda x: x, out_dims=None)(x)),
        raised(lambda: f(lambda x: x, out_dims=2)(x)),
        raised(lambda: f(lambda x: x, out_dims=(0, 0))(x)),
        raised(lambda: f(lambda x: (x, x), out_dims=(0,))(x)),
        raised(lambda: f(lambda x: x, out_dims="0")(x)),
        raised(lambda: f(lambda x: (x, x), out_dims={"a": 0})(x)),
    )


@agrees_with_torch
def test_options_that_mean_nothing(m):
    return (
        raised(lambda: m.func.vmap(lambda x: x, randomness="some")(grid(m, 2))),
        raised(lambda: m.func.vmap(lambda x: x, chunk_size=0)),
        raised(lambda: m.func.vmap(lambda x: x, chunk_size=-1)),
    )


@agrees_with_torch
def test_what_needs_values(m):
    x = grid(m, 3, 2)
    f = m.func.vmap

    return (
        raised(lambda: f(lambda x: x if x.sum() > 0 else -x)(x)),
        raised(lambda: f(lambda x: x * x.sum().item())(x)),
        raised(lambda: f(lambda x: x * float(x.sum()))(x)),
        raised(lambda: f(lambda x: x[x > 0])(x)),
        raised(lambda: f(lambda x: x.nonzero())(x)),
        raised(lambda: f(lambda x: x.masked_select(x > 0))(x)),
        raised(lambda: f(lambda x: x.unique())(x)),
        raised(lambda: f(lambda x: m.arange(int(x.sum())))(x)),
        raised(lambda: f(lambda x: x.tolist())(x)),
        raised(lambda: f(lambda x: x.numpy())(x)),
        raised(lambda: f(lambda x: m.tensor(x.sum().item()))(x)),
    )


@agrees_with_torch
def test_what_needs_values_of_what_is_not_mapped(m):
    x, y = grid(m, 3, 2), numbers(m, 2.0).sum()
    return (
        m.func.vmap(lambda x: x * y.item())(x),
        m.func.vmap(lambda x, y: x * 2 if y > 1 else x, in_dims=(0, None))(x, y),
    )


@agrees_with_torch
def test_writes(m):
    x, w = grid(m, 3, 2), grid(m, 2)

    def f(x):
        y = x.clone()
        y.mul_(2)
        y[0] = x[1]
        y[1:] += w[:1]
        z = m.zeros_like(x)
        z.copy_(x)
        z.add_(w)
        z.t().mul_(y)
        return y, z

    return m.func.vmap(f)(x), w


@agrees_with_torch
def test_writes_into_the_arguments_are_seen_outside(m):
    x = grid(m, 3, 2)
    y = grid(m, 2, 3)
    m.func.vmap(lambda x, y: (x.mul_(2), y[0].zero_()), in_dims=(0, 1))(x, y)
    return x, y


@agrees_with_torch
def test_writes_of_what_is_mapped_into_what_is_not(m):
    x, y = grid(m, 3, 2), grid(m, 2)
    return (
        raised(lambda: m.func.vmap(lambda x: y.add_(x))(x)),
        raised(lambda: m.func.vmap(lambda x: m.zeros(2, dtype=m.float64).copy_(x))(x)),
        raised(lambda: m.func.vmap(lambda x, y: y.mul_(x), in_dims=(0, None))(x, y)),
        y,
    )


@agrees_with_torch
def test_a_write_into_what_is_not_mapped_of_what_is_not(m):
    x, y = grid(m, 3, 2), numbers(m, 1.0, 2.0)
    out = m.func.vmap(lambda x: y.add_(1) * x)(x)
    return out, y


@agrees_with_torch
def test_creation_inside(m):
    def f(x):
        kinds = m.zeros_like(x), m.ones_like(x), m.full_like(x, 3.0), x.new_zeros(2)
        return (*kinds, m.ones(2, dtype=m.float64) * x, m.arange(2) + x, m.eye(2) * x.sum())

    return m.func.vmap(f)(grid(m, 3, 2))


@agrees_with_torch
def test_indices_of_every_kind(m):
    x, i = grid(m, 3, 4, 5), m.tensor([2, 0, 3])
    f = m.func.vmap

    return (
        f(lambda x, i: x[i], in_dims=(0, None))(x, m.tensor([1, 2])),
        f(lambda x, i: x[i])(x, i),
        f(lambda x, i: x[:, i])(x, i),
        f(lambda i: x[0][i])(i),
        f(lambda i: x[i, 1])(m.tensor([2, 0, 1])),
        f(lambda x, i: x[i, i])(x, i),
        f(lambda x, i: x[None, ..., i])(x, i),
        f(lambda x, i: x.index_select(0, i), in_dims=(0, None))(x, i),
        f(lambda x, i: x.gather(0, i), in_dims=(0, None))(x, m.tensor([[0, 1], [2, 2]])),
        f(lambda x, i: m.where(x > 0, x, i))(x, i),
        f(lambda x: x[m.tensor([True, False, True, True])])(x),
    )


@agrees_with_torch
def test_indexed_writes_of_every_kind(m):
    x, i = grid(m, 3, 4), m.tensor([2, 0, 3])

    def f(x, i):
        y = x.clone()
        y[m.tensor([0, 1])] = x.sum()
        y[i] = x[0]
        y[1:][m.tensor([True, False, True])] = 0.5
        y = y.index_add(0, m.tensor([1, 1]), x[:2])
        y = y.scatter(0, m.tensor([3]), x[:1])
        y = y.masked_fill(x > 0.5, 0.25)
        return y

    return m.func.vmap(f)(x, i)


@agrees_with_torch
def test_it_is_no_transform_of_gradients(m):
    x = grid(m, 3, 2).requires_grad_()
    with m.no_grad():
        outside = m.func.vmap(lambda x: x * 2)(x)

    def inside(x):
        with m.no_grad():
            return x * 2

    return outside, m.func.vmap(inside)(x), m.func.vmap(lambda x: x.detach() * x)(x)
