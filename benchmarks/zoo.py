"""All models of the catalogue, all their variants, on the CPU and on both ways of GpuDelegate: one run of scenarios/zoo.yaml.

    python benchmarks/zoo.py [--write]

Prints JSON: wall-clock seconds of the whole run and of its stages, and for each cell verdict, coverage predicted and
observed, distance and milliseconds. With --write it keeps what was measured in metadata/measured.json, which
`harness models` shows, and draws docs/zoo.md and docs/zoo.svg from it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machine import machine, print_json

from harness import run_scenario
from harness.console import Progress
from harness.models.catalog import load_card
from harness.models.measured import MEASURED, Figure, Measured, MeasuredVariant, OnBackend
from harness.pixel.states import Make
from harness.results.coverage import GPU_DELEGATE
from harness.results.document import Row, RunResults

CHECKOUT = Path(__file__).resolve().parents[1]
CPU, GPU = "cpu", ("gpu-opencl", "gpu-opengl")
_MEGABYTE = 1_000_000
_COLOURS = {CPU: "#5f6b7a", "gpu-opencl": "#2a9d8f", "gpu-opengl": "#e9a23b"}


def measured_of(results: RunResults) -> Measured:
    """A run as the catalogue keeps it."""
    models: dict[str, dict[str, MeasuredVariant]] = {}
    for row in results.rows:
        variants = models.setdefault(row.model, {})
        before = variants.get(row.variant)
        figures = tuple(Figure(**score.model_dump()) for score in row.scores) if row.backend == CPU else ()
        variants[row.variant] = MeasuredVariant(
            bytes=row.model_bytes,
            scores=(before.scores if before else ()) or figures,
            backends={**(before.backends if before else {}), row.backend: _on_backend(row)},
        )
    device = results.device
    return Measured(
        schema=1,
        date=results.started_utc[:10],
        device=f"{device.manufacturer} {device.model}, Android {device.release}" if device else "",
        latency_of=results.rows[0].latency_of,
        machine=machine(),
        models=models,
    )


def _on_backend(row: Row) -> OnBackend:
    took = next((take for take in row.coverage or () if take.delegate == GPU_DELEGATE), None)
    word = "invalid" if row.outcome == "skip" else str(row.outcome)
    return OnBackend(
        ms=row.latency.median if row.latency else None,
        outcome=f"{word} (known)" if row.known else word,
        taken=took.taken if took else None,
        total=took.total if took else None,
        predicted=row.predicted,
        apart=row.worst.strain if row.worst else None,
        reason=row.issues[0].code if row.issues else "",
    )


def table_of(measured: Measured) -> str:
    """A page with a row a variant."""
    lines = [
        "# The catalogue, measured",
        "",
        f"One run of `scenarios/zoo.yaml` on {measured.device} ({measured.latency_of}), {measured.date}: median",
        "milliseconds on the CPU and on GpuDelegate over OpenCL and OpenGL ES, nodes that the delegate took, and how far",
        "answers are from the reference's as a share of what is allowed. Scores are over the few samples of the scenario;",
        "what was found on held-out data stands in `harness models`.",
        "",
        "![Milliseconds of each model](zoo.svg)",
        "",
        "| model | variant | MB | score | CPU ms | OpenCL ms | nodes | apart | OpenGL ES ms | nodes | apart |",
        "| --- | --- | --: | --- | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for model, variants in measured.models.items():
        for place, (variant, found) in enumerate(variants.items()):
            cells = [model if place == 0 else "", variant, f"{found.bytes / _MEGABYTE:.1f}"]
            cells += [str(found.scores[0]) if found.scores else "", _ms(found.backends.get(CPU))]
            for name in GPU:
                seen = found.backends.get(name)
                cells += [_ms(seen), _taken(seen), f"{seen.apart:.0%}" if seen and seen.apart is not None else ""]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _ms(seen: OnBackend | None) -> str:
    if seen is None:
        return ""
    return f"{seen.ms:.1f}" if seen.ms is not None else seen.reason.rpartition(".")[2]


def _taken(seen: OnBackend | None) -> str:
    return f"{seen.taken}/{seen.total}" if seen and seen.taken is not None else ""


def draw(measured: Measured, target: Path) -> None:
    """Bars of each model's first variant, CPU and GPU, on a logarithmic axis, with size and score beside the name."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "zoo", "font.size": 9, "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib import pyplot

    rows = [(model, *next(iter(variants.items()))) for model, variants in measured.models.items()]
    figure, axes = pyplot.subplots(figsize=(9.6, 0.62 * len(rows) + 1.4))
    for series, (backend, colour) in enumerate(_COLOURS.items()):
        for place, (_, _, found) in enumerate(rows):
            seen, at = found.backends.get(backend), place + (series - 1) * 0.26
            if seen is None:
                continue
            if seen.ms is None:
                axes.text(0.22, at, seen.reason.rpartition(".")[2], va="center", color=colour, fontsize=7)
                continue
            axes.barh(at, seen.ms, 0.24, color=colour, label=backend if place == 0 else None)
            axes.text(seen.ms * 1.06, at, f"{seen.ms:.1f}", va="center", fontsize=7)
    names = [
        f"{load_card(model).title}  ({variant}, {found.bytes / _MEGABYTE:.1f} MB)" for model, variant, found in rows
    ]
    scores = ["\n" + ", ".join(map(str, found.scores[:2])) if found.scores else "" for _, _, found in rows]
    axes.set_yticks(range(len(rows)), [name + score for name, score in zip(names, scores, strict=True)])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(left=0.2)
    axes.set_xlabel(f"median milliseconds an inference ({measured.latency_of})")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
    axes.xaxis.set_major_formatter("{x:g}")
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None, "Creator": None})


def counts(rows: tuple[Row, ...]) -> Mapping[str, int]:
    """How many cells came to which verdict, and on how many the prediction of coverage didn't come true."""
    found: dict[str, int] = {"cells": len(rows), "mispredicted": 0}
    for row in rows:
        seen = _on_backend(row)
        found[seen.outcome] = found.get(seen.outcome, 0) + 1
        found["mispredicted"] += any(issue.code == "coverage.mispredicted" for issue in row.issues)
    return found


def main() -> None:
    """Run, print, and keep what was measured when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="keep what was measured in metadata/ and docs/")
    options = parser.parse_args()
    start = time.monotonic()
    with Progress() as progress:
        results = run_scenario(CHECKOUT / "scenarios" / "zoo.yaml", virtual=Make(), progress=progress)
    wall = time.monotonic() - start
    measured = measured_of(results)
    if options.write:
        text = json.dumps(measured.model_dump(mode="json", by_alias=True), indent=1, ensure_ascii=False)
        (CHECKOUT / "metadata" / MEASURED).write_text(text + "\n", encoding="utf-8")
        (CHECKOUT / "docs" / "zoo.md").write_text(table_of(measured), encoding="utf-8")
        draw(measured, CHECKOUT / "docs" / "zoo.svg")
    found: dict[str, Any] = {
        "benchmark": "zoo",
        "machine": machine(),
        "wall_seconds": round(wall, 1),
        "wanted": "under 900 s with models in the cache; predicted coverage equal to the observed on all cells",
        "stages_seconds": results.seconds,
        "counts": counts(results.rows),
        "exit_code": int(results.exit_code),
        "run": results.run_id,
        "rows": measured.model_dump(mode="json")["models"],
    }
    print_json(found)


if __name__ == "__main__":
    main()
