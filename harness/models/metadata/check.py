"""A description held against the tensors and the files: what can't be, field by field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from harness.errors import ModelError
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.labels import parse_labels
from harness.models.metadata.archive import safe_name
from harness.models.metadata.finding import Finding
from harness.models.metadata.tables import rows_for
from harness.models.metadata.texts import (
    calibration_lines,
    calibration_problem,
    largest_number,
    vocabulary_problem,
)
from harness.models.metadata.values import (
    BertTokenizer,
    BoxKind,
    ColourSpace,
    Content,
    Coordinates,
    Description,
    FileKind,
    RegexTokenizer,
    ScoreCalibration,
    SentencePieceTokenizer,
    TensorDescription,
)

_LARGEST = 3.4028234663852886e38  # of 32-bit floats
_CARD = "correct the model's card, or give it the model it describes"
_CHANNELS = {ColourSpace.RGB: 3, ColourSpace.GRAYSCALE: 1}


def check(description: Description, model: TfliteFile, files: Mapping[str, bytes]) -> None:
    """Hold a description against the tensors and the files.

    Raises:
        ModelError: `metadata.count`, `metadata.content`, `metadata.normalisation`, `metadata.range`,
            `metadata.dimensions`, `metadata.box`, `metadata.tokenizer`, `metadata.calibration`, `metadata.group`,
            `metadata.labels`, `metadata.file`, each naming field and tensor; `labels.…` as `parse_labels`.
    """
    for found in contradictions(description, model, files):
        raise ModelError(found.code, f"{model.path}: {found}", hint=found.remedy)
    names = {file.name for file in description.files}
    for name in files:
        if not safe_name(name):
            raise ModelError("metadata.file", f"{model.path}: associated file {name!r} has a name that leads elsewhere")
    if odd := names ^ set(files):
        state = "named and not given" if min(odd) in names else "given and not named"
        raise ModelError("metadata.file", f"{model.path}: associated file '{min(odd)}' is {state}", hint=_CARD)


def contradictions(description: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """All that can't be. Files that aren't in `files` are not looked into, so a reader may pass what it could read."""
    for whose, said, tensors in (
        ("input", description.inputs, model.main.input_tensors),
        ("output", description.outputs, model.main.output_tensors),
    ):
        if len(said) != len(tensors):
            text = f"{len(said)} {whose}s are described, and it has {len(tensors)}"
            yield Finding("metadata.count", f"{whose}s", text, _CARD)
            continue
        for index, (one, tensor) in enumerate(zip(said, tensors, strict=True)):
            field = f"{whose}s[{index}] '{one.name}'"
            yield from _tensor(field, one, tensor, files)
            if whose == "input" and one.content is Content.IMAGE and tensor.dtype.startswith("float") and not one.mean:
                text = f"no mean and std, and a float image tensor {tensor} needs them"
                yield Finding("metadata.normalisation", field, text, "give mean and std: (value - mean) / std")
    yield from _files(description)
    yield from _groups(description)
    yield from _tokenizers(description, model, files)
    yield from _lookups(description, model, files)


def label_axis(said: TensorDescription, rank: int) -> int:
    """Which dimension labels name: the last that isn't part of one piece of content, so 3 for masks of range (1, 2)."""
    first, last = said.content_range or (rank, rank)
    outside = [axis for axis in range(1, rank) if not first <= axis <= last]
    return outside[-1] if outside else rank - 1


def _tensor(field: str, said: TensorDescription, tensor: TensorInfo, files: Mapping[str, bytes]) -> Iterator[Finding]:
    channels = tensor.shape[-1] if tensor.shape else 1
    yield from _content(field, said, tensor)
    lengths = {len(said.mean), len(said.std)}
    if lengths != {0} and (len(lengths) > 1 or not lengths <= {1, channels}):
        text = (
            f"mean has {len(said.mean)} and std {len(said.std)} numbers for the {channels} channels of tensor {tensor}"
        )
        yield Finding("metadata.normalisation", field, text, f"give 1 or {channels} of each")
    if not all(number > 0 for number in said.std):
        text = f"std {list(said.std)} of tensor {tensor} must be above 0"
        yield Finding("metadata.normalisation", field, text, "give the deviation that training divided by")
    lengths = {len(said.minimum), len(said.maximum)}
    if lengths != {0} and (len(lengths) > 1 or not lengths <= {1, channels}):
        text = f"minimum and maximum don't fit the {channels} channels of {tensor}"
        yield Finding("metadata.range", field, text, f"give 1 or {channels} of each")
    if any(low > high for low, high in zip(said.minimum, said.maximum, strict=False)):
        yield Finding("metadata.range", field, f"a minimum of tensor {tensor} is above its maximum", "swap them")
    for number in (*said.mean, *said.std, *said.minimum, *said.maximum):
        if not math.isfinite(number) or abs(number) > _LARGEST:
            text = f"{number} of tensor {tensor} is no number that metadata can keep"
            yield Finding("metadata.range", field, text, "give finite numbers of 32 bits")
    if said.dimension_names and len(said.dimension_names) != len(tensor.shape):
        text = f"{len(said.dimension_names)} names of dimensions, and tensor {tensor} has {len(tensor.shape)}"
        yield Finding("metadata.dimensions", field, text, "name each dimension, or none")
    if said.content_range and not 0 <= said.content_range[0] <= said.content_range[1] <= len(tensor.shape):
        text = f"content of dimensions {said.content_range[0]} to {said.content_range[1]}, and tensor {tensor} has"
        yield Finding("metadata.dimensions", field, f"{text} {len(tensor.shape)}", "count dimensions from 0, the batch")
    yield from _labels(field, said, tensor, files)
    yield from _calibration(field, said, tensor, files)


def _content(field: str, said: TensorDescription, tensor: TensorInfo) -> Iterator[Finding]:
    last = tensor.shape[-1] if tensor.shape else 0
    if said.content is Content.IMAGE:
        wanted = None if said.content_range else _CHANNELS.get(said.image.colour_space)
        if len(tensor.shape) != 4 or (wanted and last != wanted) or tensor.dtype in ("string", "bool", "resource"):
            name = {3: "an RGB image", 1: "a grayscale image"}.get(wanted or 0, "an image")
            text = f"content is {name}, and tensor {tensor} can't hold one"
            yield Finding("metadata.content", field, text, "an image is batch × height × width × channels")
        for side, size in zip(("height", "width"), (said.image.height, said.image.width), strict=True):
            real = tensor.shape[1 if side == "height" else 2] if len(tensor.shape) == 4 else -1
            if size and 0 < real != size:
                text = f"default {side} is {size}, and tensor {tensor} has {real}"
                yield Finding("metadata.content", field, text, "leave the default size to tensors of a free one")
    if said.content is Content.BOUNDING_BOX:
        if len(tensor.shape) < 2 or last != 4:
            text = f"content is boxes of 4 numbers, and the last dimension of tensor {tensor} has {last}"
            yield Finding("metadata.box", field, text, "describe the tensor that ends in 4")
        if said.box.index and sorted(said.box.index) != [0, 1, 2, 3]:
            text = f"box index {list(said.box.index)} of tensor {tensor} must have 0, 1, 2 and 3 once each"
            yield Finding(
                "metadata.box", field, text, "TensorFlow's own detectors (top, left, bottom, right) have 1, 0, 3, 2"
            )
        if said.box.kind is BoxKind.UNKNOWN:
            yield Finding("metadata.box", field, f"the kind of box in tensor {tensor} isn't known", "say which it is")
        if said.box.coordinates is Coordinates.RATIO and "int" in tensor.dtype and not tensor.quantised:
            text = f"ratios from 0 to 1 don't fit in tensor {tensor}"
            yield Finding("metadata.box", field, text, "say `coordinates: pixel`")
    if said.content is Content.AUDIO and not (said.audio.sample_rate and said.audio.channels):
        yield Finding("metadata.content", field, f"sound in tensor {tensor} without rate or channels", "give both")


def _labels(field: str, said: TensorDescription, tensor: TensorInfo, files: Mapping[str, bytes]) -> Iterator[Finding]:
    axis = label_axis(said, len(tensor.shape))
    size = tensor.shape[axis] if tensor.shape else 1
    for file in said.files:
        if file.kind not in (FileKind.AXIS_LABELS, FileKind.VALUE_LABELS) or file.name not in files:
            continue
        try:
            count = len(parse_labels(files[file.name], file.name))
        except ModelError as error:
            yield Finding(error.code, field, str(error), error.hint or "save it as UTF-8, one label a line")
            continue
        if file.kind is FileKind.AXIS_LABELS and count != size and size >= 0:
            which = "last axis" if axis == len(tensor.shape) - 1 or not tensor.shape else f"axis {axis}"
            text = f"'{file.name}' has {count} labels, and the {which} of tensor {tensor} has {size}"
            yield Finding("metadata.labels", field, text, f"give {size} labels, one a line, in the order of the axis")


def _calibration(
    field: str, said: TensorDescription, tensor: TensorInfo, files: Mapping[str, bytes]
) -> Iterator[Finding]:
    units = [unit for unit in said.units if isinstance(unit, ScoreCalibration)]
    tables = [file for file in said.files if file.kind is FileKind.SCORE_CALIBRATION]
    if len(units) > 1 or len(tables) > 1 or len(units) != len(tables):
        text = f"{len(units)} score calibrations and {len(tables)} files of parameters for tensor {tensor}"
        yield Finding("metadata.calibration", field, text, "give one of each, or neither")
    for file in tables:
        if file.name in files and (problem := calibration_problem(files[file.name])):
            yield Finding(
                "metadata.calibration", field, f"'{file.name}' {problem}", "write scale,slope,offset[,min_score] a line"
            )
        count = calibration_lines(files.get(file.name, b""))
        labelled = any(one.kind is FileKind.AXIS_LABELS for one in said.files)
        size = tensor.shape[-1] if tensor.shape else 1
        if labelled and file.name in files and count != size:
            text = f"'{file.name}' has {count} lines, and the last axis of tensor {tensor} has {size}"
            yield Finding("metadata.calibration", field, text, "give a line a class, and no line break at the end")


def _files(description: Description) -> Iterator[Finding]:
    kinds: dict[str, FileKind] = {}
    for field, files in description.file_lists():
        names = [file.name for file in files]
        for file in files:
            if not safe_name(file.name):
                text = f"associated file {file.name!r} has a name that leads elsewhere"
                yield Finding("metadata.file", field, text, "name it without folders above, as labels.txt")
            if kinds.setdefault(file.name, file.kind) is not file.kind:
                text = f"associated file '{file.name}' is of two kinds"
                yield Finding("metadata.file", field, text, "give two files two names")
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Finding(
                "metadata.file", field, f"two associated files are named '{name}'", "give two files two names"
            )


def _groups(description: Description) -> Iterator[Finding]:
    for whose, groups, tensors in (
        ("input", description.input_groups, description.inputs),
        ("output", description.output_groups, description.outputs),
    ):
        known = [tensor.name for tensor in tensors]
        for group in groups:
            for name in group.tensors:
                if known.count(name) != 1:
                    text = f"names tensor '{name}', and {known.count(name)} {whose}s are called so ({', '.join(known)})"
                    yield Finding(
                        "metadata.group", f"{whose} group '{group.name}'", text, "name each tensor once, and its own"
                    )


def _tokenizers(description: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    places = [(field, tensor.units) for field, tensor in description.tensors()]
    places.append(("the model's tokenizer", (*description.input_units, *description.output_units)))
    for field, units in places:
        for unit in units:
            if isinstance(unit, SentencePieceTokenizer) and not unit.model:
                yield Finding(
                    "metadata.tokenizer", field, "a SentencePiece tokenizer without its model", "give the model file"
                )
            if isinstance(unit, BertTokenizer | RegexTokenizer) and not unit.vocabulary:
                yield Finding(
                    "metadata.tokenizer", field, "a tokenizer without its vocabulary", "give the vocabulary file"
                )
            if isinstance(unit, BertTokenizer | RegexTokenizer):
                for file in unit.vocabulary:
                    if file.name in files and (problem := vocabulary_problem(files[file.name], unit)):
                        yield Finding(
                            "metadata.tokenizer", field, f"'{file.name}' {problem}", "give the vocabulary of training"
                        )
    if any(isinstance(unit, BertTokenizer | SentencePieceTokenizer) for unit in description.input_units):
        for index, tensor in enumerate(model.main.input_tensors):
            if tensor.dtype not in ("int32", "int64"):
                text = f"a tokenizer's numbers don't go into tensor {tensor}"
                yield Finding("metadata.tokenizer", f"inputs[{index}]", text, "give a model that takes int32 tokens")
    for index, (said, tensor) in enumerate(zip(description.inputs, model.main.input_tensors, strict=False)):
        if any(isinstance(unit, RegexTokenizer) for unit in said.units) and tensor.dtype not in ("int32", "int64"):
            text = f"a tokenizer's numbers don't go into tensor {tensor}"
            yield Finding(
                "metadata.tokenizer", f"inputs[{index}] '{said.name}'", text, "give a model that takes int32 tokens"
            )


def _lookups(description: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    for index, (said, number) in enumerate(zip(description.inputs, model.main.inputs, strict=False)):
        rows = rows_for(model, number)
        for unit in (*said.units, *(description.input_units if said.name == "ids" else ())):
            if rows is None or not isinstance(unit, BertTokenizer | RegexTokenizer):
                continue
            for file in unit.vocabulary:
                content = files.get(file.name, b"")
                if not vocabulary_problem(content, unit) and (most := largest_number(content, unit)) >= rows:
                    text = f"'{file.name}' numbers tokens up to {most}, and they are looked up in {rows} rows"
                    where = f"inputs[{index}] '{said.name}'"
                    yield Finding("metadata.tokenizer", where, text, "give the vocabulary of training")
