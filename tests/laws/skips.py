"""Every exception to every law: law -> function -> reason.

The list is exact. A function in it is tried all the same, and the run fails if it obeys the law.
"""

from __future__ import annotations

ASKS = "it answers a question about a tensor or a dtype; tests/test_about.py"
SHARES = "it takes over memory from elsewhere; tests/test_convert.py"
RANDOM = "it draws at random; tests/test_random.py"
GENERATOR = "it sets or reads the state of the generator; tests/test_random.py"
FILES = "it writes or reads a file; tests/test_serialization.py"
TRIANGLE = "it reads one triangle of a Hermitian matrix; the laws have linalg_cholesky, linalg_eigh"
COMPOSED = "composed of other operations than in torch"
OTHER_TRIANGLE = "torch's slope of the triangle that is not read is not 0"
PHASES = "its vectors have arbitrary signs or phases; the laws have linalg_eig and linalg_svd"
WRITES = "in-place changes and transforms apply it; tests/test_tensor.py, tests/inplace, tests/func"

SKIPS: dict[str, dict[str, str]] = {
    # Functions without samples: no law reaches them.
    "samples": {
        **dict.fromkeys(
            ["is_tensor", "is_floating_point", "is_complex", "is_inference", "is_nonzero", "numel"],
            ASKS,
        ),
        **dict.fromkeys(["promote_types", "result_type", "can_cast"], ASKS),
        **dict.fromkeys(["from_numpy", "from_dlpack", "frombuffer"], SHARES),
        **dict.fromkeys(["rand", "randn", "randint", "randperm"], RANDOM),
        **dict.fromkeys(["rand_like", "randn_like", "randint_like"], RANDOM),
        **dict.fromkeys(["bernoulli", "normal", "multinomial"], RANDOM),
        **dict.fromkeys(["manual_seed", "seed", "initial_seed"], GENERATOR),
        **dict.fromkeys(["get_rng_state", "set_rng_state"], GENERATOR),
        **dict.fromkeys(["save", "load"], FILES),
        **dict.fromkeys(["empty", "empty_like"], "its values are not defined"),
        **dict.fromkeys(["cholesky", "linalg.cholesky", "linalg.cholesky_ex"], TRIANGLE),
        **dict.fromkeys(["linalg.eigh", "linalg.eigvalsh"], TRIANGLE),
        **dict.fromkeys(["linalg.eig", "linalg.svd", "svd", "qr"], PHASES),
        "linalg.lstsq": "only its solution has a gradient; the laws have linalg_lstsq",
    },
    # Operations that no sample applies.
    "coverage": {
        "slope_scaled": "padding_idx and scale_grad_by_freq; tests/parity/test_embedding.py",
        "cofactor_step": "the second derivative of det applies it; tests/linalg/test_singular.py",
        **dict.fromkeys(["zero", "fill", "fill_with", "copy", "write", "alias"], WRITES),
        **dict.fromkeys(["bernoulli", "normal", "uniform", "random"], RANDOM),
        **dict.fromkeys(["exponential", "geometric", "cauchy", "log_normal"], RANDOM),
        **dict.fromkeys(["draw_bernoulli", "draw_normal"], RANDOM),
    },
    "method": {
        "where": "the tensor is the second argument of the function: x.where(condition, y)",
    },
    "torch_empty": {
        "geqrf": "torch's result requires grad, and its backward pass raises",
        "vander": "torch's empty result has no history",
        "linalg.vander": "torch refuses an empty vector even with N=1",
        "linalg.tensorsolve": "torch lets lengths that do not fit pass where nothing is solved for",
        "bincount": "torch ignores the weights of no numbers; here they give the dtype",
        "index_add": "torch lets any index pass where the result is empty",
        "index_copy": "torch lets any index pass where the result is empty",
        "scaled_dot_product_attention": "torch lets any mask pass where the result is empty",
        "batch_norm": "torch looks for a first element of parameters that have none",
        "pad": "torch refuses to replicate what has two dimensions and is empty",
        "view_as_complex": "torch asks that pairs lie side by side where there are none, too",
        "view_as_real": "torch's gradient asks that pairs lie side by side where there are none",
    },
    "torch_dtypes": {
        "linalg.matrix_exp": "torch overflows in half precision; here it is computed in float32",
        **dict.fromkeys(["linalg.vander", "vander"], "small integers keep their dtype"),
    },
    "torch_errors": {
        "linalg.norm": "a wrong dim of a string order is named by its kind",
        "lu_unpack": "pivots that are no integers are no index",
        "getitem": "torch takes a string for a sequence: an IndexError, here a TypeError",
        "getitem_mask": "torch takes a string for a sequence: an IndexError, here a TypeError",
        "addbmm": "torch raises an IndexError for vectors, a RuntimeError for all other ranks",
        "baddbmm": "torch raises an IndexError for vectors, a RuntimeError for all other ranks",
    },
    "torch_freed": {
        **dict.fromkeys(["linalg.matrix_power", "linalg.vander"], COMPOSED),
        "div": "rounded, it has slope 0: torch keeps the divisor all the same, we do not",
        "floor_divide": "torch has no derivative of it",
        "complex": "torch keeps both parts; nothing but their shapes is needed",
        "pad": "torch keeps the input of a padding by reflection; nothing but its shape is needed",
    },
    "torch_names": {
        **dict.fromkeys(
            [
                "linalg.solve",
                "linalg.solve_ex",
                "linalg.matrix_power",
                "linalg.vander",
                "vander",
                "linalg.vecdot",
                "linalg.tensorinv",
                "linalg.solve_triangular",
                "triangular_solve",
                "cholesky_solve",
                "cholesky_inverse",
                "linalg.matrix_norm",
                "linalg.norm",
                "linalg.cond",
                "linalg.qr",
                "linalg.householder_product",
                "linalg.lu",
                "lu_unpack",
                "linalg.lu_solve",
                "lu_solve",
                "layer_norm",
                "group_norm",
                "batch_norm",
                "embedding",
                "scaled_dot_product_attention",
            ],
            COMPOSED,
        ),
        "floor_divide": "torch has no derivative of it",
        "linear": "torch's name depends on the rank of the input and on there being a bias",
        "masked_scatter": "elements picked by cumulative sums, and a choice: so it can be mapped",
        "nanquantile": "sorted and picked, in other steps than torch's",
        "quantile": "sorted and picked, in other steps than torch's",
        "pad": "circular padding is a series of in-place writes in torch, one operation here",
        "repeat_interleave": "a series of views and a copy in torch, one operation here",
    },
    "torch_gradients": {
        "floor_divide": "torch has no derivative of it",
        **dict.fromkeys(["cholesky_solve", "cholesky_inverse"], OTHER_TRIANGLE),
    },
    "torch_second": {
        **dict.fromkeys(["cholesky_solve", "cholesky_inverse"], OTHER_TRIANGLE),
        "cdist": "torch has no derivative of its derivative",
        "floor_divide": "torch has no derivative of it",
        "hardsigmoid": "torch has no derivative of its derivative",
        "sinc": "at 0 torch says NaN; it is -pi^2 / 3",
    },
    "torch_values": {
        "geqrf": "torch's result requires grad, and its backward pass raises",
    },
    "torch_special": {
        "inner": "it sums over a dimension, which all special values at once do not share",
        "floor_divide": "torch has no derivative of it",
    },
    "torch_complex": {
        "cholesky_inverse": "torch takes the diagonal of a factor for real; here it may be complex",
        "cholesky_solve": "torch's gradient reads the half of the factor that the values ignore",
        "linalg.solve_triangular": "torch takes mixed dtypes in this function of linalg alone",
    },
    "torch_complex_again": {
        "angle": "at 0 torch says NaN in the second derivative; here it is 0, as the first is",
        "cholesky_inverse": "torch takes the diagonal of a factor for real; here it may be complex",
        "cholesky_solve": "torch's gradient reads the half of the factor that the values ignore",
        "triangular_solve": "torch's tangent reads the half of the matrix that the values ignore",
    },
    "torch_half": {
        "complex": "there is no complex32",
        "view_as_complex": "there is no complex32",
    },
    "torch_half_again": {
        "complex": "there is no complex32",
        "view_as_complex": "there is no complex32",
        "fmax": "at a tie torch's tangent is the second one's, its gradient the first one's",
    },
    "trace": {
        "linalg.lu": "the permutation is a constant; traced, it depends on the argument, too",
        "getitem_mask": "the shape of the result depends on the mask's values",
        "masked_select": "the shape of the result depends on the mask's values",
    },
}

SOMETIMES = {("torch_second", "sinc")}
"""Laws and functions of which not every run draws what they are skipped for.

Hypothesis draws constants that it finds in the modules that are loaded by then.
"""
