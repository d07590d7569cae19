"""Damaged and hostile files: an error says what is wrong and where, and nothing else happens."""

from __future__ import annotations

import copy
import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from wengert.errors import GraphError, WengertError


def document() -> Any:
    """A graph with everything in it: leaf, constants, numbers, attributes, several outputs."""
    x = wg.tensor([[3.0, 1.0, 2.0], [0.5, 0.25, 0.125]], requires_grad=True)
    k = wg.tensor([1.0, 2.0, 3.0])
    values, _ = wg.sort(x * k, dim=1)
    picked = values[:, wg.tensor([0, 2])]
    total = (picked.sum(dim=(0,), keepdim=True) + 1.5).mean()
    total.backward(retain_graph=True)
    return json.loads(wg.graph(total).to_json())


DOCUMENT = document()
PLACES = {node.get("name", node.get("op")): i for i, node in enumerate(DOCUMENT["nodes"])}


def load(parsed: Any) -> wg.Graph:
    return wg.Graph.from_json(json.dumps(parsed))


def node(parsed: Any, name: str) -> Any:
    return parsed["nodes"][PLACES[name]]


def use(graph: wg.Graph) -> None:
    """Whatever a reader of a file might do with it."""
    assert graph.to_json()
    graph.listing(), graph.to_dot(), repr(graph.nodes), graph.names()
    for question in (graph.verify, graph.table, graph.check, graph.outputs[0].key.name):
        try:
            question()
        except WengertError:
            continue


def test_the_document_itself():
    graph = load(DOCUMENT)
    assert graph.verify().check()
    use(graph)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "expected an object, found a list"),
        ("null", "expected an object, found null"),
        ('{"a": 1, "a": 2}', "the same key twice"),
        ('{"a": NaN}', "NaN is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("1" * 10_000, "not JSON"),
        ("{}", "aliases, format, nodes, outputs, sites, version is missing"),
        ("\ud800", "not JSON"),
    ],
)
def test_what_is_no_graph_file(text, message):
    with pytest.raises(GraphError, match=f"not a graph file: the file: .*{message}"):
        wg.Graph.from_json(text)


def test_what_is_no_text():
    with pytest.raises(GraphError, match="expected text, found bytes"):
        wg.Graph.from_json(b"{}")


def changed(change: Any) -> Any:
    parsed = copy.deepcopy(DOCUMENT)
    change(parsed)
    return parsed


HOSTILE = {
    "another format": (lambda d: d.update(format="onnx"), "format: expected 'wengert graph'"),
    "a newer version": (lambda d: d.update(version=2), "version: 2 is not one that"),
    "a version that is no number": (lambda d: d.update(version=True), "format: expected"),
    "unknown key": (lambda d: d.update(code="import os"), "the file: unknown key 'code'"),
    "no outputs": (lambda d: d.update(outputs=[]), "outputs: there are none"),
    "an output that is not there": (lambda d: d.update(outputs=[99]), "99 is not the number"),
    "a boolean as a number": (lambda d: d.update(outputs=[True]), "True is not the number of"),
    "a constant as an output": (
        lambda d: d.update(outputs=[PLACES["k"]]), r"outputs\[0\]: an output is"),
    "a node of no kind": (lambda d: d["nodes"][0].update(kind="exec"), r"nodes\[0\].kind: it is"),
    "a node that is no object": (lambda d: d["nodes"].append(7), "expected an object, found 7"),
    "a cycle": (
        lambda d: node(d, "total").update(inputs=[PLACES["total"]]),
        r"is not the number of an earlier node"),
    "a later node": (
        lambda d: node(d, "v1").update(inputs=[9, 1]), "9 is not the number of an earlier"),
    "a negative reference": (
        lambda d: node(d, "v1").update(inputs=[-1, 1]), "-1 is not the number of an earlier"),
    "arity": (lambda d: node(d, "v1").update(inputs=[0]), "mul takes 2 inputs, not 1"),
    "unknown attribute": (
        lambda d: node(d, "total").update(attributes={"run": "rm -rf"}),
        "mean has no attribute run"),
    "missing attribute": (
        lambda d: node(d, "total").update(attributes={}), "mean lacks the attribute dim"),
    "attribute of no kind": (
        lambda d: node(d, "total")["attributes"].update(dim={"eval": "1"}),
        r"attributes.dim: unknown kind of value 'eval'"),
    "attribute of the wrong type": (
        lambda d: node(d, "total")["attributes"].update(dim="x"), "mean cannot be applied"),
    "attribute nested deeply": (
        lambda d: node(d, "total")["attributes"].update(dim=_nested(100)), "nested too deeply"),
    "wrong dtype": (
        lambda d: node(d, "v1").update(aval=["int64", [2, 3]], value=_zeros("int64", [2, 3])),
        r"mul gives float32\[2, 3\] here, not int64\[2, 3\]"),
    "unknown dtype": (
        lambda d: node(d, "x").update(aval=["object", [2, 3]]), "unknown dtype 'object'"),
    "wrong shape": (
        lambda d: [node(d, "v1").update(aval=["float32", [3, 2]]), node(d, "v1").pop("value")],
        r"mul gives float32\[2, 3\] here, not float32\[3, 2\]"),
    "a value of another shape": (
        lambda d: node(d, "x").update(aval=["float32", [6]]), r"value: is float32\[2, 3\], where"),
    "a gradient of another shape": (
        lambda d: node(d, "x").update(grad=_zeros("float32", [3])), r"grad: is float32\[3\]"),
    "negative length": (
        lambda d: node(d, "x").update(aval=["float32", [2, -3]]), "-3 is no length"),
    "huge shape": (
        lambda d: node(d, "x").update(aval=["float32", [2**40, 2**40]]), "larger than any memory"),
    "a length beyond all": (
        lambda d: node(d, "x").update(aval=["float32", [10**300, 0]]), "larger than any memory"),
    "many dimensions": (
        lambda d: node(d, "x").update(aval=["float32", [1] * 100]), "100 dimensions"),
    "a huge value in a short text": (
        lambda d: node(d, "x").update(
            aval=["float32", [2**30]],
            value={"dtype": "float32", "shape": [2**30], "base64": "AAAA"}),
        "takes 4294967296 bytes, which this base64 does not hold"),
    "not base64": (
        lambda d: node(d, "k")["value"].update(base64="!" * 16), "base64: not base64"),
    "a boolean that is none": (
        lambda d: node(d, "k").update(
            aval=["bool", [3]], value={"dtype": "bool", "shape": [3], "base64": "AAEC"}),
        "a boolean that is neither 0 nor 1"),
    "two of one name": (lambda d: node(d, "v1").update(name="x"), "'x' is the name of another"),
    "an alias that is a name": (lambda d: d["aliases"].update(x=0), "'x' is no further name"),
    "an alias of what has no name": (
        lambda d: d["aliases"].update(q=PLACES["sort"]), "'q' is no further name"),
    "a site that is not there": (lambda d: node(d, "v1").update(site=99), "99 is not the number"),
    "a site of another form": (lambda d: d["sites"].append(["a", "b", "c"]), "'?a string.* is no"),
    "a projection of what has one output": (
        lambda d: node(d, "values").update(inputs=[0]), "several outputs is expected"),
    "an output that the operation lacks": (
        lambda d: node(d, "values").update(output=5), "5 is not the number of an output"),
    "several outputs used as one": (
        lambda d: node(d, "picked").update(inputs=[PLACES["sort"], PLACES["picked"] - 1]),
        "goes in through a projection"),
    "an operand that is no number": (
        lambda d: node(d, "v1").update(inputs=[0, {"number": "os.system"}]),
        "expected a number, found a string"),
    "a node that nobody uses": (
        lambda d: d["nodes"].append({**node(d, "k"), "name": "spare"}),
        "neither used nor an output"),
    "overwritten, and there": (
        lambda d: node(d, "x").update(overwritten=["add_", None]), "is not there"),
    "retains, but not true": (
        lambda d: node(d, "v1").update(retains=1), "retains: it is true, or not there"),
}  # fmt: skip


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"tuple": [value]}
    return value


def _zeros(dtype: str, shape: list[int]) -> Any:
    from wengert.interchange import encode

    return encode.array(np.zeros(shape, dtype))


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile(case):
    change, message = HOSTILE[case]
    with pytest.raises(GraphError, match=message) as error:
        load(changed(change))
    assert str(error.value).startswith("not a graph file: ")


def test_an_operation_with_huge_attributes_is_not_run():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    y = wg.tile(x, (2, 3))
    text = wg.graph(y).to_json()
    parsed = json.loads(text)
    operation = parsed["nodes"][-1]
    lie = json.dumps(operation["attributes"]).replace("3", str(10**9))
    operation["attributes"] = json.loads(lie)
    operation.pop("value")
    graph = load(parsed)  # nothing was computed, so the lie is not noticed yet
    assert graph.names() == ["x", "y"]


def test_nothing_is_imported_or_called():
    before = set(sys.modules)
    for name in ("os.system", "__import__", "builtins.eval", "wengert.load", "leaf", "projection"):
        parsed = copy.deepcopy(DOCUMENT)
        node(parsed, "total").update(op=name)
        graph = load(parsed)
        with pytest.raises(GraphError, match="is not known here"):
            graph.derivative("x")
    assert not {name for name in set(sys.modules) - before if not name.startswith("wengert")}


# Mutations: what a damaged disk, a careless script or an attacker might make of a file.

ODD = st.sampled_from(
    [None, True, False, 0, 1, -1, 2, 2**40, 10**20, 0.5, "", "x", "inf", "float64", "mul",
     [], [0], {}, {"tuple": []}, {"slice": [None, 2, 0]}]
)  # fmt: skip


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    found: list[tuple[Any, Any]] = []
    todo = [tree]
    for branch in todo:  # grows while it is walked
        keys = list(branch) if isinstance(branch, dict) else range(len(branch))
        for key in keys:
            found.append((branch, key))
            if isinstance(branch[key], (dict, list)):
                todo.append(branch[key])
    return found


def read(text: str) -> wg.Graph | None:
    """The graph, or None where it is refused."""
    try:
        return wg.Graph.from_json(text)
    except GraphError as error:
        message = str(error)
    assert message.startswith("not a graph file: ")
    return None


@st.composite
def mutated(draw: Any) -> str:
    parsed = copy.deepcopy(DOCUMENT)
    for _ in range(draw(st.integers(1, 3))):
        branch, key = draw(st.sampled_from(places(parsed)))
        how = draw(st.sampled_from(["replace", "delete", "swap", "duplicate"]))
        if how == "replace":
            branch[key] = copy.deepcopy(draw(ODD))  # which a later step may change
        elif how == "delete":
            del branch[key]
        elif how == "swap":
            other, place = draw(st.sampled_from(places(parsed)))
            branch[key] = copy.deepcopy(other[place])
        elif isinstance(branch, list):
            branch.append(copy.deepcopy(branch[key]))
    return json.dumps(parsed)


@given(mutated())
@settings(max_examples=400)
@pytest.mark.filterwarnings("ignore")
def test_a_changed_document_is_refused_or_is_a_graph(text):
    graph = read(text)
    if graph is not None:
        use(graph)
        assert wg.Graph.from_json(graph.to_json()).to_json() == graph.to_json()


@given(st.data())
@settings(max_examples=200)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_text_is_refused_or_is_a_graph(data):
    text = json.dumps(DOCUMENT)
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, min(len(text), start + 20)))
    damaged = text[:start] + data.draw(st.text(max_size=5)) + text[stop:]
    graph = read(damaged)
    if graph is not None:
        use(graph)
