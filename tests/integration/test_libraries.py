"""Google's own libraries for Android, version by version, on the virtual Pixel: they link, load, and answer right."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.app.bundle import Bundle, Model, Photo, Variant, bundle_of
from harness.app.direct import build_apk
from harness.app.versions import CATALOG, LOCK
from harness.fetch.maven import Artifact, read_lock, resolve
from harness.fetch.store import cached, key_of
from harness.models import DescribedModel
from harness.models.catalog import load_card
from harness.models.describe import describe_variants
from harness.models.samples import sample
from harness.pixel.bionic_build import compile_bionic
from harness.pixel.root import build_root
from harness.pixel.runtime_build import Runtime, find_jdk, prepare_runtime
from tests.elf import ElfLibrary
from tests.integration.installed_app import NAME, Log, Ran, install, perform

PROJECT = Path(__file__).parents[2] / "android_app"
APP = Path(__file__).parents[1] / "data/library_app"
LIBRARIES = {f"{each.name}:{each.version}": each for each in read_lock(APP / "artifacts.lock")}
SMALL = "models/small/fp32.tflite"

pytestmark = pytest.mark.slow


class LibraryApp:
    """The library app, built with some of Google's libraries and installed on a device of its own."""

    def __init__(self, folder: Path, libraries: Sequence[str], parts: Sequence[str], bundle: Bundle) -> None:
        project = folder / "android_app"
        shutil.copytree(PROJECT, project)
        _choose(project, [LIBRARIES[name] for name in libraries])
        main = project / "app/src/main"
        shutil.rmtree(main / "java")
        for part in parts:
            shutil.copytree(APP / part, main / "java/dev/tfliteharness", dirs_exist_ok=True)
        shutil.copy(APP / "AndroidManifest.xml", main / "AndroidManifest.xml")
        apk = build_apk(bundle, project, folder / "app.apk", abis=("x86_64",))
        self.root = folder / "root"
        self.runtime: Runtime = prepare_runtime(34)
        build_root(self.root)
        self.package = install(self.root, apk.path)

    def run(self, what: str, **arguments: str) -> Ran:
        """What the instrumentation of that name makes of these arguments; it must come to its end."""
        command = {"do": "instrument", "component": f"{NAME}/.{what}", "args": arguments}
        with Log(self.root / "dev/socket/logdw") as log:
            ran = asyncio.run(perform(self.root, self.package, self.runtime, log, (command,)))
        assert ran.event("finish")["code"] == -1, ran.events
        return ran


def _choose(project: Path, libraries: Sequence[Artifact]) -> None:
    """Have the project's catalog and lock name these libraries."""
    catalog = (project / CATALOG).read_text()
    tools = [line for line in (project / LOCK).read_text().splitlines() if "org.tensorflow" not in line]
    head, _, rest = catalog.partition("[libraries]")
    entries = "".join(
        f'{each.name} = {{ module = "{each.group}:{each.name}", version.ref = "{each.name}" }}\n' for each in libraries
    )
    versions = "".join(f'{each.name} = "{each.version}"\n' for each in libraries)
    others = "".join(f"{line}\n" for line in rest.splitlines() if not line.startswith(("tensorflow", "app = ")))
    names = json.dumps([each.name for each in libraries])
    others = others.replace("[bundles]\n", f"[bundles]\napp = {names}\n")
    (project / CATALOG).write_text(f"{head}{versions}\n[libraries]\n{entries}{others}")
    lines = [*tools, *(f"{each.coordinates} {each.sha256}" for each in libraries)]
    (project / LOCK).write_text("".join(f"{line}\n" for line in lines))


def numbers(ran: Ran) -> list[float]:
    values: list[float] = json.loads(ran.event("finish")["values"]["output"])
    return values


@pytest.fixture(scope="module")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled layer."""
    folder = tmp_path_factory.mktemp("layer") / "lib64"
    compile_bionic(folder, jdk=find_jdk())
    return folder


@pytest.fixture(scope="module")
def expected(small_model: Model) -> list[float]:
    """What the host's LiteRT answers to the library app's input."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(small_model.variants[0].file))
    interpreter.allocate_tensors()
    entry, leave = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    size = int(np.prod(entry["shape"]))
    values: NDArray[np.float32] = (np.arange(size) % 100 / np.float32(100)).astype(np.float32)
    interpreter.set_tensor(entry["index"], values.reshape(entry["shape"]))
    interpreter.invoke()
    return [float(value) for value in interpreter.get_tensor(leave["index"]).ravel()]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_layer_gives_all_that_a_library_asks(layer: Path, library: str) -> None:
    """Each symbol that a library can't be without is in one of the libraries that it needs, and those are all there."""
    drivers = {"libEGL.so": "libEGL.so.1", "libGLESv3.so": "libGLESv2.so.2"}
    with zipfile.ZipFile(resolve([LIBRARIES[library]])[LIBRARIES[library]]) as aar:
        own = [ElfLibrary(aar.read(name)) for name in aar.namelist() if name.startswith("jni/x86_64/")]
    missing: dict[str, list[str]] = {}
    for each in own:
        given: set[str] = set()
        for needed in each.needed:
            place = Path(f"/usr/lib/x86_64-linux-gnu/{drivers[needed]}") if needed in drivers else layer / needed
            given |= {symbol.name for symbol in ElfLibrary(place.read_bytes()).symbols if symbol.defined}
        missing[library] = [symbol.name for symbol in each.undefined if not symbol.weak and symbol.name not in given]
    assert all(names == [] for names in missing.values()), missing


@pytest.fixture(scope="module")
def v2_14(small_bundle: Bundle, flex_model: Path, tmp_path_factory: pytest.TempPathFactory) -> LibraryApp:
    """TensorFlow Lite 2.14 with its GPU delegate and the select operators."""
    libraries = ["tensorflow-lite:2.14.0", "tensorflow-lite-api:2.14.0", "tensorflow-lite-gpu:2.14.0"]
    libraries += ["tensorflow-lite-gpu-api:2.14.0", "tensorflow-lite-select-tf-ops:2.14.0"]
    flex = Model("flex", "Determinant", "general", (Variant("fp32", flex_model),))
    bundle = bundle_of([*small_bundle.models, flex], small_bundle.photos)
    return LibraryApp(tmp_path_factory.mktemp("v2_14"), libraries, ["interpreter", "gpu"], bundle)


@pytest.fixture(scope="module")
def flex_model() -> Path:
    """A model with an operator that only TensorFlow's own kernels compute: the determinant of a matrix and one."""

    def make(folder: Path) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        folder.mkdir()
        one = tf.eye(4)
        function = tf.function(lambda x: tf.linalg.det(x + one), input_signature=[tf.TensorSpec([1, 4, 4])])
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
        (folder / "determinant.tflite").write_bytes(converter.convert())

    return cached("test-models", key_of("flex", "determinant"), make) / "determinant.tflite"


def test_tensorflow_lite_2_14_answers_on_the_cpu(v2_14: LibraryApp, expected: list[float]) -> None:
    """Its interpreter, with XNNPACK, says what the host says."""
    ran = v2_14.run("InterpreterRun", model=SMALL)
    assert ran.event("finish")["values"]["version"] == "2.14.0"
    assert numbers(ran) == pytest.approx(expected, abs=1e-5)
    assert "Created TensorFlow Lite XNNPACK delegate for CPU." in ran.log.of("tflite")


@pytest.mark.parametrize(("backend", "said"), [("OPENCL", "OpenCL"), ("OPENGL", "OpenGL")])
def test_the_gpu_delegate_2_14_answers(v2_14: LibraryApp, expected: list[float], backend: str, said: str) -> None:
    """Its GPU delegate, which needs libnativewindow.so, runs over both of the GPU's interfaces."""
    ran = v2_14.run("GpuRun", model=SMALL, delegate=backend)
    assert numbers(ran) == pytest.approx(expected, abs=1e-4)
    assert f"Initialized {said}-based API." in ran.log.of("tflite")


def test_nnapi_is_absent_as_android_says_it(v2_14: LibraryApp, expected: list[float]) -> None:
    """Without libneuralnetworks.so the delegate, as on a phone that lacks it, takes no node, and the CPU computes."""
    ran = v2_14.run("InterpreterRun", model=SMALL, delegate="nnapi")
    assert numbers(ran) == pytest.approx(expected, abs=1e-5)
    assert "Created TensorFlow Lite delegate for NNAPI." in ran.log.of("tflite")
    assert not any("NnApi" in line and line.startswith("Replacing") for line in ran.log.of("tflite"))


def test_select_operators_run(v2_14: LibraryApp) -> None:
    """TensorFlow's own kernel, out of a library of 118 MB, computes what no operator of TensorFlow Lite does."""
    ran = v2_14.run("InterpreterRun", model="models/flex/fp32.tflite")
    matrix = np.arange(16).reshape(4, 4) / 100 + np.eye(4)
    assert numbers(ran) == pytest.approx([np.linalg.det(matrix)], rel=1e-5)
    assert any("TfLiteFlexDelegate" in line for line in ran.log.of("tflite"))


def test_tensorflow_lite_2_15_answers_on_the_cpu(small_bundle: Bundle, tmp_path: Path, expected: list[float]) -> None:
    """Its interpreter, with XNNPACK, says what the host says."""
    libraries = ["tensorflow-lite:2.15.0", "tensorflow-lite-api:2.15.0"]
    ran = LibraryApp(tmp_path, libraries, ["interpreter"], small_bundle).run("InterpreterRun", model=SMALL)
    assert ran.event("finish")["values"]["version"] == "2.15.0"
    assert numbers(ran) == pytest.approx(expected, abs=1e-5)


@pytest.fixture(scope="module")
def tasks(efficientnet: dict[str, DescribedModel], tmp_path_factory: pytest.TempPathFactory) -> LibraryApp:
    """Google's Task Library with two of the catalogue's described models, and a photo of the samples."""
    libraries = ["tensorflow-lite-api:2.14.0", "tensorflow-lite-support:0.4.4", "tensorflow-lite-support-api:0.4.4"]
    libraries += ["tensorflow-lite-task-base:0.4.4", "tensorflow-lite-task-vision:0.4.4"]
    libraries += ["tensorflow-lite-task-text:0.2.0"]
    texts = {each.variant.value: each for each in describe_variants(load_card("movie_sentiment"))}
    people = {each.variant.value: each for each in describe_variants(load_card("ssdlite_person"))}
    models = [
        Model("photo", "Photo", "general", (Variant("fp32", efficientnet["fp32"].path),)),
        Model("people", "People", "general", (Variant("fp32", people["fp32"].path),)),
        Model("text", "Text", "general", (Variant("fp32", texts["fp32"].path),)),
    ]
    bundle = bundle_of(
        models, [Photo("cat", sample("chelsea").path, "Egyptian cat"), Photo("admiral", sample("grace_hopper").path)]
    )
    return LibraryApp(tmp_path_factory.mktemp("tasks"), libraries, ["tasks"], bundle)


def test_the_task_library_names_a_photo(tasks: LibraryApp) -> None:
    """Told nothing but the model's file, ImageClassifier prepares the photo by its metadata and names its label."""
    ran = tasks.run("TasksRun", task="image", model="models/photo/fp32.tflite", photo="photos/cat.png")
    label, score = ran.event("finish")["values"]["answer"].split("|")
    assert label == "Egyptian cat"
    assert float(score) > 0.5


def test_the_task_library_finds_a_person(tasks: LibraryApp) -> None:
    """ObjectDetector finds its four tensors by the model's metadata, and the person in the photo."""
    ran = tasks.run("TasksRun", task="detection", model="models/people/fp32.tflite", photo="photos/admiral.jpg")
    label, score, box = ran.event("finish")["values"]["answer"].split("|")
    left, top, right, bottom = (float(part) for part in box.strip("[]").replace("][", ",").split(","))
    assert (label, float(score) > 0.9) == ("person", True)
    assert max(left, top) < 50  # of 512 by 606 pixels, which the admiral fills
    assert (right > 450, bottom > 550) == (True, True)


@pytest.mark.parametrize(("text", "label"), [("a wonderful, moving film", "positive"), ("dull and awful", "negative")])
def test_the_task_library_judges_a_text(tasks: LibraryApp, text: str, label: str) -> None:
    """NLClassifier finds vocabulary, tokenizer and labels in the model, and judges a review as it should."""
    ran = tasks.run("TasksRun", task="text", model="models/text/fp32.tflite", text=text)
    scores = dict(pair.split("|") for pair in ran.event("finish")["values"]["answer"].split())
    assert max(scores, key=lambda name: float(scores[name])) == label
