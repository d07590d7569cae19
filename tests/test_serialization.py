"""save and load: what comes back, what is refused, and that files from anywhere are safe."""

from __future__ import annotations

import contextlib
import io
import json
import math
import pickle
import random
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, ArgumentValueError, DeviceError, FileFormatError


def saved(obj: Any) -> bytes:
    file = io.BytesIO()
    wg.save(obj, file)
    return file.getvalue()


def loaded(data: bytes) -> Any:
    return wg.load(io.BytesIO(data))


# There and back ----------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
          "complex64", "complex128"]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 3), (2, 3)])
def test_tensors(dtype, shape):
    x = wg.tensor(np.arange(math.prod(shape)).reshape(shape) % 2, dtype=dtype)
    y = loaded(saved(x))

    assert y.dtype is x.dtype
    assert y.shape == x.shape
    assert wg.equal(x, y)


def test_layouts_do_not_matter():
    x = wg.arange(12).reshape(3, 4)

    assert wg.equal(loaded(saved(x.T[1:])), x.T[1:])


def test_leaves_come_back_as_leaves():
    x = wg.tensor([1.0], requires_grad=True, name="w")
    y, z = loaded(saved([x, x * 2]))

    assert y.requires_grad
    assert y.is_leaf
    assert z.is_leaf
    assert "w" in [vertex.name for vertex in wg.graph(y * 3).nodes]


@pytest.mark.parametrize(
    "obj",
    [
        None, True, 0, -(2**70), 1.5, -0.0, float("inf"), 2 + 3j, complex("nan+infj"), "text é",
        [], (), {}, [1, [2, (3, {})]], {"a": {1: 2}, 2.5: None, (1, "b"): False},
        wg.float16, wg.Size([2, 3]),
    ],
    ids=repr,
)  # fmt: skip
def test_python_objects(obj):
    back = loaded(saved(obj))

    assert repr(back) == repr(obj)
    assert type(back) is type(obj)


def test_numpy_scalars_come_back_as_python_numbers():
    assert loaded(saved({"best": np.float32(0.5), "n": np.int64(3)})) == {"best": 0.5, "n": 3}


def test_the_same_tensor_stays_the_same():
    x = wg.zeros(2)
    state = loaded(saved({"a": x, "b": [x], "c": wg.zeros(2)}))

    assert state["a"] is state["b"][0]
    assert state["a"] is not state["c"]


def test_paths_and_streams(tmp_path: Path):
    path = tmp_path / "state.wg"
    wg.save({"x": wg.ones(2)}, path)

    for source in (path, str(path)):
        assert wg.load(source, map_location="cpu")["x"].tolist() == [1.0, 1.0]
    with open(path, "rb") as file:
        assert wg.load(file, weights_only=True)["x"].tolist() == [1.0, 1.0]


def test_the_same_object_gives_the_same_bytes():
    assert saved({"x": wg.ones(2)}) == saved({"x": wg.ones(2)})


# What cannot be saved ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("obj", "place"),
    [({"a": [1, object()]}, "['a'][1]"), ({1, 2}, "set"), (len, "builtin"), ({len: 1}, "key")],
)
def test_what_a_file_cannot_hold(tmp_path, obj, place):
    path = tmp_path / "state.wg"
    path.write_bytes(b"before")
    with pytest.raises(ArgumentError) as caught:
        wg.save(obj, path)

    assert place in str(caught.value)
    assert path.read_bytes() == b"before"


def test_what_contains_itself():
    endless: list = []
    endless.append(endless)

    with pytest.raises(ArgumentValueError, match="contains itself"):
        saved(endless)


def test_bad_targets():
    with pytest.raises(ArgumentError):
        wg.save(1, 5)
    with pytest.raises(FileNotFoundError):
        wg.load("/nowhere/at/all")
    with pytest.raises(DeviceError):
        wg.load(io.BytesIO(saved(1)), map_location="cuda")


# Damaged and hostile files -----------------------------------------------------------------------


def archive(index: Any, entries: dict[str, bytes] | None = None, **facts: Any) -> bytes:
    file = io.BytesIO()
    text = index if isinstance(index, (str, bytes)) else json.dumps(index)
    with zipfile.ZipFile(file, "w", **facts) as made:
        made.writestr("wengert.json", text)
        for name, content in (entries or {}).items():
            made.writestr(name, content)
    return file.getvalue()


def index(obj: Any = None, tensors: Any = (), **facts: Any) -> dict[str, Any]:
    return {"format": "wengert", "version": 1, "object": obj, "tensors": list(tensors), **facts}


def one(**facts: Any) -> dict[str, Any]:
    described = {"dtype": "float32", "shape": [1], "requires_grad": False, "name": None}
    return index({"tensor": 0}, [{**described, **facts}])


FOUR = {"tensors/0": b"\0\0\0\0"}
DEEP = '{"format": "wengert", "version": 1, "tensors": [], "object": %s1%s}'

HOSTILE = {
    "nothing": b"",
    "no archive": b"PK\x03\x04 and so on",
    "no index": archive("{}").replace(b"wengert.json", b"wengert.toml"),
    "no JSON": archive("{"),
    "no text": archive(b"\xff\xfe"),
    "a list": archive([]),
    "another format": archive(index(format="other")),
    "another version": archive(index(version=2)),
    "no tensors": archive(index() | {"tensors": None}),
    "NaN": archive('{"format": "wengert", "version": 1, "tensors": [], "object": NaN}'),
    "a large number": archive(DEEP % ("9" * 10_000, "")),
    "too deep for JSON": archive(DEEP % ("[" * 10**5, "]" * 10**5)),
    "too deep": archive(DEEP % ('{"list":[' * 900, "]}" * 900)),
    "an unknown kind": archive(index({"call": ["os.system", "true"]})),
    "two kinds": archive(index({"list": [], "tuple": []})),
    "a bare list": archive(index([1])),
    "no list": archive(index({"list": 5})),
    "no pair": archive(index({"dict": [[1]]})),
    "a list as a key": archive(index({"dict": [[{"list": []}, 1]]})),
    "a tuple of lists as a key": archive(index({"dict": [[{"tuple": [{"list": []}]}, 1]]})),
    "a key twice": archive(index({"dict": [[1, 1], [1, 2]]})),
    "an unknown tensor": archive(index({"tensor": 0})),
    "a negative tensor": archive(one() | {"object": {"tensor": -1}}, FOUR),
    "a true tensor": archive(one() | {"object": {"tensor": True}}, FOUR),
    "an unknown dtype": archive(index({"dtype": "object"})),
    "an unknown float": archive(index({"float": "1e5"})),
    "half a complex number": archive(index({"complex": [1.0]})),
    "a size of strings": archive(index({"size": ["a"]})),
    "no numbers": archive(one()),
    "no description": archive(index({"tensor": 0}, [5]), FOUR),
    "no shape": archive(one(shape=None), FOUR),
    "a negative length": archive(one(shape=[-1]), FOUR),
    "a fractional length": archive(one(shape=[1.0]), FOUR),
    "more than there is": archive(one(shape=[2]), FOUR),
    "less than there is": archive(one(shape=[0]), FOUR),
    "an enormous shape": archive(one(shape=[2**62, 2**62]), FOUR),
    "an enormous empty shape": archive(one(shape=[0, 2**70]), {"tensors/0": b""}),
    "too many dimensions": archive(one(shape=[1] * 100), FOUR),
    "pickled objects": archive(one(dtype="object"), FOUR),
    "a dtype of NumPy's": archive(one(dtype="<f4"), FOUR),
    "a dtype that is a number": archive(one(dtype=5), FOUR),
    "booleans that are none": archive(one(dtype="bool", shape=[4]), {"tensors/0": b"\0\1\2\3"}),
    "integers that require grad": archive(one(dtype="int32", requires_grad=True), FOUR),
    "no flag": archive(one(requires_grad=1), FOUR),
    "a name that is none": archive(one(name=5), FOUR),
    "a compressed file": archive(one(), FOUR, compression=zipfile.ZIP_DEFLATED),
}  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files(data):
    with pytest.raises(FileFormatError):
        loaded(data)


def test_a_pickle_is_not_even_looked_at(tmp_path):
    witness = tmp_path / "executed"

    class Evil:
        def __reduce__(self):
            return witness.write_text, ("it was",)

    pickled = pickle.dumps(Evil())
    with pytest.raises(FileFormatError):
        loaded(pickled)
    with pytest.raises(FileFormatError, match=r"torch\.save"):
        loaded(archive("").replace(b"wengert.json", b"aaa/data.pkl"))
    assert not witness.exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_of_one_name():
    file = io.BytesIO(archive(one(), FOUR))
    with zipfile.ZipFile(file, "a") as made:
        made.writestr("tensors/0", b"\0\0\0\0")

    with pytest.raises(FileFormatError, match="two entries"):
        loaded(file.getvalue())


def test_damage_is_noticed():
    """Whatever happens to the bytes: the same object comes back, or FileFormatError."""
    state = {"x": wg.arange(8.0), "y": [1, 2.5, "z", float("nan")], "w": (wg.tensor([True]),)}
    good = saved(state)
    expected = repr(loaded(good))
    source = random.Random(0)
    for _ in range(1500):
        data = bytearray(good)
        for _ in range(source.randint(1, 3)):
            data[source.randrange(len(data))] = source.randrange(256)
        if source.random() < 0.3:
            del data[source.randrange(len(data)) :]
        with contextlib.suppress(FileFormatError):
            assert repr(loaded(bytes(data))) == expected
