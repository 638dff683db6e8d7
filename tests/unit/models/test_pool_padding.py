"""Max pools padded with the lowest number: the same answers by reflection, where that is so, and only there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.models.pool_padding import reflect_padded_pools

LOWEST = float(np.finfo(np.float32).min)


def graph_of(
    *, side: int = 9, pad: int = 1, window: int = 3, value: float = LOWEST, first: bool = False, twice: bool = False
) -> Any:
    """Image, padding, pool with stride 2; with `first`, channels first and a transposition between."""
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        shape = (1, 2, side, side) if first else (1, side, side, 2)
        image = tf.compat.v1.placeholder(tf.float32, shape, name="image")
        around = [[0, 0], [0, 0], [pad, pad], [pad, pad]] if first else [[0, 0], [pad, pad], [pad, pad], [0, 0]]
        padded = tf.pad(image, around, constant_values=value, name="padded")
        wide = tf.transpose(padded, (0, 2, 3, 1)) if first else padded
        tf.nn.max_pool2d(wide, window, 2, "VALID", name="pool")
        if twice:
            tf.reduce_min(padded, name="least")
    return graph.as_graph_def()


def run(graph_def: Any, image: np.ndarray[Any, Any]) -> Any:
    import tensorflow as tf

    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    with tf.compat.v1.Session(graph=graph) as session:
        return session.run("pool:0", {"image:0": image})


def kinds(graph_def: Any) -> list[str]:
    return [node.op for node in graph_def.node if node.op in ("PadV2", "MirrorPad")]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(("side", "pad", "window"), [(9, 1, 3), (8, 1, 3), (8, 2, 5), (7, 2, 6), (5, 4, 9)])
def test_the_answer_is_the_same(first: bool, side: int, pad: int, window: int) -> None:
    """Bit for bit, on numbers below zero: sides even and odd, windows up to all of the image, both layouts."""
    shape = (1, 2, side, side) if first else (1, side, side, 2)
    image = np.random.default_rng(3).normal(-50, 9, shape).astype(np.float32)
    graph = graph_of(side=side, pad=pad, window=window, first=first)
    before = run(graph, image)
    reflect_padded_pools(graph, ["pool:0"])
    assert kinds(graph) == ["MirrorPad"]
    np.testing.assert_array_equal(run(graph, image), before)


@pytest.mark.parametrize(
    "settings",
    [{"pad": 2}, {"side": 4, "pad": 4, "window": 9}, {"value": 0.0}, {"value": -5.0}, {"twice": True}],
    ids=["reaches past what the window has", "more than the image", "zeros", "a number of its own", "used elsewhere"],
)
def test_other_paddings_stay(settings: dict[str, Any]) -> None:
    """Where reflection would say something else, or can't be."""
    graph = graph_of(**settings)
    untouched = graph.SerializeToString(deterministic=True)
    reflect_padded_pools(graph, ["pool:0"])
    assert graph.SerializeToString(deterministic=True) == untouched


def test_a_padding_that_is_an_output_stays() -> None:
    """Somebody wants to see the lowest number."""
    graph = graph_of()
    reflect_padded_pools(graph, ["padded:0", "pool:0"])
    assert kinds(graph) == ["PadV2"]
