"""A description as the bytes of a metadata flatbuffer, through tflite-support's schema (its import takes 0.2 s)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.models.metadata.values import (
    AssociatedFile,
    BertTokenizer,
    Content,
    Description,
    FileKind,
    RegexTokenizer,
    ScoreCalibration,
    ScoreThreshold,
    SentencePieceTokenizer,
    TensorDescription,
    TensorGroup,
    Unit,
)

IDENTIFIER = b"M001"
NORMALIZATION, CALIBRATION, THRESHOLD, BERT, SENTENCE_PIECE, REGEX = range(1, 7)
NEWEST_PARSER = (1, 5, 0)
_FIRST_PARSER = (1, 0, 0)


def pack(description: Description) -> bytes:
    """The metadata flatbuffer. Equal descriptions give equal bytes."""
    import flatbuffers  # type: ignore[import-untyped]
    from tensorflow_lite_support.metadata import metadata_schema_py_generated as schema

    maker = _Maker(schema)
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [maker.tensor(said) for said in description.inputs]
    graph.outputTensorMetadata = [maker.tensor(said) for said in description.outputs]
    graph.associatedFiles = maker.files(description.graph_files)
    graph.inputProcessUnits = [maker.unit(unit) for unit in description.input_units] or None
    graph.outputProcessUnits = [maker.unit(unit) for unit in description.output_units] or None
    graph.inputTensorGroups = maker.groups(description.input_groups)
    graph.outputTensorGroups = maker.groups(description.output_groups)
    graph.customMetadata = [maker.custom(entry.name, entry.data) for entry in description.custom] or None
    root = schema.ModelMetadataT()
    root.name, root.description, root.version = description.name, description.description, description.version
    root.author, root.license = description.author, description.licence
    root.associatedFiles = maker.files(description.model_files)
    root.minParserVersion = parser_version(description)
    root.subgraphMetadata = [graph]
    builder = flatbuffers.Builder(0)
    builder.Finish(root.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def parser_version(description: Description) -> str:
    """The oldest parser that knows every part used: the newest of the versions that the schema's history gives them."""
    needs = [_FIRST_PARSER]
    kinds = {file.kind for file in description.files}
    units = [unit for _, tensor in description.tensors() for unit in tensor.units]
    units += [*description.input_units, *description.output_units]
    contents = {tensor.content for _, tensor in description.tensors()}
    for used, version in (
        (FileKind.VOCABULARY in kinds, (1, 0, 1)),
        (any(isinstance(unit, BertTokenizer | SentencePieceTokenizer) for unit in units), (1, 1, 0)),
        (bool(description.input_units or description.output_units), (1, 1, 0)),
        (bool(description.input_groups or description.output_groups), (1, 2, 0)),
        (any(isinstance(unit, RegexTokenizer) for unit in units), (1, 2, 1)),
        (Content.AUDIO in contents, (1, 3, 0)),
        (FileKind.SCANN_INDEX in kinds, (1, 4, 0)),
        (any(file.version for file in description.files), (1, 4, 1)),
        (bool(description.custom), (1, 5, 0)),
    ):
        if used:
            needs.append(version)
    return ".".join(str(part) for part in max(needs))


class _Maker:
    """Values as the objects of the generated schema module, which has no types."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema

    def tensor(self, said: TensorDescription) -> Any:
        table = self.schema.TensorMetadataT()
        table.name, table.description = said.name, said.description
        table.dimensionNames = list(said.dimension_names) or None
        if said.content is not Content.UNKNOWN or said.content_range is not None:
            table.content = self.content(said)
        if said.mean:
            options = self.schema.NormalizationOptionsT()
            options.mean, options.std = list(said.mean), list(said.std)
            table.processUnits = [self._unit(NORMALIZATION, options)]
        if said.units:
            table.processUnits = [*(table.processUnits or []), *(self.unit(unit) for unit in said.units)]
        if said.minimum:
            table.stats = self.schema.StatsT()
            table.stats.min, table.stats.max = list(said.minimum), list(said.maximum)
        table.associatedFiles = self.files(said.files)
        return table

    def content(self, said: TensorDescription) -> Any:
        table, schema = self.schema.ContentT(), self.schema
        table.contentPropertiesType = int(said.content)
        if said.content is Content.FEATURE:
            table.contentProperties = schema.FeaturePropertiesT()
        elif said.content is Content.IMAGE:
            table.contentProperties = schema.ImagePropertiesT()
            table.contentProperties.colorSpace = int(said.image.colour_space)
            if said.image.width or said.image.height:
                size = schema.ImageSizeT()
                size.width, size.height = said.image.width, said.image.height
                table.contentProperties.defaultSize = size
        elif said.content is Content.BOUNDING_BOX:
            table.contentProperties = schema.BoundingBoxPropertiesT()
            table.contentProperties.index = list(said.box.index) or None
            table.contentProperties.type = int(said.box.kind)
            table.contentProperties.coordinateType = int(said.box.coordinates)
        elif said.content is Content.AUDIO:
            table.contentProperties = schema.AudioPropertiesT()
            table.contentProperties.sampleRate = said.audio.sample_rate
            table.contentProperties.channels = said.audio.channels
        if said.content_range is not None:
            table.range = schema.ValueRangeT()
            table.range.min, table.range.max = said.content_range
        return table

    def unit(self, said: Unit) -> Any:
        schema = self.schema
        if isinstance(said, ScoreCalibration):
            options = schema.ScoreCalibrationOptionsT()
            options.scoreTransformation, options.defaultScore = int(said.transformation), said.default_score
            return self._unit(CALIBRATION, options)
        if isinstance(said, ScoreThreshold):
            options = schema.ScoreThresholdingOptionsT()
            options.globalScoreThreshold = said.threshold
            return self._unit(THRESHOLD, options)
        if isinstance(said, BertTokenizer):
            options = schema.BertTokenizerOptionsT()
            options.vocabFile = self.files(said.vocabulary)
            return self._unit(BERT, options)
        if isinstance(said, SentencePieceTokenizer):
            options = schema.SentencePieceTokenizerOptionsT()
            options.sentencePieceModel, options.vocabFile = self.files(said.model), self.files(said.vocabulary)
            return self._unit(SENTENCE_PIECE, options)
        if isinstance(said, RegexTokenizer):
            options = schema.RegexTokenizerOptionsT()
            options.delimRegexPattern, options.vocabFile = said.pattern, self.files(said.vocabulary)
            return self._unit(REGEX, options)
        raise TypeError(f"{said} can be read and not written")

    def _unit(self, kind: int, options: Any) -> Any:
        unit = self.schema.ProcessUnitT()
        unit.optionsType, unit.options = kind, options
        return unit

    def files(self, files: Sequence[AssociatedFile]) -> Any:
        return [self._file(file) for file in files] or None

    def _file(self, said: AssociatedFile) -> Any:
        table = self.schema.AssociatedFileT()
        table.name, table.description, table.type = said.name, said.description, int(said.kind)
        table.locale, table.version = said.locale or None, said.version or None
        return table

    def groups(self, groups: Sequence[TensorGroup]) -> Any:
        made = []
        for said in groups:
            table = self.schema.TensorGroupT()
            table.name, table.tensorNames = said.name, list(said.tensors)
            made.append(table)
        return made or None

    def custom(self, name: str, data: bytes) -> Any:
        table = self.schema.CustomMetadataT()
        table.name, table.data = name, list(data)
        return table
