"""What bad input gets: the exception that torch raises there, and a message that teaches.

Each row is a short program. Its error has the type that stands beside it (a built-in one, so that
code written for torch catches it), says what was wrong, and names the program's own line.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wengert as wg
from wengert.nn import functional as F

ROWS = []


def fails(error, *says):
    """Enter a program into the table: the exception it raises, fragments of the message."""

    def enter(program):
        ROWS.append(pytest.param(program, error, says, id=program.__name__))
        return program

    return enter


@pytest.mark.parametrize(("program", "error", "says"), ROWS)
def test_bad_input(program, error, says):
    with pytest.raises(error) as caught:
        program()
    assert isinstance(caught.value, wg.WengertError)
    message = str(caught.value)
    for fragment in says:
        assert fragment in message
    assert f"at {caught.value.site}" in message
    assert caught.value.site.code is program.__code__, "the line is not the user's"
    assert "# here" in caught.value.site.source


def x3():
    return wg.tensor([1.0, 2.0, 3.0], requires_grad=True)


# Data that no tensor holds


@fails(RuntimeError, "require grad", "wengert.int64", "Write 2. instead of 2")
def integers_that_require_grad():
    wg.tensor([1, 2], requires_grad=True)  # here


@fails(RuntimeError, "require grad", "wengert.bool")
def booleans_that_require_grad():
    wg.tensor([True], requires_grad=True)  # here


@fails(RuntimeError, "require grad", "wengert.int64", "dtype=wengert.float32")
def integers_made_to_require_grad():
    x = wg.tensor([1, 2])
    x.requires_grad_()  # here


@fails(RuntimeError, "require grad", "wengert.bool")
def booleans_made_to_require_grad():
    x = wg.tensor([True])
    x.requires_grad = True  # here


@fails(ValueError, "expected sequence of length 2 at dim 1 (got 1", "data[1]", "rectangular")
def ragged_lists():
    wg.tensor([[1, 2], [3]])  # here


@fails(TypeError, "data[1]", "nest every element equally deep")
def numbers_beside_lists():
    wg.tensor([[1, 2], 3])  # here


@fails(TypeError, "'str'", "numbers and booleans")
def text():
    wg.tensor("abc")  # here


@fails(ValueError, "data[0] is text", "Convert it to numbers first")
def a_list_of_text():
    wg.tensor(["1", "2"])  # here


@fails(RuntimeError, "NoneType", "data[1]")
def none_among_numbers():
    wg.tensor([1.0, None])  # here


@fails(TypeError, "object", "The dtypes are")
def an_array_of_objects():
    wg.tensor(np.array([None]))  # here


@fails(TypeError, "datetime64")
def an_array_of_dates():
    wg.tensor(np.array(["2000-01-01"], "datetime64[s]"))  # here


@fails(ValueError, "wengert.stack", "(3,)")
def a_list_of_vectors():
    wg.tensor([wg.ones(3), wg.ones(3)])  # here


@fails(TypeError, "'flaot32' is not a dtype", "wengert.float32")
def an_unknown_dtype():
    wg.tensor([1.0], dtype="flaot32")  # here


@fails(RuntimeError, "'cuda' does not exist", '"cpu"')
def an_unknown_device():
    wg.tensor([1.0], device="cuda")  # here


@fails(RuntimeError, "'cuda' does not exist", '"cpu"')
def to_an_unknown_device():
    wg.ones(1).to("cuda")  # here


@fails(TypeError, "floating point", "wengert.int64")
def an_integer_default_dtype():
    wg.set_default_dtype(int)  # here


# Backward passes


@fails(RuntimeError, "scalar outputs", "(3,)", "loss.sum()")
def backward_on_a_vector():
    y = x3() * 2
    y.backward()  # here


@fails(RuntimeError, "does not require grad", "requires_grad=True", ".item()")
def backward_where_nothing_requires_grad():
    wg.ones(()).backward()  # here


@fails(RuntimeError, "cut by detach", "h = x3().detach()  # cut", "Leave out the detach")
def backward_after_detach():
    h = x3().detach()  # cut
    (h * h).sum().backward()  # here


@fails(RuntimeError, "cut by no_grad", "y = x.sum()  # cut", "outside of no_grad")
def backward_after_no_grad():
    x = x3()
    with wg.no_grad():
        y = x.sum()  # cut
    y.backward()  # here


@fails(RuntimeError, "cut by inference_mode", "y = x.sum()  # cut", "outside of inference_mode")
def backward_after_inference_mode():
    x = x3()
    with wg.inference_mode():
        y = x.sum()  # cut
    y.backward()  # here


@fails(RuntimeError, "cut by argmax", "best = x3().argmax()  # cut", "no derivative")
def backward_after_argmax():
    best = x3().argmax()  # cut
    (best * 2.0).backward()  # here


@fails(RuntimeError, "cut by to", "n = x3().long()  # cut", "no derivative")
def backward_after_a_cast_to_integers():
    n = x3().long()  # cut
    n.sum().backward()  # here


@fails(RuntimeError, "cut by detach", "first cut", " or argmax", "second cut")
def backward_after_two_cuts():
    a = x3().detach()  # first cut
    b = x3().argmax()  # second cut
    (a.sum() + b).backward()  # here


@fails(RuntimeError, "(4,)", "(3,)", "one number per element")
def a_gradient_of_another_shape():
    y = x3() * 2
    y.backward(wg.ones(4))  # here


@fails(RuntimeError, "complex64", "float32", "gradient.real")
def a_complex_gradient_for_a_real_output():
    y = x3() * 2
    y.backward(wg.ones(3, dtype=wg.complex64))  # here


@fails(TypeError, "not list", "wengert.tensor(...)")
def a_gradient_that_is_no_tensor():
    y = x3() * 2
    y.backward([1.0, 1.0, 1.0])  # here


@fails(RuntimeError, "MulBackward0", "freed", "y.backward()  # first", "retain_graph=True")
def a_second_backward():
    x = x3()
    y = (x * x).sum()
    y.backward()  # first
    y.backward()  # here


@fails(RuntimeError, "ExpBackward0", "wg.autograd.grad(y, x)  # first", "retain_graph=True")
def a_second_grad():
    x = x3()
    y = x.exp().sum()
    wg.autograd.grad(y, x)  # first
    wg.autograd.grad(y, x)  # here


@fails(RuntimeError, "does not require grad", "wengert.why")
def retain_grad_of_a_constant():
    wg.ones(3).retain_grad()  # here


@fails(RuntimeError, "inputs[1] was not used", "allow_unused=True", "wengert.why")
def grad_of_an_unused_input():
    x, unused = x3(), x3()
    wg.autograd.grad(x.sum(), (x, unused))  # here


@fails(RuntimeError, "inputs[0] does not require grad", "requires_grad_()")
def grad_of_a_constant():
    wg.autograd.grad(x3().sum(), wg.ones(3))  # here


@fails(TypeError, "grad", "int")
def grad_of_a_number():
    wg.autograd.grad(x3().sum(), 3)  # here


@fails(RuntimeError, "(3,)", "(4,)")
def a_stored_gradient_of_another_shape():
    x = x3()
    x.grad = wg.ones(4)  # here


# Writing in place


@fails(RuntimeError, "add_", "leaf that requires grad", "no_grad")
def a_leaf_changed_in_place():
    x = x3()
    x += 1  # here


@fails(RuntimeError, "leaf that requires grad", "no_grad")
def an_element_of_a_leaf_set():
    x = x3()
    x[0] = 5.0  # here


@fails(RuntimeError, "add_", "(2, 3)", "(3,)", "cannot change the shape")
def in_place_with_a_larger_shape():
    wg.ones(3).add_(wg.ones(2, 3))  # here


@fails(RuntimeError, "mul_", "float32", "int64", "Cast")
def in_place_with_a_higher_dtype():
    wg.ones(3, dtype=wg.int64).mul_(1.5)  # here


@fails(
    RuntimeError, "MulBackward0", "modified by an inplace operation", "h.mul_(3)  # wrote",
    "y = h * h  # saved", "clone()",
)  # fmt: skip
def a_saved_value_overwritten():
    h = x3() + 1
    y = h * h  # saved
    h.mul_(3)  # wrote
    y.sum().backward()  # here


@fails(RuntimeError, "ExpBackward0", "its output", "y.detach()[0] = 1.0  # wrote", "# saved")
def a_saved_output_overwritten_through_an_alias():
    y = x3().exp()  # saved
    y.detach()[0] = 1.0  # wrote
    y.sum().backward()  # here


@fails(RuntimeError, "returns multiple views", "by indexing")
def in_place_on_one_of_several_views():
    first, *_ = (x3() * 2).unbind()
    first.mul_(3)  # here


@fails(RuntimeError, "created in no_grad mode", "both inside")
def in_place_on_a_view_made_under_no_grad():
    h = x3() * 2
    with wg.no_grad():
        view = h[:2]
    view.mul_(3)  # here


# Shapes


SHAPES = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "remainder": lambda x, y: x % y,
    "lt": lambda x, y: x < y,
    "eq": lambda x, y: x == y,
    "where": lambda x, y: wg.where(x > 0, x, y),
    "maximum": wg.maximum,
    "atan2": wg.atan2,
    "complex": wg.complex,
    "mse_loss": F.mse_loss,
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_that_do_not_broadcast(name):
    with pytest.raises(RuntimeError) as caught:
        SHAPES[name](wg.ones(2, 3), wg.ones(4, 5))
    message = str(caught.value)
    for fragment in (name, "(2, 3)", "(4, 5)", "lengths must be equal, or one of them 1"):
        assert fragment in message


PRODUCTS = {
    "matmul of matrices": (lambda: wg.ones(2, 3) @ wg.ones(4, 5), ["2x3 and 4x5", "(3)", "(4)"]),
    "matmul of vectors": (lambda: wg.ones(3) @ wg.ones(4), ["3 and 4"]),
    "matmul with a vector": (lambda: wg.ones(2, 3) @ wg.ones(2), ["2x3 and 2"]),
    "matmul of a vector": (lambda: wg.ones(3) @ wg.ones(4, 5), ["3 and 4x5"]),
    "matmul of batches": (
        lambda: wg.ones(2, 2, 3) @ wg.ones(3, 3, 5), ["(2, 2, 3)", "(3, 3, 5)", "batch"],
    ),
    "matmul of a number": (lambda: wg.ones(()) @ wg.ones(3), ["at least 1D", "with *"]),
    "matmul, transposed": (lambda: wg.ones(2, 3) @ wg.ones(2, 3), [".T, would fit"]),
    "matmul of dtypes": (lambda: wg.ones(3) @ wg.arange(3), ["float32", "int64", "x.to("]),
    "mm": (lambda: wg.mm(wg.ones(3), wg.ones(3)), ["mm", "2-D", "(3,)", "matmul"]),
    "bmm": (lambda: wg.bmm(wg.ones(2, 2, 3), wg.ones(3, 3, 2)), ["bmm", "(2, 2, 3)"]),
    "dot": (lambda: wg.dot(wg.ones(3), wg.ones(4)), ["dot", "3 and 4"]),
    "dot of matrices": (lambda: wg.dot(wg.ones(2, 3), wg.ones(3)), ["dot", "1-D", "(2, 3)"]),
    "mv": (lambda: wg.mv(wg.ones(2, 3), wg.ones(2)), ["mv", "2x3 and 2"]),
    "einsum": (lambda: wg.einsum("ij,jk", wg.ones(2, 3), wg.ones(4, 5)), ["subscript j", "3"]),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_factors_that_do_not_fit(name):
    call, says = PRODUCTS[name]
    with pytest.raises(RuntimeError) as caught:
        call()
    for fragment in says:
        assert fragment in str(caught.value)
    assert caught.value.site.filename == __file__


AXES = {
    "sum": lambda x: x.sum(2),
    "mean": lambda x: x.mean(dim=-3),
    "prod": lambda x: x.prod(2),
    "max": lambda x: x.max(2),
    "argmax": lambda x: x.argmax(2),
    "std": lambda x: x.std(2),
    "logsumexp": lambda x: x.logsumexp(2),
    "softmax": lambda x: x.softmax(2),
    "cumsum": lambda x: x.cumsum(2),
    "sort": lambda x: x.sort(2),
    "squeeze": lambda x: x.squeeze(2),
    "unsqueeze": lambda x: x.unsqueeze(4),
    "transpose": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(0, 2),
    "flip": lambda x: x.flip(2),
    "cat": lambda x: wg.cat([x, x], 2),
    "stack": lambda x: wg.stack([x, x], 3),
    "split": lambda x: x.split(1, 2),
    "unbind": lambda x: x.unbind(2),
    "gather": lambda x: x.gather(2, wg.zeros(2, 3, dtype=wg.int64)),
}


@pytest.mark.parametrize("name", AXES)
def test_an_axis_out_of_range(name):
    with pytest.raises(IndexError, match="out of range") as caught:
        AXES[name](wg.ones(2, 3))
    assert "dimensions, counted from 0" in str(caught.value)
    assert caught.value.site.filename == __file__


@fails(RuntimeError, "'[4, 2]'", "size 6", "-1 stands for what is left")
def reshape_to_another_size():
    wg.ones(2, 3).reshape(4, 2)  # here


@fails(RuntimeError, "only one dimension can be inferred")
def reshape_with_two_unknowns():
    wg.ones(2, 3).reshape(-1, -1)  # here


@fails(RuntimeError, "(3)", "(2)", "[2, 3]")
def expand_of_a_longer_dimension():
    wg.ones(2, 3).expand(3, 3)  # here


@fails(RuntimeError, "Expected size 3 but got size 4", "(2, 4)", "(2, 3)")
def cat_of_other_lengths():
    wg.cat([wg.ones(2, 3), wg.ones(2, 4)])  # here


@fails(RuntimeError, "same number of dimensions", "(3,)", "(2, 3)")
def cat_of_other_dimensions():
    wg.cat([wg.ones(2, 3), wg.ones(3)])  # here


@fails(ValueError, "non-empty")
def cat_of_nothing():
    wg.cat([])  # here


@fails(RuntimeError, "stack", "[2]", "[3]")
def stack_of_other_shapes():
    wg.stack([wg.ones(2), wg.ones(3)])  # here


@fails(RuntimeError, "2 elements", ".tolist()")
def item_of_several():
    wg.ones(2).item()  # here


@fails(RuntimeError, "ambiguous", ".any() or .all()")
def truth_of_several():
    bool(wg.ones(2))  # here


# Indexing


@fails(IndexError, "index 5", "dimension 0", "size 2")
def an_index_out_of_range():
    wg.ones(2, 3)[5]  # here


@fails(IndexError, "index -4", "dimension 1", "size 3")
def a_negative_index_out_of_range():
    wg.ones(2, 3)[0, -4]  # here


@fails(IndexError, "index 7", "size 2")
def an_index_tensor_out_of_range():
    wg.ones(2, 3)[wg.tensor([0, 7])]  # here


@fails(IndexError, "too many indices", "dimension 2")
def too_many_indices():
    wg.ones(2, 3)[0, 0, 0]  # here


@fails(IndexError, "mask [3]", "[2, 3]")
def a_mask_of_another_shape():
    wg.ones(2, 3)[wg.tensor([True, False, True])]  # here


@fails(ValueError, "step must be greater than zero", "flip")
def a_negative_step():
    wg.ones(3)[::-1]  # here


@fails(IndexError, "float32", "index.to(wengert.int64)")
def an_index_of_floats():
    wg.ones(3)[wg.tensor([0.0])]  # here


@fails(IndexError, "0-dim", "x.item()")
def an_index_into_a_number():
    wg.tensor(1.0)[0]  # here


# Numbers


@fails(ZeroDivisionError, "floor_divide", "by zero", "wengert.where")
def floor_division_by_zero():
    wg.tensor([1, 2]) // wg.tensor([1, 0])  # here


@fails(RuntimeError, "remainder", "by zero", "Divide floats")
def remainder_by_zero():
    wg.tensor([1, 2]) % 0  # here


@fails(RuntimeError, "div", "by zero", "Divide floats")
def rounded_division_by_zero():
    wg.div(wg.tensor([1]), wg.tensor([0]), rounding_mode="trunc")  # here


@fails(RuntimeError, "fmod", "by zero", "Divide floats")
def fmod_by_zero():
    wg.fmod(wg.tensor([1]), wg.tensor([0]))  # here


@fails(RuntimeError, "rounding_mode", "'floor'", "'up'")
def an_unknown_rounding_mode():
    wg.div(wg.ones(1), 2, rounding_mode="up")  # here


@fails(RuntimeError, "negative integer powers", "x.float()")
def an_integer_to_a_negative_power():
    wg.tensor([2]) ** -1  # here


@fails(RuntimeError, "mean", "int64", "dtype=wengert.float32")
def mean_of_integers():
    wg.tensor([1, 2]).mean()  # here


@fails(TypeError, "add", "str", "wengert.tensor(...)")
def plus_text():
    x3() + "1"  # here


@fails(TypeError, "mul", "None")
def times_none():
    x3() * None  # here


@fails(TypeError, "lt", "None")
def less_than_none():
    wg.less(x3(), None)  # here


@fails(TypeError, "add", "list", "wengert.tensor(...)")
def a_list_plus_a_tensor():
    numbers = [1, 2, 3]
    numbers + x3()  # here


@fails(TypeError, "sub", "dict")
def minus_a_dict():
    x3() - {}  # here


@fails(TypeError, "dot", "int", "with *")
def dot_of_a_number():
    wg.dot(wg.ones(3), 3)  # here


@fails(TypeError, "exp()", "1 positional argument", "2 were given")
def too_many_arguments():
    wg.exp(x3(), wg.ones(3))  # here


@fails(RuntimeError, "exp()", "out=... arguments don't support", "no_grad")
def a_place_for_a_result_that_wants_a_gradient():
    wg.exp(x3(), out=wg.ones(3))  # here


@fails(TypeError, "reshape()", "'out'", "no memory of its own")
def a_place_for_a_view():
    wg.reshape(wg.ones(3), (3, 1), out=wg.ones(3, 1))  # here


@fails(TypeError, "exp: out must be a tensor, not int")
def a_place_that_is_no_tensor():
    wg.exp(wg.ones(3), out=3)  # here


@fails(TypeError, "sum()", "'dims'")
def an_unknown_argument():
    x3().sum(dims=0)  # here


@fails(TypeError, "numpy.histogram cannot be recorded on tensors", ".detach().numpy()")
def a_numpy_function_that_cannot_be_recorded():
    np.histogram(x3())  # here


@fails(RuntimeError, "numpy()", "detach().numpy()")
def an_array_of_what_requires_grad():
    np.asarray(x3())  # here


@fails(IndexError, "Target 5 is out of bounds", "3 classes")
def a_class_that_does_not_exist():
    F.cross_entropy(wg.ones(2, 3), wg.tensor([0, 5]))  # here


# Graphs


@fails(KeyError, "'alhpa'", "Did you mean 'alpha'?")
def an_unknown_name():
    alpha = x3()
    beta = alpha.sum()
    wg.graph(beta)["alhpa"]  # here


@fails(RuntimeError, "no history", "requires_grad=True")
def the_graph_of_a_constant():
    wg.graph(wg.ones(1))  # here


@fails(TypeError, "int is no tensor and no function")
def the_graph_of_a_number():
    wg.graph(3)  # here


@fails(ValueError, "not a graph file", "JSON")
def a_damaged_graph_file():
    wg.Graph.from_json('{"nodes": [')  # here


@fails(ValueError, "not a graph file")
def a_hostile_graph_file():
    wg.Graph.from_json('{"nodes": [{"op": "__import__", "attrs": {"name": "os"}}]}')  # here


def if_positive(x):
    if x.sum() > 0:
        return x
    return -x


def scaled_by_a_number(x):
    return x * x.sum().item()


@pytest.mark.parametrize(
    ("function", "what", "line"),
    [(if_positive, "bool()", "if x.sum() > 0:"), (scaled_by_a_number, "item()", ".item()")],
)
def test_python_that_depends_on_traced_data(function, what, line):
    with pytest.raises(TypeError) as caught:
        wg.graph(function, x3())
    assert what in str(caught.value)
    assert line in caught.value.site.source
    assert "wengert.where" in str(caught.value)
    assert "wengert.graph(f(x))" in str(caught.value)


# Files


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: b"x" * 100, lambda data: data[:-50],
     lambda data: data.replace(bytes(wg.ones(8).numpy()), bytes(32))],
    ids=["empty", "garbage", "cut off", "changed"],
)  # fmt: skip
def test_a_damaged_file(tmp_path, damage):
    path = tmp_path / "saved.pt"
    wg.save({"weight": wg.ones(8)}, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="damaged") as caught:
        wg.load(path)
    assert caught.value.site.filename == __file__


# Warnings


def test_grad_of_a_result_that_is_not_retained():
    weight = wg.tensor([1.0], requires_grad=True)
    bias = wg.tensor([2.0], requires_grad=True)
    hidden = weight * 3 + bias
    hidden.sum().backward()
    with pytest.warns(wg.NonLeafGradWarning) as caught:
        assert hidden.grad is None
    assert len(caught) == 1
    assert caught[0].filename == __file__
    message = str(caught[0].message)
    for fragment in ("'hidden'", "AddBackward0", "bias, weight", "retain_grad()"):
        assert fragment in message


def test_no_warning_where_the_gradient_is_retained():
    x = x3()
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    assert y.grad.tolist() == [1, 1, 1]
    assert x.detach().grad is None


# Values that are odd but not wrong

ELEMENTWISE = [
    "abs", "exp", "expm1", "log", "log1p", "log2", "sqrt", "rsqrt", "reciprocal", "sin", "cos",
    "tan", "asin", "acosh", "atanh", "sinh", "cosh", "tanh", "sigmoid", "relu", "erf", "lgamma",
    "digamma", "floor", "round", "sign", "square", "logit", "nan_to_num",
]  # fmt: skip
ODD = [0.0, -1.0, 1e38, float("inf"), float("-inf"), float("nan")]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_nan_and_infinities_pass_through_in_silence(name):
    x = wg.tensor(ODD, requires_grad=True)
    with np.errstate(all="raise"):  # the user's settings are not used, and not changed
        before = np.geterr()
        for _ in range(2):  # the second pass adds NaN and infinities to what is stored
            getattr(wg, name)(x).sum().backward()
        for number in ODD:
            leaf = wg.tensor(number, requires_grad=True)
            for _ in range(2):
                getattr(wg, name)(leaf).backward()
        assert np.geterr() == before


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow", "fmod", "maximum", "atan2"])
def test_two_odd_numbers_in_silence(name):
    x = wg.tensor(ODD, requires_grad=True)
    y = wg.tensor(ODD, requires_grad=True)
    with np.errstate(all="raise"):
        for _ in range(2):
            getattr(wg, name)(x[:, None], y).sum().backward()
    assert x.grad.shape == y.grad.shape == (6,)


def test_casts_and_given_gradients_in_silence():
    with np.errstate(all="raise"):
        large = wg.tensor([1e300, float("nan")], dtype=wg.float64)
        assert large.float()[0].item() == float("inf")
        assert wg.tensor([1e300], dtype=wg.float32).item() == float("inf")
        x = wg.ones(2, requires_grad=True)
        (x * 1.0).backward(large)
        assert x.grad[0].item() == float("inf")
        total = wg.ones(2)
        total += float("inf")
        total -= float("inf")
        assert total.isnan().all()


def test_pictures_of_odd_numbers_in_silence():
    x = wg.tensor(ODD, requires_grad=True)
    loss = (x.log() * 1e38).sum()
    with np.errstate(all="raise"):
        assert "nan" in str(wg.graph(loss))


def test_nan_of_a_nan():
    assert wg.tensor([1.0, float("nan")]).max().isnan()
    assert not wg.equal(wg.tensor(float("nan")), wg.tensor(float("nan")))


SHAPED = {
    **{name: getattr(wg, name) for name in ("sum", "prod", "mean", "exp", "relu", "neg", "isnan")},
    "var": lambda x: x.var(correction=0),
    "norm": lambda x: x.norm(),
    "any": lambda x: x.any(),
    "all": lambda x: x.all(),
    "cumsum": lambda x: x.cumsum(0),
    "softmax": lambda x: x.softmax(0),
    "logsumexp": lambda x: x.logsumexp(0),
    "sort": lambda x: x.sort(0).values,
    "flip": lambda x: x.flip(0),
    "plus": lambda x: x + x,
    "power": lambda x: x**2,
    "where": lambda x: wg.where(x > 0, x, 0.0),
    "clamp": lambda x: x.clamp(0, 1),
    "clone": lambda x: x.clone(),
    "reshape": lambda x: x.reshape(x.shape),
    "flatten": lambda x: x.flatten(),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "squeeze": lambda x: x.squeeze(),
    "transpose": lambda x: x.transpose(0, -1),
    "expand": lambda x: x.expand(2, *x.shape),
    "stack": lambda x: wg.stack([x, x]),
    "index": lambda x: x[None, ...],
    "masked": lambda x: x[x > 0],
    "cast": lambda x: x.double(),
    "outer": lambda x: wg.outer(x.flatten(), x.flatten()),
    "matmul": lambda x: x.reshape(-1, 1).T @ x.reshape(-1, 1),
    "cat": lambda x: wg.cat([x.flatten(), x.flatten()]),
}


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)], ids=str)
@pytest.mark.parametrize("name", SHAPED)
def test_empty_and_0d_tensors(name, shape):
    if shape == (2, 0) and name == "matmul":
        pytest.skip("-1 is ambiguous in a reshape of nothing")
    x = wg.ones(shape, requires_grad=True)
    y = SHAPED[name](x)
    assert repr(y).startswith("tensor(")
    if y.requires_grad:
        y.sum().backward()
        assert x.grad.shape == shape


def test_max_of_nothing():
    with pytest.raises(RuntimeError, match=r"(?s)max\(\).*dim.*shape \(0,\)"):
        wg.ones(0).max()
    with pytest.raises(IndexError, match=r"(?s)argmax\(\).*shape \(0,\)"):
        wg.ones(0).argmax()


# Comparisons with what is no number are answered, not refused


@pytest.mark.parametrize("other", [None, "a", [1.0, 2.0, 3.0], {}], ids=str)
def test_a_tensor_equals_no_other_object(other):
    x = x3()
    assert (x == other) is False
    assert (x != other) is True
    assert (other == x) is False


# Arrays and tensors in one expression


def test_numpy_scalars_and_arrays_beside_tensors():
    x = x3()
    for y in (np.float64(2) * x, x * np.float64(2), np.float32(2) * x, np.int64(2) * x):
        assert y.dtype is wg.float32
        assert y.tolist() == [2, 4, 6]
        assert y.requires_grad
    for y in (np.ones(3) + x, x + np.ones(3)):
        assert y.dtype is wg.float64
        assert y.requires_grad
    assert np.mean(x).requires_grad
    assert np.mean(x).item() == 2


def test_nothing_leaks_from_a_failure():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeError), wg.no_grad():
            wg.ones(2) + wg.ones(3)
    assert wg.is_grad_enabled()
    assert (x3() * 2).requires_grad
