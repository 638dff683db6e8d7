"""What a converted variant is: size, tensors, operators, cost, what a GPU would take, and its distance from fp32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.fetch.store import sha256_of
from harness.models.catalog import Variant
from harness.models.convert import convert_recipe
from harness.models.cost import Cost, cost_of
from harness.models.gpu_support import Prediction, predict
from harness.models.inspect import TensorInfo, TfliteFile, inspect
from harness.models.quantisation_error import OutputError, errors_against
from harness.models.recipe import Recipe
from harness.models.source_card import TfliteSource

_SELECT_PREFIX = "Flex"  # a select op is a custom op whose name starts so


@dataclass(frozen=True)
class Facts:
    """A file's own facts; `tensors` counts all of them, constants too, and `gpu` is predicted.

    `errors` are None where there is nothing to compare with, or on; `compared_on` says on what.
    """

    variant: Variant
    sha256: str
    bytes: int
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    tensors: int
    operators: Mapping[str, int]
    cost: Cost
    select_ops: tuple[str, ...]
    custom_ops: tuple[str, ...]
    gpu: Prediction
    errors: tuple[OutputError, ...] | None
    compared_on: str | None


def facts_of(
    recipe: Recipe, variant: Variant, path: Path, *, say: Callable[[str], None] = lambda _message: None
) -> Facts:
    """The facts of `path`, a variant of this recipe; fp32 is converted too, if it has to be, to compare with.

    Raises as `convert_recipe` and `errors_against`.
    """
    found = inspect(path)
    errors = None
    converted = not isinstance(recipe.source, TfliteSource) and len(found.subgraphs) == 1
    if recipe.examples and converted and variant is not Variant.FP32:
        (reference,) = convert_recipe(replace(recipe, variants=(Variant.FP32,)), [Variant.FP32], say=say)
        errors = errors_against(reference.path, path, recipe.examples)
    select, custom = custom_operators(found)
    return Facts(
        variant=variant,
        sha256=sha256_of(path),
        bytes=found.size,
        inputs=found.main.input_tensors,
        outputs=found.main.output_tensors,
        tensors=sum(len(graph.tensors) for graph in found.subgraphs),
        operators=found.operator_counts(),
        cost=cost_of(found),
        select_ops=select,
        custom_ops=custom,
        gpu=predict(path),
        errors=errors,
        compared_on=recipe.examples.name if recipe.examples and errors is not None else None,
    )


def custom_operators(model: TfliteFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Select ops, and other custom ops, by name: neither runs in an app that doesn't carry them."""
    names = {operation.name for graph in model.subgraphs for operation in graph.operations if operation.custom}
    select = {name for name in names if name.startswith(_SELECT_PREFIX)}
    return tuple(sorted(select)), tuple(sorted(names - select))
