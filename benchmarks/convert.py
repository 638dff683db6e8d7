"""How long a conversion takes: through the harness, by TFLiteConverter alone, and out of the cache.

    python benchmarks/convert.py [--runs 5]

Prints JSON. Both convert the same Keras file (a convolutional network of some 3.5 million random weights) to the same
variants in a process of its own each time, the two in turns; TensorFlow is imported in each. The harness checks, names
and keeps the files besides. Every conversion has an empty cache; the last of them is then asked for again.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import machine, print_json

CHECKOUT = Path(__file__).resolve().parents[1]
VARIANTS = ("fp32", "fp16", "dynamic")
MAKE = """
import sys
from tensorflow import keras
image = keras.Input((224, 224, 3), name="image")
keras.Model(image, keras.applications.MobileNetV2(weights=None)(image)).save(sys.argv[1])
"""
ALONE = """
import sys
import tensorflow as tf
model = tf.keras.models.load_model(sys.argv[1], compile=False)
for variant in ("fp32", "fp16", "dynamic"):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if variant != "fp32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if variant == "fp16":
        converter.target_spec.supported_types = [tf.float16]
    with open(f"{sys.argv[2]}/{variant}.tflite", "wb") as file:
        file.write(converter.convert())
"""
OURS = """
import sys
from harness.models.convert import convert_recipe
from harness.models.recipe import recipe_for
convert_recipe(recipe_for(sys.argv[1]), ("fp32", "fp16", "dynamic"))
"""


def time_process(code: str, arguments: list[str], cache: Path) -> float:
    """Wall-clock seconds of one process."""
    environment = {**os.environ, "HARNESS_CACHE": str(cache), "PYTHONPATH": str(CHECKOUT), "CUDA_VISIBLE_DEVICES": "-1"}
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True, capture_output=True)
    return round(time.monotonic() - start, 3)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    ours, alone, again = [], [], []
    with tempfile.TemporaryDirectory(prefix="harness-benchmark-") as scratch:
        folder = Path(scratch)
        model = str(folder / "net.keras")
        time_process(MAKE, [model], folder)
        for number in range(runs):
            cache = folder / f"cache-{number}"
            alone.append(time_process(ALONE, [model, scratch], cache))
            ours.append(time_process(OURS, [model], cache))
            again.append(time_process(OURS, [model], cache))
    medians = {name: statistics.median(times) for name, times in (("ours", ours), ("alone", alone), ("cached", again))}
    print_json(
        {
            "machine": machine(),
            "variants": VARIANTS,
            "harness_s": ours,
            "tflite_converter_s": alone,
            "cached_s": again,
            "medians_s": medians,
            "harness_over_converter": round(medians["ours"] / medians["alone"], 3),
            "cached_over_converter": round(medians["cached"] / medians["alone"], 3),
        }
    )


if __name__ == "__main__":
    main()
