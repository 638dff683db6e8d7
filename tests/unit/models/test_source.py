"""Any model in: Keras files, SavedModels, functions and `.tflite` files, and how each is refused."""

from __future__ import annotations

import json
import resource
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from harness.errors import HarnessError, UsageError
from harness.fetch.store import sha256_of
from harness.models import Variant, load_card
from harness.models.calibration import ArrayExamples, NoiseExamples
from harness.models.catalog import Io
from harness.models.convert import convert, convert_recipe
from harness.models.cost import cost_of
from harness.models.facts import custom_operators, facts_of
from harness.models.inspect import TfliteFile, inspect
from harness.models.precision import precision_of
from harness.models.recipe import Recipe, recipe_for
from tests.unit.models import tfjs_writer

DOUBLED = ([tfjs_writer.placeholder("x", 1, 4), tfjs_writer.node("y", "AddV2", "x", "x", T=tfjs_writer.dtype())], {})
FUNCTIONS = Path(__file__).parents[2] / "data" / "models" / "functions.py"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Keras model with convolutions of all kinds as .keras, .h5 and SavedModel; a module of three signatures."""
    from harness.models.quiet import silenced, tensorflow

    folder = tmp_path_factory.mktemp("models")
    shutil.copyfile(FUNCTIONS, folder / "functions.py")
    with silenced():
        tf = tensorflow()
        layers = tf.keras.layers
        tf.keras.utils.set_random_seed(3)
        image = tf.keras.Input((8, 8, 3), name="image")
        x = layers.Conv2D(4, 3, padding="same", bias_initializer="random_normal")(image)
        x = layers.DepthwiseConv2D(3, bias_initializer="random_normal")(x)
        x = layers.Conv2DTranspose(2, 2, strides=2, bias_initializer="random_normal")(x)
        x = layers.Dense(5, bias_initializer="random_normal")(layers.Flatten()(x))
        model = tf.keras.Model(image, x)
        model.save(folder / "net.keras")
        model.save(folder / "net.h5")
        model.export(folder / "net", verbose=False)
        (folder / "parameters").write_text(str(model.count_params()))
        module = _functions(folder).three()
        names = ("forward", "total", "lookup")
        signatures = {name: getattr(module, name) for name in names}
        tf.saved_model.save(module, str(folder / "three"), signatures=signatures)
        numbers = np.random.default_rng(0).normal(0, 1, (6, 8, 8, 3)).astype(np.float32)
        np.savez(folder / "inputs.npz", image=numbers)
    return folder


def _functions(folder: Path) -> Any:
    import importlib.util

    spec = importlib.util.spec_from_file_location("functions", folder / "functions.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def onnx_file(path: Path) -> Path:
    """An ONNX file that doubles its input."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubled", [x], [y])
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


def made(recipe: Recipe, variant: str = "fp32") -> TfliteFile:
    """One variant, converted and read."""
    return inspect(convert_recipe(recipe, [variant])[0].path)


def refusal(recipe: Recipe, variant: str = "fp32") -> HarnessError:
    """What a conversion ends with; twice the same, as nothing half-made is kept."""
    errors = []
    for _ in range(2):
        with pytest.raises(HarnessError) as caught:
            convert_recipe(recipe, [variant])
        errors.append(caught.value)
    assert errors[0].code == errors[1].code
    return errors[0]


@pytest.mark.parametrize("name", ["net.keras", "net.h5", "net"])
def test_a_trained_model_in_each_of_its_forms(models: Path, name: str) -> None:
    """A free batch becomes 1, and the operators and numbers are the same whatever it came as."""
    found = made(recipe_for(str(models / name)))
    assert [tensor.shape for tensor in found.main.input_tensors] == [(1, 8, 8, 3)]
    assert [tensor.shape for tensor in found.main.output_tensors] == [(1, 5)]
    assert cost_of(found).parameters == int((models / "parameters").read_text())
    assert precision_of(found) is Variant.FP32


def test_multiply_adds_are_those_of_tensorflows_own_profiler(models: Path) -> None:
    """TensorFlow counts two floating-point operations for each: convolutions of three kinds, a dense layer."""
    from harness.models.quiet import silenced, tensorflow

    found = made(recipe_for(str(models / "net.keras")))
    with silenced():
        tf = tensorflow()
        model = tf.keras.models.load_model(models / "net.keras", compile=False)
        graph = tf.function(model).get_concrete_function(tf.TensorSpec((1, 8, 8, 3))).graph
        profiler = tf.compat.v1.profiler
        counted = profiler.profile(graph, options=profiler.ProfileOptionBuilder.float_operation())
    convolution, depthwise, transposed, dense = 64 * 4 * 27, 36 * 4 * 9, 36 * 4 * 8, 288 * 5
    assert cost_of(found).multiply_adds == convolution + depthwise + transposed + dense
    biases = 64 * 4 + 36 * 4 + 144 * 2 + 5
    assert cost_of(found).multiply_adds == (counted.total_float_ops - biases) // 2


@pytest.mark.parametrize(("io", "dtype"), [(Io.FLOAT, "float32"), (Io.INTEGER, "int8")])
def test_integers_calibrated_on_a_file_of_real_inputs(models: Path, io: Io, dtype: str) -> None:
    """Input and output are floats or integers as asked; the error against fp32 is small, and not nothing."""
    recipe = recipe_for(str(models / "net.keras"), examples=ArrayExamples(models / "inputs.npz"), io=io)
    (converted,) = convert_recipe(recipe, ["int8"])
    found = inspect(converted.path)
    assert {tensor.dtype for tensor in (*found.main.input_tensors, *found.main.output_tensors)} == {dtype}
    assert precision_of(found) is Variant.INT8
    facts = facts_of(recipe, Variant.INT8, converted.path)
    assert facts.errors is not None
    (error,) = facts.errors
    assert 0 < error.mean_abs < error.max_abs < 0.5
    assert error.snr_db is not None
    assert 20 < error.snr_db < 80
    assert facts.compared_on == "inputs.npz"


def test_without_real_inputs_there_are_no_integers(models: Path) -> None:
    """Never from noise, unless noise is said: and then the result says so."""
    recipe = recipe_for(str(models / "net.keras"))
    assert recipe.variants == ("fp32", "fp16", "dynamic")
    assert "--calibrate" in refusal(recipe, "int8").hint
    noisy = recipe_for(str(models / "net.keras"), examples=NoiseExamples())
    (converted,) = convert_recipe(noisy, ["int8"])
    assert "noise" in (facts_of(noisy, Variant.INT8, converted.path).compared_on or "")


def test_inputs_of_the_wrong_shape_name_file_array_and_shape(models: Path, tmp_path: Path) -> None:
    """The converter never sees them."""
    np.savez(tmp_path / "bad.npz", image=np.zeros((4, 9, 9, 3), np.float32))
    error = refusal(recipe_for(str(models / "net.keras"), examples=ArrayExamples(tmp_path / "bad.npz")), "int8")
    assert error.code == "calibration.shape"
    assert "(n, 8, 8, 3) is expected" in error.what


def test_a_signature_has_to_be_chosen_and_to_be_there(models: Path) -> None:
    """Those that are there are listed, and so are the tags."""
    for chosen, words in (((), "3 signatures, and none is chosen"), (("forwrad",), "did you mean 'forward'")):
        error = refusal(recipe_for(str(models / "three"), signatures=chosen))
        assert error.code == "source.signature"
        assert words in error.what
        assert "'forward', 'lookup', 'total'" in error.why
    error = refusal(recipe_for(str(models / "three"), tags=["gpu"]))
    assert (error.code, "'serve'" in error.why) == ("source.tags", True)


def test_one_file_of_several_signatures(models: Path) -> None:
    """Each keeps its name and its arguments; free dimensions are fixed by name."""
    recipe = recipe_for(str(models / "three"), signatures=["forward", "total"], input_shapes={"numbers": (1, 6)})
    found = made(recipe)
    assert {signature.key: list(signature.inputs) for signature in found.signatures} == {
        "forward": ["x"],
        "total": ["numbers"],
    }


def test_strings_and_tables_pass_where_tensorflow_lite_has_them(models: Path) -> None:
    """A lookup of words is builtin operators only."""
    found = made(recipe_for(str(models / "three"), signatures=["lookup"]))
    assert [tensor.dtype for tensor in found.main.input_tensors] == ["string"]
    assert custom_operators(found) == ((), ())


def test_free_dimensions_are_told_with_the_option_that_fixes_them(models: Path) -> None:
    """And a shape that can't be, or of an input that isn't there, is refused."""

    def total(**shapes: tuple[int, ...]) -> HarnessError:
        return refusal(recipe_for(str(models / "three"), signatures=["total"], input_shapes=shapes))

    error = total()
    assert (error.code, "--input-shape numbers=1,?" in error.hint) == ("source.shape", True)
    assert total(numbers=(1, 2, 3)).code == "source.input_shape"
    assert "did you mean 'numbers'" in total(number=(1, 2)).what


def test_a_function_that_makes_a_module(models: Path) -> None:
    """Its methods are signatures; a function may also return one concrete function."""
    path = f"{models / 'functions.py'}"
    assert "FULLY_CONNECTED" in made(recipe_for(f"{path}:three", signatures=["forward"])).operator_counts()
    assert made(recipe_for(f"{path}:single")).main.input_tensors[0].shape == (1, 4)
    assert refusal(recipe_for(f"{path}:nothing")).code == "source.failed"
    assert refusal(recipe_for(f"{path}:absent")).code == "source.builder"


def test_operators_that_are_not_there_are_named_with_their_remedies(models: Path) -> None:
    """Select ops help one, and are then in the file; for another only an edit of the model does."""
    path = f"{models / 'functions.py'}"
    error = refusal(recipe_for(f"{path}:lower"))
    assert (error.code, "StringLower" in error.what) == ("convert.unsupported_ops", True)
    assert "--select-ops" in error.hint
    found = made(recipe_for(f"{path}:lower", select_ops=True))
    assert custom_operators(found) == (("FlexStringLower",), ())
    error = refusal(recipe_for(f"{path}:bessel"))
    assert "neither TensorFlow Lite nor its select ops have BesselI0e" in error.why
    assert "--select-ops" not in error.hint


def test_models_that_can_not_be_right(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No outputs, weights that aren't numbers, more of them than a file holds."""
    path = f"{models / 'functions.py'}"
    assert refusal(recipe_for(f"{path}:silent")).code == "source.no_outputs"
    error = refusal(recipe_for(f"{path}:spoiled"))
    assert (error.code, "has 1 numbers that are NaN" in error.what) == ("source.not_finite", True)
    monkeypatch.setattr("harness.models.source.MAX_WEIGHT_BYTES", 100)
    assert refusal(recipe_for(f"{path}:doubled")).code == "source.too_big"


def test_an_existing_file_is_taken_as_it_is(models: Path, tmp_path: Path) -> None:
    """Its bytes stay, and its one variant is its own precision."""
    first = convert_recipe(recipe_for(str(models / "net.keras")), ["dynamic"])[0].path
    shutil.copyfile(first, tmp_path / "given.tflite")
    recipe = recipe_for(str(tmp_path / "given.tflite"))
    (taken,) = convert_recipe(recipe, recipe.variants)
    assert taken.path.read_bytes() == first.read_bytes()
    assert recipe.variants == (precision_of(inspect(first)),)
    assert refusal(replace(recipe, variants=(Variant.INT8,)), "int8").code == "card.variant"
    (tmp_path / "given.tflite").write_bytes(first.read_bytes() + b"x")
    assert refusal(replace(recipe, select_ops=True), recipe.variants[0]).code == "fetch.hash_mismatch"


def test_what_is_no_model_is_told(tmp_path: Path) -> None:
    """A folder without a graph, a file of another kind, one that isn't there, an option that makes no sense."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "net.pt").write_bytes(b"")
    assert refusal(recipe_for(str(tmp_path / "empty"))).code == "source.not_saved_model"
    for name, code in (("net.pt", "source.unknown"), ("absent.keras", "source.missing")):
        with pytest.raises(UsageError) as caught:
            recipe_for(str(tmp_path / name))
        assert caught.value.code == code
        assert name in caught.value.what
    (tmp_path / "net.h5").write_bytes(b"\x89HDF")
    with pytest.raises(UsageError, match="--signature"):
        recipe_for(str(tmp_path / "net.h5"), signatures=["a"])
    assert refusal(recipe_for(str(tmp_path / "net.h5"))).code == "source.failed"


def test_a_full_disk_leaves_nothing(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process may write 1,000 bytes a file: the error says so, and neither cache nor folder has half a file."""
    from harness.cli.convert import place

    first = convert_recipe(recipe_for(str(models / "net.keras")), ["fp32"])[0].path
    shutil.copyfile(first, tmp_path / "given.tflite")
    recipe = recipe_for(str(tmp_path / "given.tflite"))
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    codes = []
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        for write in (lambda: convert_recipe(recipe, ["fp32"]), lambda: place(first, tmp_path / "out" / "a.tflite")):
            try:
                write()
            except HarnessError as error:
                codes.append(error.code)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert codes == ["fetch.no_space"] * 2
    left = [path for folder in ("cache", "out") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    assert [path.name for path in left if path.suffix != ".lock"] == []


def test_a_card_of_each_kind(own_catalog: Path, models: Path) -> None:
    """A card names a folder beside it, or a file with its hash; the wrong hash is told."""
    card = own_catalog / "tiny" / "model.yaml"
    text = card.read_text()
    shutil.copytree(models / "net", own_catalog / "tiny" / "net")
    shutil.copyfile(models / "net.keras", own_catalog / "tiny" / "net.keras")
    builder = "kind: keras\n  builder: builder.py:build"
    card.write_text(text.replace(builder, "kind: saved_model\n  folder: net"))
    assert convert(load_card("tiny", own_catalog), [Variant.FP32])[0].path.is_file()
    for file in (
        tfjs_writer.write(own_catalog / "tiny" / "web", *DOUBLED),
        onnx_file(own_catalog / "tiny" / "net.onnx"),
    ):
        kind = "onnx" if file.suffix == ".onnx" else "tfjs"
        pin = f"{{path: {file.relative_to(own_catalog / 'tiny')}, sha256: {sha256_of(file)}}}"
        card.write_text(text.replace(builder, f"kind: {kind}\n  file: {pin}"))
        found = inspect(convert(load_card("tiny", own_catalog), [Variant.FP32])[0].path)
        assert found.operator_counts() == {"ADD": 1}
    card.write_text(text.replace(builder, f"kind: keras\n  file: {{path: net.keras, sha256: {'ab' * 32}}}"))
    with pytest.raises(HarnessError) as caught:
        convert(load_card("tiny", own_catalog), [Variant.FP32])
    assert (caught.value.code, "net.keras" in caught.value.what) == ("fetch.hash_mismatch", True)
    card.write_text(text.replace(builder, "kind: keras"))
    with pytest.raises(UsageError, match="either 'builder' or 'file'"):
        load_card("tiny", own_catalog)
    np.savez(own_catalog / "tiny" / "weights.npz", scale=np.float32([np.inf]))
    pin = f"{{path: weights.npz, sha256: {sha256_of(own_catalog / 'tiny' / 'weights.npz')}}}"
    card.write_text(text.replace(builder, f"{builder}\n  weights: {{format: npz, file: {pin}}}"))
    with pytest.raises(HarnessError, match="weight 'scale'"):
        convert(load_card("tiny", own_catalog), [Variant.FP32])


def test_the_command_line_shows_what_was_made(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files in the folder asked for, and the facts of each as JSON on stdout; `inspect` agrees on the cost."""
    from harness.cli.convert import convert as convert_verb
    from harness.cli.inspect import inspect as inspect_verb

    calibrate, out = str(models / "inputs.npz"), tmp_path / "out"
    convert_verb(str(models / "net.keras"), out, ["fp32", "int8"], calibrate=calibrate, as_json=True)
    plain, integer = json.loads(capsys.readouterr().out)
    assert sorted(path.name for path in out.iterdir()) == ["net_fp32.tflite", "net_int8.tflite"]
    assert (plain["errors"], plain["calibrated_on"]) == (None, None)
    assert integer["errors"][0]["snr_db"] > 20
    assert integer["calibrated_on"] == "inputs.npz"
    assert integer["bytes"] == (out / "net_int8.tflite").stat().st_size
    inspect_verb(out / "net_fp32.tflite", as_json=True)
    assert json.loads(capsys.readouterr().out)["cost"] == plain["cost"]
    convert_verb(str(models / "net.keras"), out, ["fp16"], calibrate=calibrate)
    said = capsys.readouterr().out
    assert "parameters" in said
    assert "from fp32 on inputs.npz: max" in said
