"""MiniLM, a small BERT, as a reader: where in a passage the answer to a question starts and ends.

Source: W. Wang et al., "MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained
Transformers" (2020); the span head is that of J. Devlin et al., "BERT" (2018), section 4.2; what is trained on top are
low-rank additions, E. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021).

Every tensor keeps three or four dimensions with a batch of 1 in front, and no matrix product is told to transpose an
operand: GpuDelegate computes the other forms wrongly without any error (see `harness corpus`). The table of words, more
than half of all weights, is of int8 in every precision, and cast: left to the converter, it would be of int8 in `dynamic`
only, behind a DEQUANTIZE that TensorFlow Lite 2.16.1 crashes in on x86_64 with AVX-512.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.torch_weights import Weights

TOKENS = 384
"""Question and passage together, with three special pieces; the Task Library's question answerer fills as many."""
HEADS = 12
WORDS = "embeddings.word_embeddings.weight"
TRAINED = "qa."
"""In front of the name of every weight that was trained here."""
DENSE = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The dense layers of a layer of the encoder, each with a low-rank addition `up @ down`."""
_MASKED = -1e4  # fits a half float, and its exponential is 0 in one
_EPSILON = 1e-12

Dense = Callable[[Any, str], Any]
"""A dense layer, by the name of its weights, on a tensor of (batch, tokens, features)."""


def reader(weights: Weights) -> Any:
    """The reader as `keras.Model`: `ids`, `mask`, `segment_ids`, each (1, 384) int32, to two (1, 384) float32.

    The mask is 1 for a piece and 0 for padding; the segment is 0 for the question and 1 for the passage. The outputs
    are `start_logits` and `end_logits`.

    Raises:
        KeyError: a weight is missing.
        ValueError: a weight has another shape.
    """
    from tensorflow import keras

    inputs = [keras.Input((TOKENS,), batch_size=1, dtype="int32", name=name) for name in ("ids", "mask", "segment_ids")]
    start, end = _layer(merged(weights))(*inputs)
    return keras.Model(inputs, {"start_logits": start, "end_logits": end}, name="minilm_qa")


def merged(weights: Weights) -> Weights:
    """The weights with what was trained folded in: `qa.x.up @ qa.x.down` is added to `x.weight`, `qa.x` replaces `x`."""
    trained = {name.removeprefix(TRAINED): values for name, values in weights.items() if name.startswith(TRAINED)}
    plain = {name: values for name, values in weights.items() if not name.startswith(TRAINED)}
    for name, values in trained.items():
        layer, _, part = name.rpartition(".")
        if part == "down":
            low_rank = trained[f"{layer}.up"].astype(np.float32) @ values.astype(np.float32)
            plain[f"{layer}.weight"] = plain[f"{layer}.weight"] + low_rank
        elif part != "up":
            plain[name] = values.astype(np.float32)
    return plain


def word_steps(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], np.float32]:
    """A table as whole numbers of -127 to 127, and the step that they count."""
    step = np.float32(np.abs(table).max() / 127)
    return np.rint(table / step).astype(np.int8), step


def span_logits(weights: Mapping[str, Any], dense: Dense, words: Any, mask: Any, segment_ids: Any) -> tuple[Any, Any]:
    """Logits of start and end, each (batch, tokens), of the words' rows (batch, tokens, features) and int32 (batch, tokens).

    As many layers as `weights` has are gone through; `dense` applies the dense ones among them.
    """
    import tensorflow as tf

    tokens = mask.shape[1] or tf.shape(mask)[1]
    x = words + weights["embeddings.position_embeddings.weight"][tf.newaxis, :tokens]
    # By indices of two dimensions: a gather by one the delegate takes, and then refuses to run, as the table is constant.
    x += tf.gather(weights["embeddings.token_type_embeddings.weight"], segment_ids)
    x = _norm(x, weights, "embeddings.LayerNorm")
    bias = (1.0 - tf.reshape(tf.cast(mask, tf.float32), [-1, 1, 1, tokens])) * _MASKED
    for number in range(layers_of(weights)):
        x = _encoder_layer(weights, dense, x, bias, f"encoder.layer.{number}", tokens)
    start, end = (tf.reshape(dense(x, name), [-1, tokens]) for name in ("start", "end"))
    return start, end


def layers_of(weights: Mapping[str, Any]) -> int:
    """How many layers of the encoder these weights have."""
    return len({name.split(".")[2] for name in weights if name.startswith("encoder.layer.")})


def _encoder_layer(weights: Mapping[str, Any], dense: Dense, x: Any, bias: Any, name: str, tokens: Any) -> Any:
    import tensorflow as tf

    width = x.shape[-1]
    depth = width // HEADS

    def heads(part: str, *order: int) -> Any:
        split = tf.reshape(dense(x, f"{name}.attention.self.{part}"), [-1, tokens, HEADS, depth])
        return tf.transpose(split, order)

    scores = tf.matmul(heads("query", 0, 2, 1, 3) * (1 / math.sqrt(depth)), heads("key", 0, 2, 3, 1)) + bias
    context = tf.matmul(tf.nn.softmax(scores), heads("value", 0, 2, 1, 3))
    context = tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, tokens, width])
    x = _norm(x + dense(context, f"{name}.attention.output.dense"), weights, f"{name}.attention.output.LayerNorm")
    # The exact form: the delegate computes it even where the operator asks for the approximation by tanh.
    inner = tf.nn.gelu(dense(x, f"{name}.intermediate.dense"))
    return _norm(x + dense(inner, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")


def _norm(x: Any, weights: Mapping[str, Any], name: str) -> Any:
    import tensorflow as tf

    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    scale = tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + _EPSILON)
    return centred * scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _layer(weights: Weights) -> Any:
    """The whole network as one Keras layer, its weights constants."""
    import tensorflow as tf
    from tensorflow import keras

    numbers, step = word_steps(weights[WORDS])
    constants = {name: tf.constant(values) for name, values in weights.items() if name != WORDS}

    def dense(x: Any, name: str) -> Any:
        return tf.matmul(x, constants[f"{name}.weight"], transpose_b=True) + constants[f"{name}.bias"]

    class Reader(keras.layers.Layer):  # type: ignore[misc]
        def call(self, ids: Any, mask: Any, segment_ids: Any) -> Any:
            words = tf.cast(tf.gather(numbers, ids), tf.float32) * step
            return span_logits(constants, dense, words, mask, segment_ids)

    return Reader(name="reader")
