"""What the readers of metadata would refuse or misread in a model, ours or not.

The rules of the Task Library are those of its own checks (tflite-support 0.4.4: image_tensor_specs, object_detector,
image_segmenter, nl_classifier, bert_question_answerer); those of ML Kit are its guide's for custom models.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from harness.errors import ModelError
from harness.models.inspect import TensorInfo, TfliteFile
from harness.models.metadata.archive import archive_findings, readable_files
from harness.models.metadata.check import contradictions
from harness.models.metadata.finding import Finding
from harness.models.metadata.pack import NEWEST_PARSER
from harness.models.metadata.read import read_back
from harness.models.metadata.texts import calibration_lines
from harness.models.metadata.values import (
    BertTokenizer,
    BoxKind,
    ColourSpace,
    Content,
    Coordinates,
    Description,
    FileKind,
    RegexTokenizer,
    SentencePieceTokenizer,
    TensorDescription,
)

_DETECTOR = {"location", "category", "score", "number of detections"}
_BERT = {"ids", "mask", "segment_ids"}
_ANSWERS = {"start_logits", "end_logits"}
_QUESTION_TOKENS = 384  # fixed in the Task Library's BertQuestionAnswerer
_MASK_CLASSES = 256
_DESCRIBE = "describe it: `harness describe MODEL DESCRIPTION.yaml -o OUT`"


def findings(model: TfliteFile) -> tuple[Finding, ...]:
    """All findings of a model: its archive, its metadata against its tensors, and what its readers ask for."""
    found = list(archive_findings(model.path))
    try:
        said = read_back(model)
    except ModelError as error:
        found.append(Finding("metadata.corrupt", "metadata", str(error), error.hint or _DESCRIBE))
        return tuple(found)
    if said is None:
        text = "it has none: no reader knows its normalisation or labels"
        return (*found, Finding("metadata.none", "metadata", text, _DESCRIBE))
    files = readable_files(model.path, (file.name for file in said.files))
    found += _named_files(said, model, files)
    found += _line_ends(said, files)
    found += contradictions(said, model, files)
    found += _version(said)
    if len(said.inputs) == len(model.main.inputs) and len(said.outputs) == len(model.main.outputs):
        found += _readers(said, model, files)
    return tuple(dict.fromkeys(found))


def _named_files(said: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    named = {file.name for file in said.files}
    for name in sorted(named):
        if name not in model.associated_files:
            yield Finding("archive.absent", f"'{name}'", "it is named and not in the model", _DESCRIBE)
        elif name not in files:
            yield Finding("archive.unreadable", f"'{name}'", "it can't be read", _DESCRIBE)
    for name in sorted(set(model.associated_files) - named):
        yield Finding("archive.unnamed", f"'{name}'", "it is in the model and nothing names it", _DESCRIBE)


def _line_ends(said: Description, files: Mapping[str, bytes]) -> Iterator[Finding]:
    kinds = (FileKind.AXIS_LABELS, FileKind.VALUE_LABELS, FileKind.VOCABULARY)
    for name in dict.fromkeys(file.name for file in said.files if file.kind in kinds):
        content = files.get(name, b"")
        if b"\r\n" in content:
            text = "its lines end in CR LF, and the Task Library keeps the CR in every word"
            yield Finding("labels.line_ends", f"'{name}'", text, "save it with LF alone")
        if content.startswith(b"\xef\xbb\xbf"):
            text = "it starts with a byte order mark, and the Task Library keeps it in the first word"
            yield Finding("labels.mark", f"'{name}'", text, "save it as UTF-8 without the mark")


def _version(said: Description) -> Iterator[Finding]:
    parts = said.parser_version.split(".")
    if all(part.isdecimal() and len(part) < 5 for part in parts) and tuple(map(int, parts)) > NEWEST_PARSER:
        newest = ".".join(map(str, NEWEST_PARSER))
        text = f"it asks for a parser of {said.parser_version}, and {newest} is the newest known here"
        yield Finding("metadata.newer", "metadata", text, "read it with a newer tool: parts may be missing here")


def _readers(said: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    inputs = list(zip(said.inputs, model.main.input_tensors, strict=True))
    outputs = list(zip(said.outputs, model.main.output_tensors, strict=True))
    photos = [pair for pair in inputs if pair[0].content is Content.IMAGE]
    contents = {one.content for one in said.outputs}
    for index, (one, tensor) in enumerate(inputs):
        if one.content is Content.IMAGE:
            yield from _image_input(f"inputs[{index}] '{one.name}'", one, tensor)
    for field, one in said.tensors():
        yield from _locales(field, one)
    if photos and len(inputs) > 1:
        text = (
            f"it takes an image and {len(inputs) - 1} more; the Task Library's image classes and ML Kit take one input"
        )
        yield Finding("task.inputs", "inputs", text, "run it with the interpreter, or convert it with one input")
    if photos and Content.BOUNDING_BOX in contents:
        yield from _detector(said, model, files)
    elif photos and any(_is_mask(one, len(outputs)) for one in said.outputs):
        yield from _segmenter(said, outputs)
    elif photos and all(_is_score(one) for one in said.outputs):
        yield from _classifier(outputs)
    yield from _text(said, model, inputs)


def _labelled(said: TensorDescription) -> bool:
    return any(file.kind is FileKind.AXIS_LABELS for file in said.files)


def _is_mask(said: TensorDescription, outputs: int) -> bool:
    masks = said.content is Content.IMAGE and said.content_range == (1, 2) and _labelled(said)
    return masks and (outputs == 1 or "mask" in said.name)  # a pose's heat maps look the same


def _is_score(said: TensorDescription) -> bool:
    return _labelled(said) and said.content in (Content.FEATURE, Content.UNKNOWN) and said.content_range is None


def _image_input(field: str, said: TensorDescription, tensor: TensorInfo) -> Iterator[Finding]:
    if tensor.dtype not in ("float32", "uint8"):
        text = f"the Task Library and ML Kit take images as float32 or uint8, and the tensor is {tensor}"
        yield Finding("task.input_type", field, text, "convert with inference_input_type uint8 or float32")
    if len(tensor.shape) == 4 and (tensor.shape[0] != 1 or tensor.shape[3] != 3):
        text = f"the Task Library and ML Kit take 1 × height × width × 3, and the tensor is {tensor}"
        yield Finding("task.input_shape", field, text, "convert with a batch of 1 and RGB")
    if len(tensor.shape) == 4 and any(side <= 0 for side in tensor.shape[1:3]):
        text = f"height or width of {tensor} is free, and GPU delegates take fixed shapes"
        yield Finding("task.input_shape", field, text, "convert with a fixed size")
    if said.image.colour_space is not ColourSpace.RGB:
        text = f"the colour space is {said.image.colour_space.name.lower()}, and the Task Library takes RGB only"
        yield Finding("task.colour", field, text, "say that it is RGB, or prepare the image yourself")
    if said.mean and len(said.mean) not in (1, 3):
        text = f"{len(said.mean)} means, and the Task Library takes 1 or 3"
        yield Finding("task.normalisation", field, text, "give 1 or 3")
    if tensor.dtype == "uint8" and tensor.quantised and said.mean and len(said.mean) == len(said.std):
        # real = (byte - zero point) * scale should be (byte - mean) / std
        for mean, std in zip(said.mean, said.std, strict=True):
            low, high = -tensor.zero_point * tensor.scale, (255 - tensor.zero_point) * tensor.scale
            if std > 0 and not (_near(low, -mean / std) and _near(high, (255 - mean) / std)):
                text = (
                    f"readers put bytes into {tensor} as they are: {low:.3g} to {high:.3g}, and mean {mean:g} and std"
                )
                text += f" {std:g} ask for {-mean / std:.3g} to {(255 - mean) / std:.3g}"
                yield Finding(
                    "task.quantised_normalisation", field, text, "convert with a quantised input of the whole range"
                )
                break


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=0.02, abs_tol=0.02)


def _listed(names: set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


def _locales(field: str, said: TensorDescription) -> Iterator[Finding]:
    for kind in (FileKind.AXIS_LABELS, FileKind.VALUE_LABELS):
        files = [file for file in said.files if file.kind is kind]
        locales = [file.locale for file in files]
        if len(files) > 1 and ("" in locales[1:] or len(set(locales)) < len(locales)):
            names = ", ".join(f"'{file.name}' ({file.locale or 'no locale'})" for file in files)
            text = f"several label files that no locale tells apart, so the first is taken: {names}"
            yield Finding("labels.locale", field, text, "give each after the first a locale of its own")


def _detector(said: Description, model: TfliteFile, files: Mapping[str, bytes]) -> Iterator[Finding]:
    names = {one.name for one in said.outputs}
    if len(said.outputs) != 4 or names != _DETECTOR:
        text = f"the Task Library finds four outputs by the names {_listed(_DETECTOR)}; here are {_listed(names)}"
        yield Finding("task.detector", "outputs", text, "describe it as `family: object_detection`")
    for index, (one, tensor) in enumerate(zip(said.outputs, model.main.output_tensors, strict=True)):
        field = f"outputs[{index}] '{one.name}'"
        if one.content is Content.BOUNDING_BOX and (
            one.box.kind is not BoxKind.BOUNDARIES or one.box.coordinates is not Coordinates.RATIO
        ):
            text = f"the Task Library takes boundaries as ratios, and these are {one.box.kind.name.lower()} as"
            yield Finding("task.box", field, f"{text} {one.box.coordinates.name.lower()}", "decode the boxes yourself")
        if tensor.dtype != "float32":
            yield Finding(
                "task.detector",
                field,
                f"the Task Library reads float32, and this is {tensor}",
                "convert with float outputs",
            )
    labels = [file for one in said.outputs for file in one.files if file.kind is FileKind.VALUE_LABELS]
    tables = [file for one in said.outputs for file in one.files if file.kind is FileKind.SCORE_CALIBRATION]
    if labels and tables and labels[0].name in files and tables[0].name in files:
        count, lines = len(files[labels[0].name].splitlines()), calibration_lines(files[tables[0].name])
        if count != lines:
            text = f"'{tables[0].name}' has {lines} lines, and '{labels[0].name}' has {count} labels"
            yield Finding("metadata.calibration", "outputs", text, "give a line a label, and no line break at the end")


def _segmenter(said: Description, outputs: list[tuple[TensorDescription, TensorInfo]]) -> Iterator[Finding]:
    if len(outputs) != 1:
        text = f"the Task Library's ImageSegmenter takes one output, and here are {len(outputs)}"
        yield Finding("task.segmenter", "outputs", text, "leave the others out when converting")
        return
    tensor = outputs[0][1]
    if len(tensor.shape) != 4 or tensor.shape[0] != 1 or tensor.shape[-1] > _MASK_CLASSES:
        text = f"masks are 1 × height × width × at most {_MASK_CLASSES}, and this is {tensor}"
        yield Finding("task.segmenter", f"outputs[0] '{said.outputs[0].name}'", text, "convert with a batch of 1")
    if tensor.dtype not in ("float32", "uint8"):
        text = f"masks are float32 or uint8, and this is {tensor}"
        yield Finding("task.segmenter", f"outputs[0] '{said.outputs[0].name}'", text, "convert with such an output")


def _classifier(outputs: list[tuple[TensorDescription, TensorInfo]]) -> Iterator[Finding]:
    if len(outputs) > 1:
        yield Finding(
            "mlkit.outputs", "outputs", f"ML Kit takes one output, and here are {len(outputs)}", "leave the others out"
        )
    for index, (one, tensor) in enumerate(outputs):
        lead = tensor.shape[:-1]
        if len(tensor.shape) not in (2, 4) or any(side != 1 for side in lead):
            text = f"scores are 1 × classes or 1 × 1 × 1 × classes, and this is {tensor}"
            yield Finding("task.scores", f"outputs[{index}] '{one.name}'", text, "reshape them before converting")
        if tensor.dtype not in ("float32", "uint8"):
            text = f"the Task Library and ML Kit read float32 or uint8 scores, and this is {tensor}"
            yield Finding("task.scores", f"outputs[{index}] '{one.name}'", text, "convert with such an output")


def _text(
    said: Description, model: TfliteFile, inputs: list[tuple[TensorDescription, TensorInfo]]
) -> Iterator[Finding]:
    bert = any(isinstance(unit, BertTokenizer | SentencePieceTokenizer) for unit in said.input_units)
    names, outputs = {one.name for one in said.inputs}, {one.name for one in said.outputs}
    if bert and names != _BERT:
        text = f"the Task Library finds three inputs by the names {_listed(_BERT)}; here are {_listed(names)}"
        yield Finding(
            "task.bert", "inputs", text, "describe it as `family: question_answering` or `text_classification`"
        )
    if names == _BERT and not bert:
        text = "these are a BERT's, and no tokenizer is given: the Task Library refuses it"
        yield Finding("task.tokenizer", "inputs", text, "give the tokenizer and its vocabulary")
    if bert and outputs == _ANSWERS:
        for index, (one, tensor) in enumerate(inputs):
            if tensor.shape[-1:] != (_QUESTION_TOKENS,):
                text = f"the Task Library's BertQuestionAnswerer fills {_QUESTION_TOKENS} tokens, and this is {tensor}"
                yield Finding(
                    "task.tokens", f"inputs[{index}] '{one.name}'", text, f"convert with {_QUESTION_TOKENS} tokens"
                )
    for index, (one, tensor) in enumerate(inputs):
        regex = any(isinstance(unit, RegexTokenizer) for unit in one.units)
        labelled = any(_labelled(output) for output in said.outputs)
        if (
            labelled
            and len(inputs) == 1
            and tensor.dtype in ("int32", "int64")
            and not regex
            and one.content is not Content.IMAGE
        ):
            text = f"tokens go into {tensor}, and no regex tokenizer says which: the Task Library wants text then"
            yield Finding(
                "task.tokenizer", f"inputs[{index}] '{one.name}'", text, "give the tokenizer and its vocabulary"
            )
        if regex and tensor.dtype != "int32":
            text = f"the Task Library puts int32 tokens, and this is {tensor}"
            yield Finding("task.tokenizer", f"inputs[{index}] '{one.name}'", text, "convert with int32 tokens")
    if model.main.input_tensors and all(tensor.dtype == "string" for tensor in model.main.input_tensors):
        text = "text itself goes in, so the graph has operators that GPU delegates refuse"
        yield Finding("task.strings", "inputs", text, "tokenize before the model")
