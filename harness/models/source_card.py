"""The kinds of `source:` that a card may name."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from harness.models.entry import Entry, Line, Origin, Word

Side = Annotated[int, Field(gt=0, le=1 << 24)]
InputShapes = dict[str, tuple[Side, ...]]
# A dotted module or a Python file beside the card, and what to call in it.
Function = Annotated[str, Field(pattern=r"^([A-Za-z_]\w*\.)*[A-Za-z_]\w*:[A-Za-z_]\w*$")]


class WeightsFile(Entry):
    """Weights by name: a PyTorch checkpoint, read without PyTorch; NumPy's `.npz`; or `.safetensors`."""

    format: Literal["torch", "npz", "safetensors"]
    file: Origin


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


# One file, or a list of files whose names are disjoint: a base and what was trained on top of it.
WeightsFiles = Annotated[tuple[WeightsFile, ...], BeforeValidator(_several)]


class KerasSource(Entry):
    """A Keras model: made by a function of ours from weights by name, or a `.keras` or `.h5` file.

    The function's module is a dotted name, or a Python file beside the card (`builder.py:build`).
    """

    kind: Literal["keras"]
    builder: Function | None = None
    weights: WeightsFiles = ()
    file: Origin | None = None
    input_shapes: InputShapes = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.builder is None) == (self.file is None):
            raise ValueError("give either 'builder' or 'file'")
        if self.file and self.weights:
            raise ValueError("weights belong to a 'builder'; a file has its own")
        return self


class SavedModelSource(Entry):
    """A SavedModel's folder beside the card. Without `signatures`, `serving_default` or the only one is taken."""

    kind: Literal["saved_model"]
    folder: Line
    signatures: tuple[Line, ...] = ()
    tags: tuple[Line, ...] = ()
    input_shapes: InputShapes = Field(default_factory=dict)


class ConcreteSource(Entry):
    """A function of ours that returns concrete functions.

    It returns a Keras model, a `tf.Module` whose methods are `tf.function`s with an input signature, one concrete
    function, or a dict of them by signature's name. With `weights` it is given them by name, with `files` the path of
    each by name. A concrete function doesn't keep its variables alive, so one that has any is returned as its
    `tf.function`, or in its module.
    """

    kind: Literal["concrete"]
    function: Function
    weights: WeightsFiles = ()
    files: dict[Word, Origin] = Field(default_factory=dict)
    signatures: tuple[Line, ...] = ()
    input_shapes: InputShapes = Field(default_factory=dict)


class TfjsSource(Entry):
    """A TensorFlow.js graph model: `model.json`, with its shards beside it in the same folder or the same package.

    `outputs` are tensors of its graph, in the order wanted; without them those of its signature. A shape may replace
    one that the graph fixes, as far as its operators let it.
    """

    kind: Literal["tfjs"]
    file: Origin
    input_shapes: InputShapes = Field(default_factory=dict)
    outputs: tuple[Line, ...] = ()


class OnnxSource(Entry):
    """An ONNX file. Quantised activations become floats; `outputs` are values of its graph, in the order wanted.

    Inputs and outputs are as the file has them; with `channels_last`, those of rank 4 are N, H, W, C instead. A shape may
    replace one that the file fixes, as far as its operators let it.
    """

    kind: Literal["onnx"]
    file: Origin
    input_shapes: InputShapes = Field(default_factory=dict)
    outputs: tuple[Line, ...] = ()
    channels_last: bool = False


class TfliteSource(Entry):
    """A `.tflite` file as it is: it has one variant, its own precision."""

    kind: Literal["tflite"]
    file: Origin


Source = Annotated[
    KerasSource | SavedModelSource | ConcreteSource | TfjsSource | OnnxSource | TfliteSource,
    Field(discriminator="kind"),
]
