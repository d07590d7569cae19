"""What a Function that goes wrong is told: its name, the line of apply, the line of the method."""

from __future__ import annotations

import pytest

import wengert as wg
from function.functions import Cube, Double_, vector
from wengert.autograd import Function
from wengert.errors import DTypeError, GradientError, ShapeError, StaleError, WengertError


def applied(backward, *args):
    class Mine(Function):
        @staticmethod
        def forward(ctx, x, *rest):
            return x * 2

    Mine.backward = staticmethod(backward)
    return Mine.apply(*(args or (vector(1.0, 2.0, 3.0),)))


def message(y) -> str:
    with pytest.raises(WengertError) as caught:
        y.sum().backward()
    return str(caught.value)


CASES = {
    "too few gradients": (
        lambda ctx, g: (g,),
        (vector(1.0), 2),
        GradientError,
        "function MineBackward returned an incorrect number of gradients (expected 2, got 1)",
    ),
    "too many gradients": (
        lambda ctx, g: (g, g),
        (vector(1.0),),
        GradientError,
        "function MineBackward returned an incorrect number of gradients (expected 1, got 2)",
    ),
    "a wrong shape": (
        lambda ctx, g: g[:2],
        (vector(1.0, 2.0, 3.0),),
        ShapeError,
        "Function MineBackward returned an invalid gradient at index 0 - got [2] but expected "
        "shape compatible with [3], that of x",
    ),
    "a complex gradient": (
        lambda ctx, g: g.to(wg.complex64),
        (vector(1.0),),
        DTypeError,
        "got a complex one, complex64[1], for x, which is real: float32[1]",
    ),
    "a gradient that is no tensor": (
        lambda ctx, g: 3.0,
        (vector(1.0),),
        GradientError,
        "function MineBackward returned a float as the gradient of x: expected a tensor or None",
    ),
    "a gradient for a number": (
        lambda ctx, g: (g, g),
        (vector(1.0), 2),
        GradientError,
        "a gradient different than None at position 2, but the corresponding forward input rest0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_backward_that_returns_the_wrong_thing(name):
    backward, args, kind, text = CASES[name]
    y = applied(backward, *args)
    with pytest.raises(kind) as caught:
        y.sum().backward()
    told = str(caught.value)
    assert text in told
    assert "returned by the backward at test_messages.py:" in told
    assert "return Mine.apply(" in told  # the line of apply


def test_a_stale_value_names_both_lines():
    c = vector(2.0) * 1
    y = Cube.apply(c)
    c.add_(1)
    told = message(y)
    assert "CubeBackward needs its input x for the backward pass" in told
    assert "modified by an inplace operation: add_ at test_messages.py:" in told
    assert "c.add_(1)" in told
    assert "saved by Cube at test_messages.py:" in told
    assert "y = Cube.apply(c)" in told


def test_a_stale_value_written_by_a_function():
    c = vector(2.0) * 1
    y = c * c
    Double_.apply(c)
    with pytest.raises(StaleError, match=r"inplace operation: Double_ at test_messages.py"):
        y.backward()


def test_a_freed_value_names_the_line_that_freed_it():
    y = Cube.apply(vector(2.0))
    y.backward()
    told = message(y)
    assert "CubeBackward: the values saved for backward were freed by an earlier backward" in told
    assert "    y.backward()" in told


def test_an_error_of_ones_own_has_a_note():
    def backward(ctx, g):
        raise KeyError("mine")

    y = applied(backward)
    with pytest.raises(KeyError) as caught:
        y.sum().backward()
    (note,) = caught.value.__notes__
    assert note.startswith("in the backward of Mine, applied at test_messages.py:")


def test_none_where_a_gradient_is_due():
    x = vector(2.0)
    y = applied(lambda ctx, g: None, x) * 1
    y.backward()
    with pytest.raises(GradientError, match="the backward of Mine gave None for its input x"):
        wg.autograd.grad(applied(lambda ctx, g: None, x), x)
    assert "gave None for its input x, applied at test_messages.py" in str(wg.why(x, y))


def test_none_for_none_is_no_fault():
    class Either(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return None if g is None else g * 2

    x = vector(2.0)
    y, z = Either.apply(x)
    (y * 0 + z).sum().backward()
    assert x.grad is not None


def test_containers_with_tensors_are_refused():
    class Dict(Function):
        @staticmethod
        def forward(ctx, x):
            return {"y": x * 2}

    with pytest.raises(GradientError, match="returned a dict with tensors in it"):
        Dict.apply(vector(1.0))


def test_a_list_is_as_good_as_a_tuple():
    class Pair(Function):
        @staticmethod
        def forward(ctx, x):
            return [x * 2, x * 3]

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = vector(1.0)
    y, z = outputs = Pair.apply(x)
    (y + z).backward()
    assert isinstance(outputs, list)
    assert x.grad.item() == 5


def test_arguments_that_do_not_fit_forward():
    class Split(Function):
        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    with pytest.raises(TypeError, match=r"Split.apply: too many positional arguments"):
        Split.apply(vector(1.0), 2)


def test_writing_into_a_view_of_a_functions_making():
    class Part(Function):
        @staticmethod
        def forward(ctx, x):
            return x[:1]

        @staticmethod
        def backward(ctx, g):
            return wg.cat([g, g])

    y = Part.apply(vector(1.0, 2.0) * 1)
    with pytest.raises(GradientError, match="created inside a custom Function"):
        y.mul_(2)


def test_dirty_and_not_returned_names_the_remedy():
    class Lost(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 1

    with pytest.raises(GradientError, match="Return the tensor that was given to mark_dirty"):
        Lost.apply(vector(1.0) * 1)


def test_once_differentiable_through_a_leaky_context():
    class Leaky(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x.detach()
            return x * x

        @staticmethod
        @wg.autograd.function.once_differentiable
        def backward(ctx, g):
            return 2 * ctx.x * g

    x = vector(3.0)
    (g,) = wg.autograd.grad(Leaky.apply(x).sum(), x, create_graph=True)
    with pytest.raises(GradientError, match="marked with @once_differentiable: Leaky, ") as caught:
        g.sum().backward()
    assert "(g,) = wg.autograd.grad(Leaky.apply(x).sum()" in str(caught.value)
    assert "its backward is test_messages.py:" in str(caught.value)
    assert "def backward(ctx, g):" in str(caught.value)


def test_anomaly_detection_names_the_function():
    y = applied(lambda ctx, g: g * float("nan"))
    with pytest.warns(UserWarning, match="Anomaly"):
        anomaly = wg.autograd.detect_anomaly()
    text = r"(?s)'MineBackward' returned nan.*Mine.apply"
    with anomaly, pytest.raises(GradientError, match=text):
        y.sum().backward()


def test_an_input_that_is_written_and_returned_without_a_mark():
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            return x.mul_(2)

    with pytest.raises(GradientError, match="did not mark it as dirty") as e:
        Twice.apply(vector(1.0) * 1)
    assert "mark_dirty" in str(e.value)
    assert Twice.apply(wg.ones(2)).tolist() == [2, 2]


def test_a_mapped_tensor_outside_of_its_vmap():
    class Twice(Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x * 2

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

    escaped = []
    wg.func.vmap(lambda x: (escaped.append(x), x)[1])(wg.ones(2))
    with pytest.raises(WengertError, match="Twice: a tensor of a vmap is used outside of it"):
        Twice.apply(escaped[0])


def test_an_array_as_the_output():
    class Wave(Function):
        @staticmethod
        def forward(ctx, x):
            return x.detach().numpy() * 2

    with pytest.raises(GradientError, match="forward returned a NumPy array"):
        Wave.apply(vector(1.0))
    assert Wave.apply(wg.ones(2)).tolist() == [2, 2]
