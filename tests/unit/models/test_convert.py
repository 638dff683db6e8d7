"""From a source to variants: what each is, that making them is quiet, and that making them again costs nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from harness.errors import ModelError, UsageError
from harness.models import DescribedModel, ModelCard, Variant, describe_variants, load_card
from harness.models.convert import RUNTIME, convert
from harness.models.inspect import inspect


def edit(catalog: Path, old: str, new: str, file: str = "model.yaml") -> ModelCard:
    """The tiny card after a change of one of its files."""
    path = catalog / "tiny" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return load_card("tiny", catalog)


@pytest.mark.parametrize(
    ("variant", "dtype"),
    [("fp32", "float32"), ("fp16", "float32"), ("dynamic", "float32"), ("int8", "int8"), ("int16x8", "int16")],
)
def test_input_and_output_types(tiny: dict[str, DescribedModel], variant: str, dtype: str) -> None:
    """Only the integer variants take and give integers, with a scale of their own; every batch is 1."""
    model = tiny[variant]
    assert [tensor.dtype for tensor in (*model.inputs, *model.outputs)] == [dtype, dtype]
    assert (model.inputs[0].shape, model.outputs[0].shape) == ((1, 16, 16, 3), (1, 5))
    assert model.inputs[0].quantised == (dtype != "float32")


def test_weights_have_the_variants_precision(tiny: dict[str, DescribedModel]) -> None:
    """fp16 keeps halves, int8 keeps bytes with one scale a channel, fp32 keeps floats alone."""
    kinds = {name: {tensor.dtype for tensor in inspect(model.path).main.tensors} for name, model in tiny.items()}
    assert "float16" in kinds["fp16"]
    assert "float32" not in kinds["int8"]
    assert kinds["fp32"] == {"float32", "int32"}
    weights = [tensor for tensor in inspect(tiny["int8"].path).main.tensors if tensor.shape == (4, 3, 3, 3)]
    assert weights[0].channels == 4


def test_a_second_call_is_fast_and_without_tensorflow(tiny_card: ModelCard, catalog: Path, tiny: object) -> None:
    """What is in the cache is read in a new process within 0.2 s, and nothing heavy is imported for it."""
    assert tiny
    code = (
        "import sys, time; from pathlib import Path; from harness.models import load_card, describe_variants\n"
        f"catalog = Path({str(catalog)!r}); start = time.monotonic()\n"
        "describe_variants(load_card('tiny', catalog), catalog=catalog); took = time.monotonic() - start\n"
        "print(took, sorted({'tensorflow', 'tensorflow_lite_support', 'PIL', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    took, _, heavy = done.stdout.strip().partition(" ")
    assert heavy == "[]"
    assert float(took) < 0.2


def test_making_a_model_writes_nothing(own_catalog: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """TensorFlow's chatter, Python's and C++'s, stays off both streams."""
    card = edit(own_catalog, "default_rng(7)", "default_rng(8)", "builder.py")
    convert(card, [Variant.FP32, Variant.INT8], catalog=own_catalog)
    assert capfd.readouterr() == ("", "")


def test_the_source_is_built_once_for_all_variants(own_catalog: Path) -> None:
    """Each wait is told, and the build is one of them."""
    card = edit(own_catalog, "default_rng(7)", "default_rng(9)", "builder.py")
    said: list[str] = []
    convert(card, [Variant.FP32, Variant.FP16], say=said.append)
    assert said == ["building tiny with TensorFlow", "converting tiny to fp32", "converting tiny to fp16"]


def test_the_same_source_gives_the_same_bytes(
    tiny_card: ModelCard, catalog: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Conversion and description are reproducible: a model's hash names its content and not its making."""
    first = {model.variant: model.sha256 for model in describe_variants(tiny_card, catalog=catalog)}
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path))
    assert {model.variant: model.sha256 for model in describe_variants(tiny_card, catalog=catalog)} == first


def test_another_description_needs_no_conversion(own_catalog: Path) -> None:
    """Words in a card are metadata: the converted model stays, the described one is new."""
    card = edit(own_catalog, "Five made-up classes", "Five other classes")
    said: list[str] = []
    describe_variants(card, ["fp32"], catalog=own_catalog, say=said.append)
    assert said == []


def test_a_builder_that_raises_is_named(own_catalog: Path) -> None:
    """The builder's own error is the reason."""
    card = edit(own_catalog, "import numpy as np", "raise ValueError('shapes differ')", "builder.py")
    with pytest.raises(ModelError) as caught:
        convert(card, [Variant.FP32])
    assert (caught.value.code, caught.value.why) == ("source.failed", "ValueError: shapes differ")


def test_weights_that_are_not_finite_are_named(own_catalog: Path) -> None:
    """A NaN is told by tensor and number before anything is converted."""
    card = edit(own_catalog, 'weights.get("scale", 1.0)', 'float("nan")', "builder.py")
    with pytest.raises(ModelError) as caught:
        convert(card, [Variant.FP32])
    assert caught.value.code == "source.not_finite"
    assert "'conv/kernel' (3, 3, 3, 4) has 108 numbers" in caught.value.what


def test_a_free_batch_is_refused(own_catalog: Path) -> None:
    """A GPU delegate needs fixed shapes, so a model without a batch of 1 is told at once."""
    card = edit(own_catalog, ", batch_size=1", "", "builder.py")
    with pytest.raises(ModelError, match="shape \\(None, 16, 16, 3\\)") as caught:
        convert(card, [Variant.FP32])
    assert caught.value.code == "source.batch"


def test_what_the_converter_refuses_is_a_model_error(own_catalog: Path) -> None:
    """An operator without a TensorFlow Lite form is told by the converter's own words, and nothing is cached."""
    edit(own_catalog, 'GlobalAveragePooling2D(name="pool")(x)', "Lambda(unknown)(x)", "builder.py")
    path = own_catalog / "tiny" / "builder.py"
    refused = "\n\ndef unknown(x: Any) -> Any:\n    import tensorflow as tf\n\n    return tf.raw_ops.BesselI0e(x=x[:, 0, 0])\n"
    path.write_text(path.read_text() + refused)
    card = load_card("tiny", own_catalog)
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            convert(card, [Variant.FP32])
        assert caught.value.code == "convert.unsupported_ops"
        assert "BesselI0e" in caught.value.why


def test_a_variant_or_builder_that_is_not_there(own_catalog: Path) -> None:
    """Names are checked before TensorFlow is imported."""
    with pytest.raises(UsageError, match="did you mean 'fp32'"):
        describe_variants(load_card("tiny", own_catalog), ["fp31"], catalog=own_catalog)
    for builder in ("nowhere.at.all:build", "builder.py:make", "other.py:build", "../builder.py:build"):
        text = (own_catalog / "tiny" / "model.yaml").read_text()
        (own_catalog / "tiny" / "model.yaml").write_text(text.replace("builder.py:build", builder))
        with pytest.raises(UsageError):
            convert(load_card("tiny", own_catalog), [Variant.FP32])
        (own_catalog / "tiny" / "model.yaml").write_text(text)


def test_a_damaged_entry_of_the_cache_is_told(own_catalog: Path) -> None:
    """A described model that was cut in the cache is never handed on."""
    card = edit(own_catalog, "Five made-up classes", "Five cut classes")
    (model,) = describe_variants(card, ["fp32"], catalog=own_catalog)
    model.path.write_bytes(model.path.read_bytes()[:-1])
    with pytest.raises(Exception, match=r"model\.tflite has") as caught:
        describe_variants(card, ["fp32"], catalog=own_catalog)
    assert getattr(caught.value, "code", "") == "cache.damaged"


def test_the_described_model_knows_its_labels_and_hash(tiny: dict[str, DescribedModel]) -> None:
    """The sidecar says of the file what the file says of itself."""
    model = tiny["fp32"]
    assert model.resources.labels() == ("red", "green", "blue", "dark", "bright")
    assert (model.id, model.bytes) == ("tiny/fp32", model.path.stat().st_size)
    assert model.inputs == inspect(model.path).main.input_tensors


def test_reading_the_cache_takes_no_second(tiny: object, tiny_card: ModelCard, catalog: Path) -> None:
    """In a process that has everything imported, five variants come back in a few milliseconds."""
    assert tiny
    start = time.monotonic()
    describe_variants(tiny_card, catalog=catalog)
    assert time.monotonic() - start < 0.1


def test_dynamic_answers_like_fp32(tiny: dict[str, DescribedModel]) -> None:
    """Every variant stays near the first on the same photo: a wrong conversion wouldn't."""
    from harness.models.reference import reference_outputs
    from harness.models.tensors import dequantise, quantise

    numbers = np.random.default_rng(5).uniform(-1, 1, (1, 16, 16, 3)).astype(np.float32)
    answers = {}
    for name, model in tiny.items():
        given = quantise(numbers, model.inputs[0])
        answers[name] = dequantise(reference_outputs(model, [given])[0], model.outputs[0])
    for name, limit in (("fp16", 1e-3), ("dynamic", 0.03), ("int8", 0.03), ("int16x8", 0.01)):
        assert np.abs(answers[name] - answers["fp32"]).max() < limit


def test_a_model_that_the_apps_runtime_can_not_load_is_refused(
    own_catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host would run it; the phone wouldn't, and says so too late."""
    card = edit(own_catalog, "default_rng(7)", "default_rng(10)", "builder.py")
    monkeypatch.setattr("harness.models.convert.RUNTIME", (1, 0))
    with pytest.raises(ModelError) as caught:
        convert(card, [Variant.FP32])
    assert caught.value.code == "convert.runtime"


def test_no_variant_needs_a_newer_runtime_than_the_app_has(tiny: dict[str, DescribedModel]) -> None:
    """Dense layers of the dynamic variant would, with one scale a channel."""
    needed = {name: inspect(model.path).min_runtime for name, model in tiny.items()}
    assert needed["dynamic"] != ()
    assert max(needed.values()) <= RUNTIME
