"""The app's CPU latency over that of the same library, called from a bare JVM loop on the same input.

    python benchmarks/app_latency.py [--pairs 5] [--rounds 100]

Prints JSON. Both run the libraries out of the same APK on the same bionic layer with the same JVM options, in turn; the
ratio is taken pair by pair. What differs is the app: Android's framework, the recorder, the plan.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import zipfile
from pathlib import Path

from machine import machine, print_json

from harness import Choice, run_scenario
from harness.app.versions import pinned, read_versions
from harness.checkout import APP_PROJECT
from harness.fetch.maven import resolve
from harness.models import DescribedModel, describe_variants, load_card
from harness.models.samples import sample
from harness.pixel.profile import PIXEL_3_XL
from harness.pixel.runtime_build import Runtime, prepare_runtime
from harness.pixel.states import Make
from harness.scenario.inputs import prepared_of
from harness.scenario.packing import build_app, bundle_for

HERE = Path(__file__).parent
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
SCENARIO = """
scenario: latency
models:
  - {{model: efficientnet_lite0, variants: [{variant}]}}
backends:
  cpu: {{delegate: cpu, warmup: 10, rounds: {rounds}}}
inputs: [chelsea]
expect:
  agreement: [{{against: tensorflow, max_abs: 1, same_top: false}}]
"""


def bare(model: DescribedModel, rounds: int, folder: Path, runtime: Runtime) -> float:
    """Median milliseconds of the bare loop."""
    data = folder / "input.bin"
    data.write_bytes(prepared_of(model, [sample("chelsea")]).tensors["chelsea"][0].tobytes())
    classes = os.pathsep.join(str(path) for path in [folder / "classes", *folder.glob("*.jar")])
    done = subprocess.run(
        [str(runtime.java_home / "bin/java"), *JVM, f"-Djava.library.path={folder}", "-cp", classes, "BareLoop",
         str(model.path), str(data), "10", str(rounds)],
        env=os.environ | {"LD_LIBRARY_PATH": str(runtime.folder / "lib64")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"the bare loop ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return statistics.median(int(line) / 1e6 for line in done.stdout.split())


def prepare_bare(folder: Path, runtime: Runtime, app: Path) -> None:
    """The APK's libraries, the AARs' classes and the compiled loop in one folder."""
    with zipfile.ZipFile(app) as apk:
        for name in apk.namelist():
            if name.startswith("lib/x86_64/"):
                (folder / Path(name).name).write_bytes(apk.read(name))
    libraries = pinned(APP_PROJECT, read_versions(APP_PROJECT)).libraries
    for artifact, path in resolve(libraries).items():
        with zipfile.ZipFile(path) as aar:
            (folder / f"{artifact.name}.jar").write_bytes(aar.read("classes.jar"))
    jars = os.pathsep.join(str(path) for path in folder.glob("*.jar"))
    javac = str(runtime.java_home / "bin/javac")
    subprocess.run([javac, "-cp", jars, "-d", str(folder / "classes"), str(HERE / "bare/BareLoop.java")], check=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--variant", default="fp32")
    options = parser.parse_args()
    runtime = prepare_runtime(PIXEL_3_XL.sdk)
    (model,) = describe_variants(load_card("efficientnet_lite0"), [options.variant])
    pairs = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario = folder / "latency.yaml"
        scenario.write_text(SCENARIO.format(variant=options.variant, rounds=options.rounds))
        for turn in range(-1, options.pairs):
            found = run_scenario(scenario, Choice(), virtual=Make(), results=folder / "results")
            latency = found.rows[0].latency
            if latency is None:
                raise SystemExit(f"the app measured nothing: {found.model_dump_json(indent=1)}")
            if turn < 0:
                app = build_app(bundle_for({(model.model, str(model.variant)): model}, [sample("chelsea")]))
                prepare_bare(folder, runtime, app.path)
                continue
            pairs.append((latency.median, bare(model, options.rounds, folder, runtime)))
    ratios = [app / loop for app, loop in pairs]
    print_json(
        {
            "benchmark": "app_latency",
            "machine": machine(),
            "model": model.id,
            "rounds_each": options.rounds,
            "app_median_ms": [round(app, 3) for app, _ in pairs],
            "bare_median_ms": [round(loop, 3) for _, loop in pairs],
            "ratio": {"minimum": min(ratios), "median": statistics.median(ratios), "maximum": max(ratios)},
            "wanted": "median at most 1.05",
        }
    )


if __name__ == "__main__":
    main()
