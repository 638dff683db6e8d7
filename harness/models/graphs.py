"""Keras models, SavedModels and functions as TensorFlow's concrete functions, every dimension of their inputs fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ModelError, UsageError
from harness.models.calibration import InputSpec
from harness.models.source_card import ConcreteSource, InputShapes, SavedModelSource
from harness.strict_yaml import did_you_mean

_DEFAULT = "serving_default"


@dataclass(frozen=True)
class Built:
    """What the converter takes: concrete functions by signature, and the object that keeps their variables alive.

    `model` is the object that holds the variables where there is one function, which is then converted frozen, without
    a SavedModel between; its tensors keep the graph's names.
    """

    functions: Mapping[str, Any]
    owner: Any
    inputs: tuple[InputSpec, ...]
    variables: Mapping[str, Any]
    model: Any = None


def from_keras(model: Any, shapes: InputShapes, where: str, *, free_batch: bool = True) -> Built:
    """A Keras model, traced once for inference. A free batch becomes 1, unless it may not be free.

    Raises:
        UsageError: `source.input_shape`.
        ModelError: `source.batch`, `source.shape`, `source.failed` for what is no Keras model with inputs.
    """
    import tensorflow as tf

    if not getattr(model, "inputs", None):
        hint = "return a keras.Model that knows its inputs: a functional one, or one that was called once"
        raise ModelError("source.failed", f"{where} gives no Keras model with inputs", why=f"{model!r}", hint=hint)
    if not free_batch and not shapes:
        for tensor in (*model.inputs, *model.outputs):
            if tensor.shape[0] != 1:
                raise ModelError(
                    "source.batch",
                    f"{where} gives a model whose '{tensor.name}' has shape {tuple(tensor.shape)}",
                    why="GPU delegates need every dimension fixed",
                    hint="give its inputs batch_size=1, or say 'input_shapes' in the card",
                )
    specs = fixed_specs([tf.TensorSpec(each.shape, each.dtype, name=each.name) for each in model.inputs], shapes, where)

    def answer(*tensors: Any) -> Any:
        return model(tensors[0] if len(tensors) == 1 else list(tensors), training=False)

    function = tf.function(answer).get_concrete_function(*specs)
    variables = {weight.path: weight for weight in model.weights}
    return Built({_DEFAULT: function}, model, _inputs(specs), variables, model)


def frozen(function: Any, specs: Sequence[Any]) -> Built:
    """One concrete function that has constants and no variables, with these inputs, as `tf.TensorSpec`s."""
    import tensorflow as tf

    owner = tf.Module()
    return Built({_DEFAULT: function}, owner, _inputs(specs), {}, owner)


def from_saved_model(path: Path, source: SavedModelSource, where: str) -> Built:
    """Signatures of a SavedModel.

    Raises:
        UsageError: `source.tags` and `source.signature` with those that are there; `source.input_shape`.
        ModelError: `source.not_saved_model`; `source.shape` for a dimension that is free.
    """
    import tensorflow as tf

    if not any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        raise ModelError(
            "source.not_saved_model",
            f"{path} is no SavedModel",
            why="it has no saved_model.pb",
            hint="give the folder that tf.saved_model.save or model.export wrote",
        )
    try:
        loaded = tf.saved_model.load(str(path), tags=list(source.tags) or None)
    except ValueError as error:
        if "tags" not in str(error):
            raise
        raise UsageError(
            "source.tags", f"{path} has no graph with tags {', '.join(source.tags)}", why=str(error)
        ) from error
    return _of_functions(dict(loaded.signatures), loaded, source.signatures, source.input_shapes, str(path), where)


def from_functions(made: Any, source: ConcreteSource, where: str) -> Built:
    """What a function of the user's returned, as `ConcreteSource` lists it. Raises as `from_saved_model`."""
    import tensorflow as tf

    if isinstance(made, tf.keras.Model):
        return from_keras(made, source.input_shapes, source.function)
    functions: dict[str, Any] = {}
    if isinstance(made, Mapping):
        functions = {str(name): _concrete(function) for name, function in made.items()}
    elif isinstance(made, tf.Module):
        for name in dir(type(made)):
            function = getattr(made, name, None)
            if getattr(function, "input_signature", None) is not None:
                functions[name] = _concrete(function)
    elif hasattr(made, "get_concrete_function") or hasattr(made, "structured_input_signature"):
        functions = {_DEFAULT: _concrete(made)}
    if not functions:
        raise ModelError(
            "source.failed",
            f"{where}: {source.function} gives {type(made).__name__}, without a concrete function",
            hint="return a tf.Module whose methods are @tf.function(input_signature=…), or a dict of concrete functions",
        )
    owner = made
    if not isinstance(made, tf.Module):
        owner = tf.Module()
        owner.kept = [variable for function in functions.values() for variable in function.graph.variables]
    return _of_functions(functions, owner, source.signatures, source.input_shapes, source.function, where)


def _concrete(function: Any) -> Any:
    return function if hasattr(function, "structured_input_signature") else function.get_concrete_function()


def _of_functions(
    functions: Mapping[str, Any], owner: Any, wanted: Sequence[str], shapes: InputShapes, name: str, where: str
) -> Built:
    chosen = _chosen(functions, wanted, name)
    names = {spec.name for signature in chosen for spec in _specs(functions[signature])}
    _require_used(set(shapes) - names, sorted(names), where)
    fixed = {each: _with_fixed_inputs(functions[each], shapes, f"{name}: '{each}'") for each in chosen}
    inputs = _inputs(fixed[chosen[0]][1])
    variables = {
        variable.name: variable
        for signature in chosen
        for variable in functions[signature].graph.variables
        if variable.dtype.is_floating
    }
    return Built({each: function for each, (function, _) in fixed.items()}, owner, inputs, variables)


def _chosen(functions: Mapping[str, Any], wanted: Sequence[str], name: str) -> tuple[str, ...]:
    known = sorted(functions)
    listed = ", ".join(f"'{each}'" for each in known) or "none"
    for each in wanted:
        if each not in functions:
            what = f"{name} has no signature '{each}'{did_you_mean(each, known)}"
            raise UsageError("source.signature", what, why=f"its signatures: {listed}", hint="choose with --signature")
    if wanted:
        return tuple(dict.fromkeys(wanted))
    if _DEFAULT in functions:
        return (_DEFAULT,)
    if len(known) == 1:
        return (known[0],)
    raise UsageError(
        "source.signature",
        f"{name} has {len(known)} signatures, and none is chosen" if known else f"{name} has no signature at all",
        why=f"its signatures: {listed}",
        hint="choose with --signature (again for each), or 'signatures:' in the card"
        if known
        else "export it with one",
    )


def _with_fixed_inputs(function: Any, shapes: InputShapes, where: str) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    structure, specs = function.structured_input_signature, _specs(function)
    known = {name: shape for name, shape in shapes.items() if name in {spec.name for spec in specs}}
    fixed = fixed_specs(specs, known, where)
    if all(spec.shape == before.shape for spec, before in zip(fixed, specs, strict=True)):
        return function, fixed

    def call(*tensors: Any) -> Any:
        arguments, named = tf.nest.pack_sequence_as(structure, tensors)
        return function(*arguments, **named)

    return tf.function(call).get_concrete_function(*fixed), fixed


def _specs(function: Any) -> list[Any]:
    import tensorflow as tf

    return [spec for spec in tf.nest.flatten(function.structured_input_signature) if isinstance(spec, tf.TensorSpec)]


def fixed_specs(specs: Sequence[Any], shapes: InputShapes, where: str) -> list[Any]:
    """TensorFlow's specs with every dimension fixed: as `shapes` says, and a free batch as 1.

    Raises:
        UsageError: `source.input_shape`.
        ModelError: `source.shape`.
    """
    import tensorflow as tf

    _require_used(set(shapes) - {spec.name for spec in specs}, [spec.name for spec in specs], where)
    return [tf.TensorSpec(_shape(spec, shapes.get(spec.name), where), spec.dtype, name=spec.name) for spec in specs]


def _shape(spec: Any, wanted: tuple[int, ...] | None, where: str) -> tuple[int, ...]:
    own = None if spec.shape.rank is None else tuple(spec.shape.as_list())
    said = "of any rank" if own is None else str(own)
    if wanted is not None:
        fits = own is None or (
            len(own) == len(wanted) and all(a in (None, b) for a, b in zip(own, wanted, strict=True))
        )
        if not fits:
            what = f"{where}: input '{spec.name}' is {said}, and can't be made {wanted}"
            raise UsageError("source.input_shape", what, hint="only free dimensions (None) can be chosen")
        return wanted
    sides = None if own is None else tuple(1 if not place and side is None else side for place, side in enumerate(own))
    if sides is None or None in sides:
        free = "…" if sides is None else ",".join("?" if side is None else str(side) for side in sides)
        raise ModelError(
            "source.shape",
            f"{where}: input '{spec.name}' is {said}",
            why="GPU delegates need every dimension fixed; only a free batch is taken as 1",
            hint=f"say which: --input-shape {spec.name}={free}, or 'input_shapes:' in the card",
        )
    return sides


def _require_used(unused: set[str], known: Sequence[str], where: str) -> None:
    for name in sorted(unused):
        what = f"{where}: no input '{name}'{did_you_mean(name, known)}"
        raise UsageError("source.input_shape", what, hint=f"the inputs are {', '.join(known)}")


def _inputs(specs: Sequence[Any]) -> tuple[InputSpec, ...]:
    return tuple(InputSpec(spec.name, spec.dtype.name, tuple(spec.shape.as_list())) for spec in specs)
