"""TensorFlow.js graph models in: what they answer, and how broken ones are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import UsageError
from harness.models.convert import convert_recipe, recipe_key
from harness.models.entry import LocalPin, Pin, Place, UrlPin
from harness.models.inspect import TfliteFile, inspect
from harness.models.recipe import Recipe, recipe_for
from harness.models.source_card import TfjsSource
from harness.models.tfjs import read_tfjs
from tests.unit.fetch.archives import sha256, zip_of
from tests.unit.models import tfjs_writer as tfjs
from tests.unit.models.running import answers, refusal

NUMBERS = np.random.default_rng(7)
WEIGHTS: dict[str, NDArray[Any]] = {
    "w": NUMBERS.normal(0, 0.5, (3, 3, 2, 4)).astype(np.float32),
    "b": NUMBERS.normal(0, 0.5, 4).astype(np.float32),
    "deep/w": NUMBERS.normal(0, 0.5, (3, 3, 4, 1)).astype(np.float32),
    "deep/b": NUMBERS.normal(0, 0.5, 4).astype(np.float32),
    "alpha": np.float32([[[0.1, 0.2, 0.3, 0.4]]]),
    "axes": np.int32([1, 2]),
    "dense/w": NUMBERS.normal(0, 0.5, (4, 5)).astype(np.float32),
    "dense/b": NUMBERS.normal(0, 0.5, 5).astype(np.float32),
    "slope": np.float32([0.5]),
}
CONV = {
    "T": tfjs.dtype(),
    "strides": tfjs.integers(1, 1, 1, 1),
    "padding": tfjs.string("SAME"),
    "data_format": tfjs.string("NHWC"),
    "dilations": tfjs.integers(1, 1, 1, 1),
}


def nodes(*fused: str) -> list[dict[str, Any]]:
    """A fused convolution, a fused depthwise one with Prelu, a mean, a fused product, a Prelu: two outputs."""
    parts = tfjs.strings(*(fused or ("BiasAdd", "Relu6")))
    return [
        *(tfjs.const(name, values) for name, values in WEIGHTS.items()),
        tfjs.placeholder("image", -1, 6, 6, 2),
        tfjs.node("conv", "_FusedConv2D", "image", "w", "b", **CONV, fused_ops=parts, num_args={"i": "1"}),
        tfjs.node(
            *("deep", "FusedDepthwiseConv2dNative", "conv", "deep/w", "deep/b", "alpha"),
            **{**CONV, "strides": tfjs.integers(1, 2, 2, 1)},
            fused_ops=tfjs.strings("BiasAdd", "Prelu"),
        ),
        tfjs.node("mean", "Mean", "deep", "axes", T=tfjs.dtype(), Tidx=tfjs.dtype("int32")),
        tfjs.node(
            *("dense", "_FusedMatMul", "mean", "dense/w", "dense/b"),
            T=tfjs.dtype(),
            fused_ops=tfjs.strings("BiasAdd"),
        ),
        tfjs.node("answer", "Prelu", "dense", "slope"),
    ]


def expected(image: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """What the nodes answer, written with TensorFlow's plain operators."""
    from harness.models.quiet import silenced, tensorflow

    with silenced():
        nn = tensorflow().nn
        conv = nn.relu6(nn.conv2d(image, WEIGHTS["w"], 1, "SAME") + WEIGHTS["b"]).numpy()
        deep = nn.depthwise_conv2d(conv, WEIGHTS["deep/w"], [1, 2, 2, 1], "SAME").numpy() + WEIGHTS["deep/b"]
    deep = np.where(deep > 0, deep, deep * WEIGHTS["alpha"])
    dense = deep.mean((1, 2)) @ WEIGHTS["dense/w"] + WEIGHTS["dense/b"]
    return {"deep": deep, "answer": np.where(dense > 0, dense, dense * 0.5)}


def made(recipe: Recipe) -> TfliteFile:
    """The fp32 variant."""
    return inspect(convert_recipe(recipe, ["fp32"])[0].path)


def test_fused_operators_answer_as_their_parts_do(tmp_path: Path) -> None:
    """And TensorFlow Lite's own fused forms are all that is left: no node of TensorFlow.js', no loose activation."""
    path = tfjs.write(tmp_path / "net", nodes(), WEIGHTS, cuts=[100, 301])
    found = made(recipe_for(str(path), outputs=["deep", "answer"]))
    assert found.operator_counts() == {
        "PRELU": 2,
        "CONV_2D": 1,
        "DEPTHWISE_CONV_2D": 1,
        "FULLY_CONNECTED": 1,
        "MEAN": 1,
    }
    image = NUMBERS.normal(0, 1, (1, 6, 6, 2)).astype(np.float32)
    for answer, wanted in zip(answers(found.path, image), expected(image).values(), strict=True):
        np.testing.assert_allclose(answer, wanted, atol=1e-6)


def test_names_order_and_batch(tmp_path: Path) -> None:
    """Tensors keep their nodes' names, outputs come in the order asked for, and a free batch becomes 1."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    found = made(recipe_for(str(path), outputs=["answer", "deep"]))
    assert [(tensor.name, tensor.shape) for tensor in found.main.input_tensors] == [("image", (1, 6, 6, 2))]
    assert [tensor.name for tensor in found.main.output_tensors] == ["answer", "deep"]


def test_outputs_without_choice(tmp_path: Path) -> None:
    """Those of the signature, in its order; where there is none, what no node takes."""
    signed = tfjs.write(tmp_path / "signed", nodes(), WEIGHTS, outputs=["mean:0", "answer:0", "conv"])
    assert [tensor.name for tensor in made(recipe_for(str(signed))).main.output_tensors][:2] == ["mean", "answer"]
    plain = tfjs.write(tmp_path / "plain", nodes(), WEIGHTS)
    assert [tensor.name for tensor in made(recipe_for(str(plain))).main.output_tensors] == ["answer"]


def test_a_fixed_shape_may_be_replaced(tmp_path: Path) -> None:
    """A graph of convolutions goes with any size, whichever its exporter wrote into it."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    found = made(recipe_for(str(path), input_shapes={"image": (1, 9, 7, 2)}, outputs=["deep"]))
    assert [tensor.shape for tensor in found.main.output_tensors] == [(1, 5, 4, 4)]
    error = refusal(path, input_shapes={"image": (1, 9, 7, 5)})
    assert (error.code, "sizes that the graph holds" in error.hint) == ("tfjs.graph", True)
    assert refusal(path, input_shapes={"image": (1, 9)}).code == "source.input_shape"
    assert "did you mean 'image'" in refusal(path, input_shapes={"imag": (1, 9, 7, 2)}).what


def test_a_folder_is_known_by_its_model_json(tmp_path: Path) -> None:
    """And is called by its own name, not by the file's."""
    tfjs.write(tmp_path / "net", nodes(), WEIGHTS)
    recipe = recipe_for(str(tmp_path / "net"))
    assert recipe.id == "net" == recipe_for(str(tmp_path / "net" / "model.json")).id
    assert isinstance(recipe.source, TfjsSource)
    assert made(recipe).main.output_tensors[0].name == "answer"


def test_a_changed_shard_is_another_model(tmp_path: Path) -> None:
    """The cache's key follows the shards, which no pin covers beside a card."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    before = recipe_key(recipe_for(str(path)), "fp32")  # type: ignore[arg-type]
    shard = next(tmp_path.glob("*.bin"))
    shard.write_bytes(b"\0" * 4 + shard.read_bytes()[4:])
    assert recipe_key(recipe_for(str(path)), "fp32") != before  # type: ignore[arg-type]


@pytest.mark.parametrize("folder", ["pack/models/", "pack/net.zip!", "pack/net.zip!web/"])
def test_a_model_out_of_a_package(tmp_path: Path, shelf: Path, folder: str) -> None:
    """Its shards are members beside model.json, in an archive inside the package, too."""
    tfjs.write(tmp_path / "net", nodes(), WEIGHTS, cuts=[100])
    files = [(path.name, path.read_bytes()) for path in sorted((tmp_path / "net").iterdir())]
    inner = folder.partition("!")[2]
    members = [("pack/net.zip", zip_of((inner + name, content) for name, content in files))]
    members += [(f"pack/models/{name}", content) for name, content in files]
    wheel = shelf / f"net_pack-{len(folder)}-py3-none-any.whl"
    info = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    metadata = f"Metadata-Version: 2.1\nName: net-pack\nVersion: {len(folder)}\n".encode()
    tag = b"Wheel-Version: 1.0\nTag: py3-none-any\n"
    wheel.write_bytes(
        zip_of([*members, (f"{info}/METADATA", metadata), (f"{info}/WHEEL", tag), (f"{info}/RECORD", b"")])
    )
    member = f"{folder}model.json"
    pin = Pin(
        package="net-pack", version=str(len(folder)), distribution=wheel.name, sha256=sha256(wheel), member=member
    )
    found = read_tfjs(pin, Place(tmp_path, "card"))
    assert sorted(found.weights) == sorted(WEIGHTS)
    np.testing.assert_array_equal(found.weights["w"], WEIGHTS["w"])


def test_a_url_pins_one_file_and_a_model_has_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says where to put them."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    pin = UrlPin(url="http://127.0.0.1:9/model.json", sha256=sha256(path))
    kept = tmp_path / "cache" / "urls" / pin.sha256
    kept.parent.mkdir(parents=True)
    shutil.copyfile(path, kept)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    with pytest.raises(UsageError, match="a URL pins one file"):
        read_tfjs(pin, Place(tmp_path, "card"))


def stored(tmp_path: Path, values: NDArray[Any], quantisation: dict[str, Any], dtype: str = "float32") -> NDArray[Any]:
    """A weight that lies in a shard as these numbers, read."""
    weight = {"name": "a", "shape": list(values.shape), "dtype": dtype, "quantization": quantisation}
    manifest = [{"paths": ["group1-shard1of1.bin"], "weights": [weight]}]
    path = tfjs.write(tmp_path, nodes(), {"a": values}, weightsManifest=manifest)
    pin = LocalPin(path=path.name, sha256=sha256(path))
    return read_tfjs(pin, Place(tmp_path, "card")).weights["a"]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_quantised_weights(tmp_path: Path, dtype: str) -> None:
    """Steps of a scale from a minimum on, in the type that the graph wants; whole numbers are rounded."""
    steps = np.array([[0, 1], [200, 255]], dtype)
    quantisation = {"dtype": dtype, "scale": 0.25, "min": -3.5}
    floats = stored(tmp_path, steps, quantisation)
    assert (floats.dtype, floats.tolist()) == (np.float32, [[-3.5, -3.25], [46.5, 60.25]])
    whole = stored(tmp_path, steps, quantisation, "int32")
    assert (whole.dtype, whole.tolist()) == (np.int32, [[-3, -3], [47, 60]])  # as Math.round has it


def test_half_floats(tmp_path: Path) -> None:
    """They become floats, exactly."""
    halves = np.float16([[0.1, -2.5, 65504]])
    found = stored(tmp_path, halves, {"dtype": "float16"})
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, halves.astype(np.float32))


def test_long_integers_come_as_short_ones(tmp_path: Path) -> None:
    """JavaScript has no int64: a constant of that type lies in its shard as int32."""
    sides = np.int32([2, 2])
    reshape = tfjs.node("y", "Reshape", "x", "sides", T=tfjs.dtype(), Tshape=tfjs.dtype("int64"))
    graph = [tfjs.placeholder("x", 1, 4), tfjs.const("sides", sides, "int64"), reshape]
    assert made(recipe_for(str(tfjs.write(tmp_path, graph, {"sides": sides})))).main.output_tensors[0].shape == (2, 2)


def test_an_infinite_constant_is_no_error(tmp_path: Path) -> None:
    """What a maximum is padded with; a NaN is one."""
    image = tfjs.placeholder("x", 1, 4)
    graph = [image, tfjs.const("low", np.float32([0])), tfjs.node("y", "Maximum", "x", "low", T=tfjs.dtype())]
    path = tfjs.write(tmp_path / "inf", graph, {"low": np.float32([-np.inf])})
    assert made(recipe_for(str(path))).operator_counts() == {"MAXIMUM": 1}
    error = refusal(tfjs.write(tmp_path / "nan", graph, {"low": np.float32([np.nan])}))
    assert (error.code, "'low'" in error.what) == ("source.not_finite", True)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_shard_of_a_wrong_length(tmp_path: Path, change: int) -> None:
    """Half a download, or one of another model."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS, cuts=[100])
    shard = tmp_path / "group1-shard2of2.bin"
    shard.write_bytes(shard.read_bytes()[:change] if change < 0 else shard.read_bytes() + b"x")
    error = refusal(path)
    size = sum(values.nbytes for values in WEIGHTS.values())
    assert (error.code, f"should have {size:,} bytes, and {size + change:,} are there" in error.what) == (
        "tfjs.shard",
        True,
    )
    assert "group1-shard1of2.bin has 100, group1-shard2of2.bin has" in error.why


def test_a_shard_that_is_not_there(tmp_path: Path) -> None:
    """It is named, and so is one that would lie elsewhere."""
    path = tfjs.write(tmp_path / "net", nodes(), WEIGHTS)
    (tmp_path / "net" / "group1-shard1of1.bin").rename(tmp_path / "elsewhere.bin")
    error = refusal(path)
    assert (error.code, "group1-shard1of1.bin isn't there" in error.what) == ("card.path", True)
    path.write_text(path.read_text().replace("group1-shard1of1.bin", "../elsewhere.bin"))
    error = refusal(path)
    assert (error.code, "leads out" in error.what) == ("card.path", True)


def _edit(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(changes)


def _weight(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["weightsManifest"][0]["weights"][0].update(changes)


def _node(name: str, /, **changes: Any) -> Callable[[dict[str, Any]], None]:
    def edit(document: dict[str, Any]) -> None:
        next(each for each in document["modelTopology"]["node"] if each["name"] == name).update(changes)

    return edit


@pytest.mark.parametrize(
    ("edit", "code", "words"),
    [
        (_edit(format="layers-model"), "tfjs.layers", "layers-model"),
        (_edit(modelTopology={"model_config": {}}), "tfjs.layers", "layers-model"),
        (_edit(modelTopology=7), "tfjs.unreadable", "modelTopology"),
        (_edit(weightsManifest=[{"paths": []}]), "tfjs.unreadable", "weightsManifest.0.weights"),
        (_edit(modelTopology={"node": [{"nme": 1, "op": 7}]}), "tfjs.graph", "no graph"),
        (_edit(modelInitializer={"node": []}), "tfjs.initializer", "tables"),
        (_weight(dtype="string"), "tfjs.dtype", "'w' is of string"),
        (_weight(dtype="complex64"), "tfjs.dtype", "'w' is of complex64"),
        (_weight(quantization={"dtype": "uint4"}), "tfjs.unreadable", "quantization"),
        (_weight(shape=[-3, -3, 2, 4]), "tfjs.dtype", "(-3, -3, 2, 4)"),
        (_weight(name="b"), "tfjs.twice", "'b'"),
        (_weight(name="other"), "tfjs.weight", "no shard has the numbers of constant 'w'"),
        (_weight(dtype="int32"), "tfjs.weight", "constant 'w' is of float32"),
        (_node("answer", op="Swirl"), "source.unknown_op", "node 'answer' is a Swirl"),
        (_node("answer", op="Merge"), "tfjs.loop", "node 'answer' (Merge)"),
        (_node("dense", input=["mean", "lost", "dense/b"]), "tfjs.graph", "node 'dense/MatMul' (MatMul) takes 'lost'"),
        (_node("mean", input=["answer", "axes"]), "tfjs.graph", "in a circle"),
        (_node("dense", name="mean"), "tfjs.graph", "two nodes are called 'mean'"),
        (_node("mean", input=["deep"]), "tfjs.graph", "can't import the graph"),
    ],
)
def test_a_document_that_is_spoiled(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None], code: str, words: str
) -> None:
    """Each slip is told by its own words: the file, the node or weight, and what to do."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))
    error = refusal(path)
    assert error.code == code
    assert words in f"{error.what} {error.why}"
    assert error.hint


def test_a_fused_part_that_is_not_known(tmp_path: Path) -> None:
    """The node, the operator and the part are named."""
    error = refusal(tfjs.write(tmp_path, nodes("BiasAdd", "Swish"), WEIGHTS))
    assert (error.code, "node 'conv' fuses _FusedConv2D with Swish" in error.what) == ("tfjs.fused", True)


def test_half_a_document(tmp_path: Path) -> None:
    """And one that nests without end, and one that is none."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"[" * 100_000, b"", b"\xff", b"[]"):
        path.write_bytes(content)
        assert refusal(path).code == "tfjs.unreadable"


def test_outputs_that_can_not_be(tmp_path: Path) -> None:
    """Those that are there are named; one named twice is refused."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    error = refusal(path, outputs=["anwser"])
    assert (error.code, "did you mean 'answer'" in error.what) == ("source.output", True)
    assert "named twice" in refusal(path, outputs=["answer", "answer:0"]).what
    assert refusal(path, outputs=["answer:3"]).code == "tfjs.graph"


def test_options_that_it_has_not_got(tmp_path: Path) -> None:
    """A graph has no signatures to choose from."""
    path = tfjs.write(tmp_path, nodes(), WEIGHTS)
    with pytest.raises(UsageError, match="--signature and --tags"):
        recipe_for(str(path), signatures=["a"], tags=["b"])


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model.json goes in, files named after its folder come out."""
    from harness.cli.convert import convert

    path = tfjs.write(tmp_path / "net", nodes(), WEIGHTS)
    convert(str(path), tmp_path / "out", ["fp32", "fp16"], output=["deep"], as_json=True)
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["net_fp16.tflite", "net_fp32.tflite"]
    row = json.loads(capsys.readouterr().out)[0]
    assert row["operators"] == {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "PRELU": 1}
    assert row["sha256"] == hashlib.sha256((tmp_path / "out" / "net_fp32.tflite").read_bytes()).hexdigest()
