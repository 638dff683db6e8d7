"""What a card says of a model, in the words of TensorFlow Lite's metadata."""

from __future__ import annotations

import numpy as np

from harness.models.catalog import ModelCard
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.metadata import AssociatedFile, Content, Description, FileKind, TensorDescription


def description_of(card: ModelCard, model: TfliteFile, labels: str) -> Description:
    """The description of an image classifier; `labels` is the name of the associated file.

    Minimum and maximum are in the tensor's own numbers: of integers, all that the type holds; of a float image, black
    and white as normalised; of a probability, 0 and 1.
    """
    image, graph = card.input, model.main
    photo = TensorDescription(
        name=image.name,
        description=image.description,
        content=Content.IMAGE,
        mean=image.mean,
        std=image.std,
        minimum=tuple(-mean / std for mean, std in zip(image.mean, image.std, strict=True)),
        maximum=tuple((255 - mean) / std for mean, std in zip(image.mean, image.std, strict=True)),
    )
    answer = TensorDescription(
        name=card.output.name,
        description=card.output.description,
        content=Content.FEATURE,
        minimum=(0.0,),
        maximum=(1.0,),
        files=(AssociatedFile(labels, "Names of the classes, in the order of the output.", FileKind.AXIS_LABELS),),
    )
    return Description(
        name=card.title,
        description=card.description,
        version=card.version,
        author=card.author,
        licence=card.licence,
        inputs=tuple(_in_own_numbers(photo, tensor) for tensor in graph.input_tensors),
        outputs=tuple(_in_own_numbers(answer, tensor) for tensor in graph.output_tensors),
    )


def _in_own_numbers(said: TensorDescription, tensor: TensorInfo) -> TensorDescription:
    if not tensor.quantised:
        return said
    limits = np.iinfo(tensor.dtype)
    return TensorDescription(
        name=said.name,
        description=said.description,
        content=said.content,
        mean=said.mean,
        std=said.std,
        minimum=(float(limits.min),),
        maximum=(float(limits.max),),
        files=said.files,
    )
