"""From a model card to described `.tflite` files and what they should answer."""

from harness.models.catalog import ModelCard, Variant, load_card, model_ids
from harness.models.describe import DescribedModel, describe_variants
from harness.models.inspect import TensorInfo, TfliteFile

__all__ = [
    "DescribedModel",
    "ModelCard",
    "TensorInfo",
    "TfliteFile",
    "Variant",
    "describe_variants",
    "load_card",
    "model_ids",
]
