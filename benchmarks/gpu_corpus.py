"""What OpenCL, OpenGL ES and WebGPU make of the must-catch corpus, on which machine, and how long that takes.

    python benchmarks/gpu_corpus.py [--backend webgpu]

Prints JSON, with a row a model and backend. The device is the one there, or else a virtual Pixel; WebGPU needs none.
"""

from __future__ import annotations

import argparse
import sys
import time

from machine import machine, print_json

from harness.models.corpus import BACKENDS, corpus
from harness.report.corpus import results_document
from harness.scenario.corpus import run_corpus


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--backend", action="append", choices=BACKENDS)
    options = parser.parse_args()
    start = time.monotonic()
    found = run_corpus(
        corpus(), backends=options.backend or BACKENDS, say=lambda message: print(message, file=sys.stderr)
    )
    print_json(
        {
            "benchmark": "gpu_corpus",
            "machine": machine(),
            "models": len(corpus()),
            "seconds": round(time.monotonic() - start, 1),
            "mispredicted": [[row.case.name, row.backend] for row in found.mispredicted],
            "surprises": [[row.case.name, row.backend, row.fate] for row in found.surprises],
            "wanted": "no mispredicted, no surprises",
            **results_document(found),
        }
    )


if __name__ == "__main__":
    main()
