"""What a compiled function takes and gives, what it closes over, and how it meets autograd."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass

import numpy as np
import pytest

import wengert as wg
from wengert.errors import CompileWarning, TraceError


def founding(a, b):
    return (a + b) * (b + 1)


def test_the_founding_computation():
    compiled = wg.compile(wg.func.value_and_grad(founding, argnums=(0, 1)))

    assert compiled(2.0, 1.0) == (6.0, (2.0, 5.0))
    assert compiled.report(2.0, 1.0).coverage == 1


def test_tensors_give_tensors_and_arrays_arrays():
    compiled = wg.compile(founding)

    assert type(compiled(wg.ones(2), np.ones(2))) is wg.Tensor
    assert type(compiled(np.ones(2), 3.0)) is np.ndarray
    assert compiled(np.float32(2), np.float32(1)).dtype == np.float32


@dataclass
class Point:
    x: wg.Tensor
    y: wg.Tensor


def test_containers():
    compiled = wg.compile(lambda p, rest: {"sum": p.x + p.y, "rest": [rest["k"][0] * 2, "text"]})

    made = compiled(Point(wg.ones(2), wg.ones(2)), {"k": (wg.tensor(3.0),)})

    assert made["sum"].tolist() == [2, 2]
    assert made["rest"][0].item() == 6
    assert made["rest"][1] == "text"


def test_keywords():
    compiled = wg.compile(lambda x, *, by: x * by)

    assert compiled(wg.ones(1), by=wg.tensor([4.0])).tolist() == [4]


def test_static_arguments():
    def power(x, n, flag=False):
        for _ in range(n):
            x = x * x
        return -x if flag else x

    compiled = wg.compile(power, static=("n", "flag"))

    assert compiled(2.0, 2) == 16
    assert compiled(2.0, 3) == 256
    assert compiled(2.0, n=1, flag=True) == -4
    assert wg.compile(power, static=[1])(2.0, 2) == 16


def test_static_values_that_are_equal_but_differ():
    compiled = wg.compile(lambda x, n: x * n[0], static="n")
    x = wg.tensor([1, 2])

    assert compiled(x, (1,)).dtype == wg.int64
    assert compiled(x, (1.0,)).dtype == wg.float32
    assert compiled(x, (True,)).dtype == wg.int64
    assert [np.signbit(compiled(1.0, (zero,))) for zero in (0.0, -0.0)] == [False, True]


class Model:
    def __init__(self):
        self.weight = wg.tensor([2.0])

    @wg.compile(static="self")
    def forward(self, x):
        return x * self.weight


def test_methods():
    model = Model()

    assert model.forward(wg.tensor([3.0])).item() == 6
    model.weight.add_(1)
    assert model.forward(wg.tensor([3.0])).item() == 9
    assert Model().forward(wg.tensor([3.0])).item() == 6


def test_copies_are_itself():
    compiled = wg.compile(lambda x: x * 2)

    assert copy.copy(compiled) is copy.deepcopy(compiled) is compiled


def test_results_are_nobody_elses():
    x = wg.ones(3)
    same, view, other = wg.compile(lambda x: (x, x.view(3, 1), x))(x)

    same.zero_()

    assert x.tolist() == view[:, 0].tolist() == other.tolist() == [1, 1, 1]


def test_results_that_do_not_depend_on_the_arguments():
    fixed = wg.tensor([1.0])

    assert wg.compile(lambda x: (fixed, 3, None))(wg.ones(1))[0].tolist() == [1]


# What is closed over -----------------------------------------------------------------------------


def test_closed_over_tensors_are_read_at_every_call():
    weight = wg.tensor([1.0, 2.0])
    compiled = wg.compile(lambda x: x * (weight * weight).detach() + weight[1:])

    for _ in range(3):
        expected = [weight[0] ** 2 + weight[1], weight[1] ** 2 + weight[1]]
        assert compiled(wg.ones(2)).tolist() == [e.item() for e in expected]
        weight += 1


def test_closed_over_tensors_that_a_transform_binds():
    weight = wg.tensor([1.0, 2.0])
    doubled = wg.compile(lambda x: wg.func.grad(lambda w: (w * w * x).sum())(weight * 1.5))

    assert doubled(wg.ones(2)).tolist() == [3, 6]
    weight += 1
    assert doubled(wg.ones(2)).tolist() == [6, 9]


def test_closed_over_arrays_are_read_at_every_call():
    weight = np.ones(2)
    compiled = wg.compile(lambda x: x * weight)

    weight[:] = 3

    assert compiled(np.ones(2)).tolist() == [3, 3]
    weight[:] = 4
    assert compiled(np.ones(2)).tolist() == [4, 4]


def test_a_closed_over_tensor_of_another_shape():
    weight = wg.ones(2)
    compiled = wg.compile(lambda x: (x * weight).sum())
    compiled(wg.tensor(1.0))

    weight.data = wg.ones(5)

    assert compiled(wg.tensor(1.0)).item() == 5


def test_training_by_gradients_of_parameters():
    weight = wg.tensor([0.0, 0.0], requires_grad=True)

    def step(x, y):
        loss = ((x @ weight - y) ** 2).mean()
        return loss, wg.autograd.grad(loss, weight)[0]

    compiled = wg.compile(step)
    x, y = wg.tensor([[1.0, 0.0], [0.0, 1.0]]), wg.tensor([1.0, 2.0])
    for _ in range(40):
        _, gradient = compiled(x, y)
        with wg.no_grad():
            weight -= 0.5 * gradient

    wg.testing.assert_close(weight.detach(), y, atol=1e-4, rtol=0)


def test_a_closed_over_tensor_that_requires_grad_later():
    weight = wg.tensor([2.0])
    compiled = wg.compile(lambda x: x * weight)
    assert not compiled(wg.ones(1)).requires_grad

    weight.requires_grad_()
    compiled(wg.ones(1)).backward()
    assert weight.grad.item() == 1

    weight.requires_grad_(False)
    assert not compiled(wg.ones(1)).requires_grad


def test_results_do_not_depend_on_the_number_of_threads():
    x = np.random.default_rng(0).standard_normal((700, 900)).astype(np.float32)

    def f(x):
        return (x @ x.T).tanh().sum(0), (x.exp() * x).mean(), x.softmax(-1)

    one, several = (wg.compile(f, threads=n)(x) for n in (1, 4))

    for a, b in zip(one, several, strict=True):
        np.testing.assert_array_equal(a, b)


# Derivatives -------------------------------------------------------------------------------------


def test_backward_through_a_compiled_function():
    a = wg.tensor([2.0], requires_grad=True)
    b = wg.tensor([1.0], requires_grad=True)

    wg.compile(founding)(a, b).backward()

    assert (a.grad.item(), b.grad.item()) == (2, 5)


def test_closed_over_parameters_get_gradients():
    weight = wg.tensor([2.0], requires_grad=True)

    wg.compile(lambda x: x * weight)(wg.tensor([3.0])).backward()

    assert weight.grad.item() == 3


def test_double_backward():
    x = wg.tensor(2.0, requires_grad=True)

    (first,) = wg.autograd.grad(wg.compile(lambda x: x**3)(x), x, create_graph=True)
    (second,) = wg.autograd.grad(first, x)

    assert (first.item(), second.item()) == (12, 12)


def test_detach_is_respected():
    x = wg.tensor(2.0, requires_grad=True)

    wg.compile(lambda x: x * x.detach())(x).backward()

    assert x.grad.item() == 2


def test_transforms_of_compiled_functions():
    compiled = wg.compile(lambda x: (x**3).sum())
    x = wg.tensor([1.0, 2.0])

    assert wg.func.grad(compiled)(x).tolist() == [3, 12]
    assert wg.func.hessian(compiled)(x).diagonal().tolist() == [6, 12]
    assert wg.vmap(compiled)(x).tolist() == [1, 8]
    assert wg.func.jvp(compiled, (x,), (x,))[1].item() == 27
    assert wg.compile(lambda x: compiled(x) * 2)(x).item() == 18


@pytest.mark.parametrize(
    "transformed",
    [
        lambda f: wg.func.grad(f),
        lambda f: wg.func.hessian(f),
        lambda f: wg.func.jacfwd(f),
        lambda f: wg.vmap(f),
        lambda f: lambda x: wg.func.jvp(f, (x,), (x,))[1],
    ],
    ids=["grad", "hessian", "jacfwd", "vmap", "jvp"],
)
def test_compiled_transforms(transformed):
    function = transformed(lambda x: (x * x.sin()).sum())
    x = wg.tensor([0.5, 2.0])

    wg.testing.assert_close(wg.compile(function)(x), function(x))


# Answers -----------------------------------------------------------------------------------------


def test_the_graph_can_be_asked():
    graph = wg.compile(founding).graph(wg.tensor(2.0), wg.tensor(1.0)).verify()

    assert graph.names()[:2] == ["a", "b"]
    assert [v.op.name for v in graph.nodes if v.is_operation] == ["add", "add", "mul"]
    assert graph.at(a=2.0, b=1.0).derivative("b").item() == 5


def test_the_report_names_what_numpy_does():
    report = wg.compile(lambda x: wg.linalg.inv(x * 2 + 1)).report(wg.ones(3, 3))

    assert (report.native, report.kernels, report.numpy) == (2, 1, {"linalg_inv": 1})
    assert report.reasons == {"linalg_inv": "it has no native code"}
    assert "3 operations (3 as traced): 2 in 1 kernel, 1 by NumPy" in str(report)
    assert "NumPy: linalg_inv: it has no native code" in str(report)


def test_the_report_of_a_product():
    """Shapes and dtypes are enough; what moves and what is computed is counted."""
    compiled = wg.compile(lambda x, w: (x @ w + 1).relu())
    f4 = np.dtype(np.float32)
    report = compiled.report(wg.Aval((30, 40), f4), wg.Aval((40, 50), f4))

    product, rest = report.groups
    assert (product.operations, product.flops) == (("matmul",), 2 * 30 * 40 * 50)
    assert product.moved == 4 * (30 * 40 + 40 * 50 + 30 * 50)
    assert (rest.operations, rest.flops) == (("add", "relu"), 2 * 30 * 50)
    assert report.flops == product.flops + rest.flops
    assert report.buffers == 1
    assert report.nbytes >= 4 * 30 * 50
    assert list(report.stages) == ["trace", "rewrite", "plan", "native code"]
    assert report.seconds == sum(report.stages.values()) > 0


def test_dtypes_without_native_code_are_the_reason():
    report = wg.compile(lambda x: x * 1j).report(wg.ones(3))

    assert report.numpy == {"mul": 1}
    assert report.reasons["mul"] == "there is no native code for complex64"


def test_machine_code():
    assert "ret" in wg.compile(founding).assembly(1.0, 2.0)


def test_llvm_ir():
    assert "fmul double" in wg.compile(founding).llvm_ir(1.0, 2.0)


# Many calls --------------------------------------------------------------------------------------


def test_recompilation_is_said():
    compiled = wg.compile(lambda x: x * 2)

    for n in range(1, 8):
        compiled(np.ones(n))
    with pytest.warns(CompileWarning, match=r"8 times.* x \(..., .*float64\[7\], float64\[8\]\)"):
        compiled(np.ones(8))
    compiled(np.ones(9))


def test_recompilation_for_a_closed_over_tensor_is_said():
    weight = wg.ones(1)
    compiled = wg.compile(lambda x: x * weight)

    for n in range(1, 8):
        weight.data = wg.ones(n)
        compiled(1.0)
    weight.data = wg.ones(8)
    with pytest.warns(CompileWarning, match=r"closes over \(..., .*float32\[7\], float32\[8\]\)"):
        compiled(1.0)


def test_threads():
    compiled = wg.compile(lambda x: ((x + 1) * x - x / 3).sum())
    arrays = [np.full(n % 5 + 1000, float(n)) for n in range(8)]
    wanted = [compiled(a) for a in arrays]
    assert np.allclose(wanted, [((a + 1) * a - a / 3).sum() for a in arrays])
    found: list[list[float]] = [[] for _ in arrays]

    def work(i):
        for _ in range(50):
            found[i].append(compiled(arrays[i]))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for results, value in zip(found, wanted, strict=True):
        assert results == [value] * 50


@pytest.mark.parametrize("jacobian", [wg.func.jacfwd, wg.func.jacrev, wg.func.hessian])
def test_jacobians_of_what_writes_into_a_part(jacobian):
    def f(x):
        y = x.clone()
        y[1:] = 0.75
        y[:1] *= x[1]
        return (y * y * x).sum() if jacobian is wg.func.hessian else y * x

    x = wg.tensor([2.0, 3.0, 4.0])

    wg.testing.assert_close(wg.compile(jacobian(f))(x), jacobian(f)(x))


def test_a_written_function_under_two_maps():
    class Both(wg.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * x, x + 1

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, by_square, by_sum):
            (x,) = ctx.saved_tensors
            return by_square * 2 * x + by_sum

    def slope(x):
        return wg.func.grad(lambda x: sum(t.sum() for t in Both.apply(x)))(x)

    x = wg.tensor([[1.0, 2.0], [3.0, 4.0]])

    assert wg.compile(wg.vmap(wg.vmap(slope)))(x).tolist() == [[3, 5], [7, 9]]


@pytest.mark.parametrize("write", [lambda x: x.zero_(), lambda x: x[0].mul_(3)])
def test_a_detached_tensor_follows_its_source(write):
    def f(x):
        y = x * 2
        detached, part = y.detach(), y.detach()[:1]
        write(y)
        return y, detached, part, detached + 1

    x = wg.ones(2)
    for mine, other in zip(wg.compile(f)(x), f(x), strict=True):
        assert mine.tolist() == other.tolist()


def test_writes_into_a_detached_tensor():
    def own(x):
        y = (x * 2).detach()
        return y.add_(1)

    def of_another(x):
        y = x * 2
        y.detach().add_(1)
        return y

    x = wg.ones(2)
    assert wg.compile(own)(x).tolist() == [3, 3]
    with pytest.raises(TraceError, match=r"by way of detach\(\)(?s:.*)clone\(\)"):
        wg.compile(of_another)(x)


def test_a_written_function_in_forward_mode():
    """Under a map, as in jacfwd, its pullback is transposed with the values of the trace."""

    class Exp(wg.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x.exp()

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(output)
            ctx.save_for_forward(output)

        @staticmethod
        def backward(ctx, ct):
            return ct * ctx.saved_tensors[0]

        @staticmethod
        def jvp(ctx, tangent):
            return tangent * ctx.saved_tensors[0]

    x = wg.tensor([0.5, 2.0])

    for jacobian in (wg.func.jacrev, wg.func.jacfwd):
        wg.testing.assert_close(wg.compile(jacobian(Exp.apply))(x), x.exp().diag())


def test_one_triangle_is_read_as_eagerly():
    """Whether a matrix is Hermitian is a question of its values, which a trace has not."""
    for matrix in (wg.tensor([[2.0, 0.3], [0.1, 1.0]]), wg.tensor([[2.0, 0.1], [0.1, 1.0]])):
        for f in (wg.linalg.eigvalsh, lambda x: wg.func.jacfwd(wg.linalg.eigvalsh)(x),
                  lambda x: wg.func.jacrev(wg.linalg.eigvalsh)(x)):  # fmt: skip
            wg.testing.assert_close(wg.compile(f)(matrix), f(matrix))
