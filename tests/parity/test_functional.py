"""autograd.functional beside torch's."""

from __future__ import annotations

import pytest

from parity.scenario import raised
from parity.transforms import agrees_with_torch, grid, numbers

FLAGS = pytest.mark.parametrize("create_graph", [False, True])
PRODUCTS = ["vjp", "jvp", "vhp", "hvp"]


def scalar(x, y):
    return (x.sin() * y).sum() + (x**3).sum()


def vector(x, y):
    return x * y.exp()


def several(x, y):
    return x * y, (x.sin() + y).sum()


def two(m, requires_grad=False):
    pair = numbers(m, 1.0, 2.0), numbers(m, 0.5, -0.5)
    return tuple(x.requires_grad_() for x in pair) if requires_grad else pair


def flat(found):
    """Blocks in a list: torch's forward mode gives lists where its reverse mode gives tuples."""
    if isinstance(found, (tuple, list)):
        return [block for part in found for block in flat(part)]
    return [found]


def call(m, name, *args, **kwargs):
    return getattr(m.autograd.functional, name)(*args, **kwargs)


@FLAGS
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products(name, create_graph, requires_grad):
    def scenario(m):
        inputs = two(m, requires_grad)
        v = numbers(m, 0.1, 0.2), numbers(m, 0.3, 0.4)
        func = vector if name in ("vjp", "jvp") else scalar
        by = v[0] if name == "vjp" else v
        one = call(m, name, lambda x: func(x, x), inputs[0], v[0], create_graph=create_graph)
        return call(m, name, func, inputs, by, create_graph=create_graph), one

    agrees_with_torch(scenario)()


@FLAGS
@pytest.mark.parametrize("name", ["vjp", "jvp"])
def test_products_of_several_outputs(name, create_graph):
    def scenario(m):
        inputs = two(m)
        v = (numbers(m, 0.1, 0.2), numbers(m, 0.3).sum()) if name == "vjp" else inputs
        return call(m, name, several, inputs, v, create_graph=create_graph)

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("name", PRODUCTS)
def test_v_may_be_left_out_for_one_element(name):
    def scenario(m):
        x = numbers(m, 0.5)
        number = call(m, name, lambda x: (x**3).sum(), x)
        return number, raised(lambda: call(m, name, lambda x: x**3, numbers(m, 1.0, 2.0)))

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("name", PRODUCTS)
def test_v_that_does_not_fit(name):
    def scenario(m):
        x = numbers(m, 1.0, 2.0)

        def with_(v):
            func = vector if name in ("vjp", "jvp") else scalar
            return raised(lambda: call(m, name, func, (x, x), v))

        return with_(numbers(m, 1.0, 2.0, 3.0)), with_((x,)), with_((x, x, x)), with_(3.0)

    agrees_with_torch(scenario)()


@FLAGS
@pytest.mark.parametrize("vectorize", [False, True])
@pytest.mark.parametrize("func", [vector, several, scalar], ids=lambda f: f.__name__)
def test_jacobian(func, vectorize, create_graph):
    def scenario(m):
        inputs = two(m, True)
        options = {"vectorize": vectorize, "create_graph": create_graph}
        single = call(m, "jacobian", lambda x: func(x, x), inputs[0], **options)
        return call(m, "jacobian", func, inputs, **options), single

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("func", [vector, several, scalar], ids=lambda f: f.__name__)
def test_jacobian_by_forward_mode(func):
    def scenario(m):
        options = {"vectorize": True, "strategy": "forward-mode"}
        single = call(m, "jacobian", lambda x: func(x, x), two(m)[0], **options)
        return flat(call(m, "jacobian", func, two(m), **options)), flat(single)

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_options_of_jacobian_that_exclude_each_other(m):
    def with_(**options):
        return raised(lambda: call(m, "jacobian", vector, two(m), **options))

    return (
        with_(strategy="forward-mode"),
        with_(strategy="forward-mode", vectorize=True, create_graph=True),
        with_(strategy="forward-mode", vectorize=True, strict=True),
        with_(vectorize=True, strict=True),
    )


@FLAGS
@pytest.mark.parametrize("vectorize", [False, True])
def test_hessian(vectorize, create_graph):
    def scenario(m):
        options = {"vectorize": vectorize, "create_graph": create_graph}
        single = call(m, "hessian", lambda x: scalar(x, x.exp()), two(m)[0], **options)
        return call(m, "hessian", scalar, two(m, True), **options), single

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_hessian_by_forward_mode(m):
    options = {"vectorize": True, "outer_jacobian_strategy": "forward-mode"}
    single = call(m, "hessian", lambda x: scalar(x, x.exp()), two(m)[0], **options)
    found = [*flat(call(m, "hessian", scalar, two(m), **options)), single]
    return [block.detach() for block in found]  # torch forgets to, without create_graph


@agrees_with_torch
def test_options_of_hessian_that_exclude_each_other(m):
    def with_(**options):
        return raised(lambda: call(m, "hessian", scalar, two(m), **options))

    return (
        with_(outer_jacobian_strategy="forward-mode"),
        with_(outer_jacobian_strategy="forward-mode", vectorize=True, create_graph=True),
        with_(outer_jacobian_strategy="forward-mode", vectorize=True, strict=True),
        with_(vectorize=True, strict=True),
    )


@pytest.mark.parametrize("name", ["hessian", "vhp", "hvp"])
def test_second_derivatives_of_what_is_no_number(name):
    def scenario(m):
        x = numbers(m, 1.0, 2.0)
        v = () if name == "hessian" else (x,)

        def of(func):
            return raised(lambda: call(m, name, func, x, *v))

        return of(lambda x: x), of(lambda x: (x.sum(), x.sum())), of(lambda x: 3.0)

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_a_number_in_a_vector_is_a_number(m):
    x = numbers(m, 1.0, 2.0)
    return call(m, "hessian", lambda x: (x**3).sum().reshape(1), x), call(
        m, "vhp", lambda x: (x**3).sum().reshape(1, 1), x, x
    )


@pytest.mark.parametrize("name", [*PRODUCTS, "jacobian", "hessian"])
def test_strict(name):
    def scenario(m):
        x, y = two(m)
        by = {"vjp": (x,), "jvp": ((x, y),), "vhp": ((x, y),), "hvp": ((x, y),)}.get(name, ())
        number = name in ("hessian", "vhp", "hvp")

        def of(func):
            def shaped(x, y):
                return func(x, y).sum() if number else func(x, y)

            strict = raised(lambda: call(m, name, shaped, (x, y), *by, strict=True))
            loose = call(m, name, shaped, (x, y), *by)
            return strict if isinstance(strict, Exception) else "fine", loose

        return (
            of(lambda x, y: x**3 * y**3),
            of(lambda x, y: x**3),
            of(lambda x, y: x * 2 + y**3),
            of(lambda x, y: x.detach() * 2),
            of(lambda x, y: numbers(m, 3.0, 4.0)),
        )

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("name", [*PRODUCTS, "jacobian", "hessian"])
def test_what_is_no_tensor(name):
    def scenario(m):
        x = numbers(m, 1.0, 2.0)
        v = () if name in ("jacobian", "hessian") else (x,)
        return (
            raised(lambda: call(m, name, lambda x: x.sum(), 3.0, *v)),
            raised(lambda: call(m, name, lambda x, y: x.sum(), (x, 3.0), *v)),
            raised(lambda: call(m, name, lambda x: "text", x, *v)),
            raised(lambda: call(m, name, lambda x: (x, 3.0), x, *v)),
        )

    agrees_with_torch(scenario)()


@pytest.mark.parametrize("name", [*PRODUCTS, "jacobian", "hessian"])
def test_create_graph_leads_back_to_the_inputs(name):
    def scenario(m):
        x = numbers(m, 1.0, 2.0).requires_grad_()
        v = () if name in ("jacobian", "hessian") else (numbers(m, 0.3, 0.4).requires_grad_(),)
        number = name in ("hessian", "vhp", "hvp")
        func = (lambda x: (x**4).sum()) if number else (lambda x: x**4)
        found = call(m, name, func, x, *v, create_graph=True)
        last = found[1] if v else found
        last.sum().backward()
        return last, x.grad, [w.grad for w in v]

    agrees_with_torch(scenario)()


@agrees_with_torch
def test_parameters_outside(m):
    w = numbers(m, 3.0, 4.0).requires_grad_()
    x = numbers(m, 1.0, 2.0)
    plain = call(m, "jacobian", lambda x: x * x * w, x)
    found = call(m, "jacobian", lambda x: x * x * w, x, create_graph=True)
    found.sum().backward()
    return plain, found, w.grad


@agrees_with_torch
def test_under_no_grad(m):
    x = numbers(m, 1.0, 2.0)
    with m.no_grad():
        return (
            call(m, "jacobian", lambda x: x**2, x),
            call(m, "hessian", lambda x: (x**3).sum(), x),
            call(m, "vjp", lambda x: x**2, x, x),
            call(m, "jvp", lambda x: x**2, x, x),
            call(m, "hvp", lambda x: (x**3).sum(), x, x),
        )


@agrees_with_torch
def test_shapes(m):
    x = grid(m, 2, 3)
    found = (
        call(m, "jacobian", lambda x: x.sum(0), x),
        call(m, "jacobian", lambda x: x.sum(0), x, vectorize=True),
        call(m, "jacobian", lambda x: x.sum(), x),
        call(m, "hessian", lambda x: x.prod(), x),
        call(m, "hessian", lambda x: x.prod(), x, vectorize=True),
    )
    return found, [tuple(f.shape) for f in found]


@agrees_with_torch
def test_the_inputs_are_left_alone(m):
    x = numbers(m, 1.0, 2.0).requires_grad_()
    call(m, "jacobian", lambda x: x**2, x)
    call(m, "hessian", lambda x: (x**2).sum(), x)
    return x.grad, x.is_leaf
