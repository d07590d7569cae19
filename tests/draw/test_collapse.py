"""Pictures of large graphs: scopes and repeated parts as one box."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from draw.collapsed_graphs import encoder, linear, softmax, tangled
from wengert.draw import Scene
from wengert.draw.plan import Plan, plan_of
from wengert.draw.text import text
from wengert.draw.tree import tree
from wengert.draw.units import MOST
from wengert.errors import ArgumentError, UnknownNameError


def scene(graph: wg.Graph, **options: object) -> Scene:
    return graph.draw(values=False, **options).scene


def titles(graph: wg.Graph, **options: object) -> list[str]:
    return [box.title for box in scene(graph, **options).boxes]


def box(graph: wg.Graph, title: str, **options: object) -> object:
    return next(b for b in scene(graph, **options).boxes if b.title == title)


# ---------------------------------------------------------------- what is collapsed


def test_scopes_become_boxes_and_repeated_blocks_are_drawn_once():
    assert titles(encoder(), collapse=True) == ["x", "embed", "block0 .. block11 × 12", "loss"]


def test_blocks_of_one_name_are_told_from_each_other_by_what_they_do():
    assert titles(encoder(name="block"), collapse=True)[2] == "block × 12"


def test_a_box_says_what_is_in_it():
    block = box(encoder(), "block0 .. block11 × 12", collapse=True)
    assert block.kind == "scope"
    assert block.lines == ("attention, mlp", "each 23 operations, 12 parameters")
    assert box(encoder(), "embed", collapse=True).lines == (
        "matmul, add",
        "2 operations, 2 parameters",
    )


def test_small_graphs_are_drawn_whole_and_large_ones_collapsed():
    assert not any(b.kind == "scope" for b in scene(encoder(1)).boxes)
    assert any(b.kind == "scope" for b in scene(encoder(12)).boxes)
    assert len(scene(encoder(12), collapse=False).boxes) == len(encoder(12))


def test_as_many_levels_are_opened_as_fit():
    """Of 30 layers no two alike, each of 2 parts of 3 operations, the parts fit."""
    h = x = wg.tensor(0.5, requires_grad=True)
    rng = random.Random(0)
    for i in range(30):
        with wg.scope(f"layer{i}"):
            for name in "ab":
                with wg.scope(name):
                    f, g = rng.choices([wg.sin, wg.cos, wg.tanh, wg.exp, wg.sigmoid], k=2)
                    h = f(g(h).neg())
    drawn = titles(wg.graph(h, x=x))
    assert drawn[1:3] == ["layer0/a", "layer0/b"]
    assert len(drawn) == 61


def test_scopes_around_everything_are_opened():
    x = wg.tensor(0.5, requires_grad=True)
    with wg.scope("all"), wg.scope("model"):
        h = x
        for _ in range(100):
            h = (h * 0.9).sin()
        y = h.exp()
    assert titles(wg.graph(y, x=x, y=y)) == ["x", "mul, sin × 100", "y = exp(h#100)"]


def test_scopes_are_opened_by_name():
    inside = titles(encoder(), collapse=True, open=("block3",))
    assert "block3/attention" in inside
    assert "block3/mlp" in inside
    assert "block0 .. block2 × 3" in inside
    assert "block4 .. block11 × 8" in inside


def test_a_long_series_of_scopes_may_repeat():
    h = x = wg.tensor(0.5, requires_grad=True)
    for _ in range(3):
        for i, f in enumerate([wg.sin, wg.cos, wg.tanh, wg.exp, wg.sigmoid]):
            with wg.scope(f"layer{i}"):
                h = f(h) * 0.5
    assert titles(wg.graph(h, x=x), collapse=True) == ["x", "layer0 .. layer4 × 3"]


def test_an_inner_scope_is_opened_with_those_around_it():
    inside = titles(encoder(), collapse=True, open=("block0/attention",))
    assert {"block0/attention/q", "block0/attention/k", "block0/attention/v"} <= set(inside)
    assert "block0/attention" not in inside
    assert "block0/mlp" in inside


def test_patterns_open_many():
    assert titles(encoder(), collapse=True, open="block*/mlp").count("block7/mlp/up") == 1


def test_opening_a_repeated_scope_shows_one_repetition():
    inside = titles(encoder(name="block"), collapse=True, open=("block",))
    assert inside.count("block/attention") == inside.count("block/mlp") == 1
    assert "block × 11" in inside


def test_an_unknown_scope_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="'blok3'") as caught:
        encoder().draw(open=("blok3",))
    assert "block3" in str(caught.value)


def test_collapse_names_no_scope():
    with pytest.raises(ArgumentError, match="collapse is 'block0'"):
        encoder().draw(collapse="block0")


def test_distinct_siblings_are_not_merged():
    inside = titles(encoder(), collapse=True, open=("block0/attention",))
    assert not any("q .. v" in title for title in inside), "query, key and value are three"


def test_an_interrupted_scope_is_several_boxes():
    x = wg.tensor(0.5, requires_grad=True)
    with wg.scope("a"):
        y = x.sin().cos()
    z = y * y
    with wg.scope("a"):
        z = (z + y).tanh()
    assert titles(wg.graph(z, z=z), collapse=True) == ["x", "a", "z#1 = y * y", "a"]


def test_a_scope_of_one_operation_is_that_operation():
    x = wg.tensor(0.5, requires_grad=True)
    with wg.scope("act"):
        y = x.tanh()
    assert titles(wg.graph(y), collapse=True) == ["x", "y = tanh(x)"]


def test_a_function_is_a_scope_by_decorator():
    @wg.scope("norm")
    def norm(x):
        return x / (x * x).sum().sqrt()

    x = wg.ones(3, requires_grad=True)
    y = norm(x)
    assert titles(wg.graph(y), collapse=True) == ["x", "norm"]


# ---------------------------------------------------------------- without scopes


def test_repeated_parts_are_found_without_scopes():
    h = x = wg.tensor(0.5, requires_grad=True)
    for _ in range(1000):
        h = (h * 0.9).sin()
    graph = wg.graph(h, x=x)
    assert titles(graph) == ["x", "mul, sin × 1000"]
    assert box(graph, "mul, sin × 1000").lines == ("each 2 operations",)


def test_a_recurrence_shows_its_first_step_and_the_rest_once():
    W = wg.full((2, 2), 0.1, requires_grad=True)
    h, total = wg.ones(2), 0.0
    for _ in range(100):
        h = wg.tanh(h @ W)
        total = total + h.sum()
    (block,) = (b for b in scene(wg.graph(total, W=W)).boxes if b.kind == "scope")
    assert re.search("× (99|100)$", block.title)


@pytest.mark.parametrize("seed", range(4))
def test_any_graph_has_a_bounded_picture(seed):
    drawn = scene(tangled(seed, 3000))
    assert len(drawn.boxes) <= MOST
    assert len(drawn.links) <= MOST * 6


def test_boxes_that_all_use_each_other_are_joined_to_larger_ones():
    """Each of 100 scopes uses all before it: 5,000 links between 100 boxes."""
    x = wg.ones(1, 2, requires_grad=True)
    made = [x]
    for i in range(100):
        with wg.scope(f"layer{i}"):
            made.append(wg.cat(made, 1).sum(1, keepdim=True).sin() + i)
    drawn = scene(wg.graph(made[-1].sum()), collapse=True)
    assert len(drawn.boxes) < len(drawn.links) <= 4 * len(drawn.boxes)
    assert any(" .. layer" in b.title for b in drawn.boxes)


def test_many_leaves_of_one_operation_share_a_box():
    leaves = [wg.ones(2, requires_grad=True) for _ in range(400)]
    drawn = scene(wg.graph(wg.cat(leaves).sum()))
    assert len(drawn.boxes) <= 4
    assert any(b.lines == ("400 parameters",) for b in drawn.boxes)


def test_parameters_that_two_parts_share_stand_together():
    weights = [wg.full((2, 2), 0.1, requires_grad=True) for _ in range(40)]
    h = wg.ones(2, 2)
    for i, W in enumerate(weights):
        with wg.scope(f"layer{i}"):
            h = wg.tanh(h @ W) + 0.1
    with wg.scope("penalty"):
        penalty = sum(W.square().sum() for W in weights)
    loss = h.sum() + penalty
    drawn = scene(wg.graph(loss), collapse=True)
    assert len(drawn.boxes) < 10
    assert any("40 parameters" in b.lines for b in drawn.boxes)


# ---------------------------------------------------------------- what must hold


def check(graph: wg.Graph, plan: Plan) -> None:
    operations = sorted(i for p in plan.parts if p.unit is not None for i in p.members)
    assert operations == [v.index for v in graph if v.is_operation], "each operation in one box"
    shown = [i for p in plan.parts for i in (*p.members, *p.hidden)]
    assert len(shown) == len(set(shown)), "nothing stands twice"
    joined = {(w.source, w.target) for w in plan.wires}
    for user in graph.nodes:
        for value in user.inputs:
            if value.index in plan.part_of:
                ends = (plan.part_of[value.index], plan.part_of[user.index])
                assert ends[0] == ends[1] or ends in joined, "each use inside a box or by a link"


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(20, 400), st.sampled_from([None, True, False]))
def test_each_node_is_in_one_box_and_no_cycle_arises(seed, count, collapse):
    graph = tangled(seed, count)
    check(graph, plan_of(graph, collapse))
    assert tree(graph.draw(collapse=collapse, values=False).scene)


def test_links_between_boxes_are_of_distinct_values():
    drawn = scene(encoder(), collapse=True, open=("block0/attention",))
    ports = [(k.source, k.target, k.enters) for k in drawn.links if k.enters]
    assert len(ports) == len(set(ports))


def test_a_path_is_highlighted_through_collapsed_boxes():
    drawn = scene(encoder(), collapse=True, paths=("x", "loss"))
    assert all(link.highlighted for link in drawn.links)


def test_the_value_that_leaves_a_box_stands_on_it():
    x = wg.ones(1, 3, requires_grad=True)
    p = softmax(x)
    drawn = wg.graph(p.sum()).draw(collapse=True).scene
    assert any("p: 1×3, mean 0.333" in b.lines for b in drawn.boxes)


def test_the_picture_says_how_much_it_shows():
    graph = encoder()
    name = scene(graph, collapse=True).name
    assert name == f"computational graph of loss ({len(graph)} nodes in 4 boxes)"


# ---------------------------------------------------------------- text


def test_collapsed_boxes_have_a_frame_and_a_mark_of_their_own():
    drawn = scene(encoder(), collapse=True)
    assert "║ block0 .. block11 × 12 " in re.sub(" +", " ", text(drawn))
    assert "# block0 .. block11 * 12 " in re.sub(" +", " ", text(drawn, ascii=True))
    assert "\n▣ block0 .. block11 × 12  attention, mlp  each 23" in tree(drawn)
    assert "\n= block0 .. block11 * 12  " in tree(drawn, ascii=True)


def test_a_large_graph_prints_its_size_and_its_collapsed_picture():
    printed = str(encoder(40)).splitlines()
    assert printed[0].startswith("Graph(")
    assert any("block0 .. block39 × 40" in line for line in printed)
    assert len(printed) < 100
    bundle = encoder(40)._repr_mimebundle_()
    assert bundle["text/plain"].splitlines() == printed
    assert "block0 .. block39 × 40" in bundle["image/svg+xml"]


def test_a_long_chain_is_printed_without_recursion():
    h = x = wg.tensor(0.5, requires_grad=True)
    for _ in range(20_000):
        h = h.sin()
    assert "sin × 20000" in str(wg.graph(h, x=x))


def test_hostile_scope_names_are_escaped():
    x = wg.ones(2, 2, requires_grad=True)
    h = linear(x, 2, "<script>alert('&')</script>\x1b[31m")
    picture = wg.graph(h.sum()).draw(collapse=True)
    assert "<script" not in picture.svg()
    assert "&lt;script&gt;alert" in picture.svg()
    assert "\x1b" not in picture.svg() + picture.text()
