"""Views become addresses: offset and strides in the buffer of what they are views of."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

import wengert as wg
from wengert.compiler.plan.views import accesses, is_contiguous
from wengert.graphs.graph import collect

VIEWS = {
    "transposed": lambda x: x.permute(2, 0, 1),
    "cut": lambda x: x[1:, ::2, 3],
    "one element": lambda x: x[1, 2, 3],
    "from the end": lambda x: x[-1],
    "flattened": lambda x: x.reshape(-1),
    "in other lengths": lambda x: x.reshape(4, 2, 5),
    "with an axis more": lambda x: x[:, None],
    "with an axis less": lambda x: x[:1].squeeze(0),
    "repeated": lambda x: x[:, :1].expand(2, 7, 5),
    "diagonal": lambda x: x.diagonal(0, 1, 2),
    "windows": lambda x: x.unfold(1, 2, 1),
    "split": lambda x: x.split(2, dim=1)[1],
    "of views": lambda x: x[1:].mT[..., 1:].reshape(5, 3).T[1],
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_elements_are_where_the_view_has_them(view):
    x = wg.arange(60.0).reshape(2, 6, 5)[:, 1:5].contiguous()
    recorded = view(x.clone().requires_grad_())
    node = recorded.grad_fn
    found = accesses(collect([node]))[node]

    assert found.root is not node
    buffer = np.ascontiguousarray(x.numpy()).ravel()
    strides = [4 * stride for stride in found.strides]
    mine = as_strided(buffer[found.offset :], node.aval.shape, strides)
    assert np.array_equal(mine, recorded.detach().numpy())


def test_what_has_to_copy_has_a_buffer_of_its_own():
    x = wg.ones(3, 4, requires_grad=True)
    copied = x.T.reshape(12).grad_fn

    assert accesses(collect([copied]))[copied].root is copied


def test_whether_elements_follow_each_other():
    x = wg.ones(3, 1, 4, requires_grad=True)
    whole, part = x.reshape(4, 3).grad_fn, x[:, :, 1:].grad_fn
    found = accesses(collect([whole, part]))

    assert is_contiguous(found[whole], (4, 3))
    assert not is_contiguous(found[part], (3, 1, 3))
