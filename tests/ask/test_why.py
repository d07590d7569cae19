"""why: the line that is to blame, stated where it is proved, and listed where it is not."""

from __future__ import annotations

import pytest

import wengert as wg
from wengert.errors import ArgumentError

HERE = "test_why.py:"


def parameters():
    wg.manual_seed(0)
    W1 = (wg.randn(64, 32) * 0.1).requires_grad_()
    b1 = wg.zeros(32, requires_grad=True)
    W2 = (wg.randn(32, 10) * 0.1).requires_grad_()
    return W1, b1, W2


def network(x, W1, b1, W2, *, detach=False):
    if detach:
        h = wg.relu(x @ W1 + b1).detach()
    else:
        h = wg.relu(x @ W1 + b1)
    return h @ W2


@pytest.mark.parametrize("backward", [False, True])
def test_the_line_that_detached_a_layer(backward):
    W1, b1, W2 = parameters()
    loss = network(wg.randn(40, 64), W1, b1, W2, detach=True).square().mean()
    if backward:  # the detached layer is dropped then, and its mark stays
        loss.backward()
    answer = wg.why(W1, loss)
    assert str(answer) == (
        "W1.grad is None: no path leads from W1 to loss.\n"
        "The history of loss was cut in one place only:\n"
        f"  {HERE}{answer.causes[0].site.line}    h = wg.relu(x @ W1 + b1).detach()    [detach]\n"
        "  That line uses W1."
    )
    (cause,) = answer.causes
    assert cause.what == "detach"
    assert cause.site.source == "h = wg.relu(x @ W1 + b1).detach()"
    assert "W2.grad is" in str(wg.why(W2, loss))


def test_the_network_that_is_whole():
    W1, b1, W2 = parameters()
    loss = network(wg.randn(4, 64), W1, b1, W2).square().mean()
    text = str(wg.why(W1, loss))
    assert "backward() was not called on loss since it was computed" in text
    assert "It would be norm " in text
    loss.backward()
    assert str(wg.why(W1, loss)).startswith("W1.grad is there: norm ")


def test_what_is_computed_from_a_cut_is_cut():
    W1, b1, W2 = parameters()
    h = wg.relu(wg.randn(4, 64) @ W1 + b1)
    k = h.detach() * 2 + 1
    loss = (k @ W2).sum()
    text = str(wg.why(W1, loss))
    assert "cut in one place only" in text
    assert "k = h.detach() * 2 + 1    [detach]\n  If W1 was used, it was before that." in text


def test_what_the_memory_proves():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    w = wg.tensor([3.0, 4.0], requires_grad=True)
    frozen = x.detach()
    loss = (frozen * w).sum()
    assert "loss was computed from x without its history, cut off at\n" in str(wg.why(x, loss))
    h = x * 2
    loss = (h.detach() * w).sum()
    assert "loss was computed from h without its history" in str(wg.why(h, loss))


def test_no_grad():
    W1, b1, W2 = parameters()
    with wg.no_grad():
        h = wg.relu(wg.randn(4, 64) @ W1 + b1)
    loss = (h @ W2).sum()
    text = str(wg.why(W1, loss))
    assert "h = wg.relu(wg.randn(4, 64) @ W1 + b1)    [no_grad]\n  That line uses W1." in text


def test_integers_carry_no_history():
    x = wg.tensor([1.0, 3.0, 2.0], requires_grad=True)
    w = wg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    order = wg.argsort(x)
    loss = w[order][0]
    text = str(wg.why(x, loss))
    assert "order = wg.argsort(x)    [argsort]" in text or "order = wg.argsort(x)    [sort]" in text
    assert "That line uses x." in text


def test_several_cuts_are_candidates():
    a = wg.tensor([1.0], requires_grad=True)
    b = wg.tensor([2.0], requires_grad=True)
    w = wg.tensor([3.0], requires_grad=True)
    p = (a * 2).detach()
    q = (b * 3).detach()
    loss = ((p + q) * w).sum()
    text = str(wg.why(b, loss))
    assert "The history of loss was cut in 2 places; candidates:" in text
    lines = text.splitlines()
    assert "q = (b * 3).detach()    [detach]    (uses b)" in lines[2]
    assert "p = (a * 2).detach()    [detach]" in lines[3]
    assert [cause.site.source for cause in wg.why(b, loss).causes] == [
        "q = (b * 3).detach()",
        "p = (a * 2).detach()",
    ]


def test_not_used_at_all():
    x = wg.tensor([1.0], requires_grad=True)
    unused = wg.tensor([1.0], requires_grad=True)
    loss = (x * x).sum()
    text = str(wg.why(unused, loss))
    assert text.startswith("unused.grad is None: no path leads from unused to loss.")
    assert "was not used for loss, or only through plain\n  numbers (.item()" in text


def test_a_gradient_from_elsewhere():
    x = wg.tensor([1.0], requires_grad=True)
    w = wg.tensor([1.0], requires_grad=True)
    (x * x).sum().backward()
    loss = (w * w).sum()
    assert "No path leads from x to loss; x.grad is from something else." in str(wg.why(x, loss))


def test_a_result_is_no_leaf():
    W = wg.randn(3, 2, requires_grad=True) * 0.1
    loss = W.sum()
    loss.backward()
    text = str(wg.why(W, loss))
    assert f"W.grad is None: it is no leaf but the result of W = v1 * 0.1\n  {HERE}" in text
    assert "Call W.retain_grad() before backward()" in text
    assert "It would be all 1." in text


def test_retained():
    x = wg.tensor(2.0, requires_grad=True)
    h = x * 3
    h.retain_grad()
    loss = h * h
    assert "h.grad is None: backward() was not called on loss" in str(wg.why(h, loss))
    loss.backward()
    assert str(wg.why(h, loss)) == "h.grad is there: 12."


def test_what_does_not_require_grad():
    x = wg.tensor([1.0, 2.0])
    n = wg.tensor([1, 2])
    w = wg.tensor([1.0, 2.0], requires_grad=True)
    loss = (x * w * n).sum()
    assert "Create it with requires_grad=True, or call x.requires_grad_()" in str(wg.why(x, loss))
    assert "n has no gradient: it is int64[2], and only floating-point" in str(wg.why(n, loss))
    cut = w.detach()
    assert "cut has no gradient: its history was cut at\n" in str(wg.why(cut, loss))


def test_a_loss_without_history():
    w = wg.tensor([1.0, 2.0], requires_grad=True)
    loss = w.detach().sum()
    assert "w gets no gradient: the history of loss was cut at\n" in str(wg.why(w, loss))
    loss = wg.ones(2).sum()
    assert "nothing that loss was computed from requires grad" in str(wg.why(w, loss))


def test_asked_of_a_graph():
    W1, b1, W2 = parameters()
    loss = network(wg.randn(4, 64), W1, b1, W2, detach=True).square().mean()
    g = wg.graph(loss)
    assert str(g.why(W1)) == str(wg.why(W1, loss))
    assert "backward() was not called" in str(g.why("W2"))
    assert "h has no gradient: its history was cut at" in str(g.why("h"))
    loaded = wg.Graph.from_json(g.to_json())
    assert str(loaded.why("h")) == str(g.why("h"))


def test_values_that_are_gone_do_not_matter():
    W1, b1, W2 = parameters()
    loss = network(wg.randn(40, 64), W1, b1, W2).square().mean()
    loss.backward()
    W1.grad = None
    text = str(wg.why(W1, loss))
    assert "a backward pass went through here, and .grad was reset since" in text
    assert "loss.backward()" in text
    assert "It would be" not in text


def test_what_is_no_tensor():
    x = wg.tensor(1.0, requires_grad=True)
    with pytest.raises(ArgumentError, match="why: loss must be a tensor, not float"):
        wg.why(x, 1.0)
    with pytest.raises(ArgumentError, match="why: x must be a tensor, not str"):
        wg.why("x", x)
