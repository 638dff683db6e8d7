"""A tiny app with code: an instrumentation that tells what it finds, and a feature split for it to find."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.app.versions import pinned, read_versions
from harness.fetch.maven import resolve
from harness.pixel.runtime_build import find_jdk
from tests.tiny_apk import NAME, Tag, manifest, pack, split_manifest

PROJECT = Path(__file__).parents[1] / "android_app"
CAMERA: Tag = ("uses-permission", {NAME: "android.permission.CAMERA"}, [])
PROBE = """\
package dev.tiny;

import android.app.Instrumentation;
import android.content.Context;
import android.os.Bundle;
import java.io.InputStream;
import java.util.Arrays;

public class Probe extends Instrumentation {
    @Override
    public void onCreate(Bundle arguments) {
        super.onCreate(arguments);
        start();
    }

    @Override
    public void onStart() {
        Bundle found = new Bundle();
        Context context = getTargetContext();
        found.putString("camera", "" + context.checkSelfPermission("android.permission.CAMERA"));
        found.putString("internet", "" + context.checkSelfPermission("android.permission.INTERNET"));
        found.putString("splits", Arrays.toString(context.getApplicationInfo().splitNames));
        try (InputStream asset = context.getAssets().open("from_split.txt")) {
            found.putString("asset", new String(asset.readAllBytes()));
        } catch (Exception e) {
            found.putString("asset", e.toString());
        }
        try {
            Object extra = Class.forName("dev.tiny.Extra").getDeclaredConstructor().newInstance();
            found.putString("extra", ((Greeting) extra).greet());
        } catch (ReflectiveOperationException e) {
            found.putString("extra", e.toString());
        }
        finish(-1, found);
    }
}
"""
GREETING = "package dev.tiny;\n\npublic abstract class Greeting {\n    public abstract String greet();\n}\n"
EXTRA = """\
package dev.tiny;

public class Extra extends Greeting {
    @Override
    public String greet() {
        return "of the split";
    }
}
"""


def probe_apks(folder: Path) -> tuple[Path, Path]:
    """Unsigned: the base, and its split `feature` with a class and an asset."""
    base = dex_of(folder / "base", {"Probe": PROBE, "Greeting": GREETING}, ("Probe", "Greeting"))
    split = dex_of(folder / "split", {"Greeting": GREETING, "Extra": EXTRA}, ("Extra",))
    return (
        pack(folder / "base.apk", manifest(above=[CAMERA]), files={"classes.dex": base}),
        pack(
            folder / "feature.apk",
            split_manifest("feature"),
            files={"classes.dex": split, "assets/from_split.txt": b"an asset"},
        ),
    )


def dex_of(folder: Path, sources: Mapping[str, str], kept: Sequence[str]) -> bytes:
    """Dex of the `kept` ones of some classes of `dev.tiny`, by the JDK's javac and the pinned D8."""
    artifacts = pinned(PROJECT, read_versions(PROJECT))
    files = resolve([artifacts.android, artifacts.r8])
    android, r8 = files[artifacts.android], files[artifacts.r8]
    (folder / "java").mkdir(parents=True)
    for name, text in sources.items():
        (folder / f"java/{name}.java").write_text(text)
    jdk = find_jdk()
    names = [str(folder / f"java/{name}.java") for name in sources]
    javac: list[Path | str] = [
        jdk / "bin/javac",
        "--release",
        "11",
        "-proc:none",
        "-nowarn",
        "-cp",
        android,
        "-d",
        folder,
        *names,
    ]
    subprocess.run(javac, check=True, capture_output=True, timeout=60)
    classes = [str(folder / f"dev/tiny/{name}.class") for name in kept]
    arguments = [
        "--min-api",
        "24",
        "--lib",
        str(android),
        "--lib",
        str(jdk),
        "--classpath",
        str(folder),
        "--output",
        str(folder),
        *classes,
    ]
    d8: list[Path | str] = [jdk / "bin/java", "-cp", r8, "com.android.tools.r8.D8", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"}
    subprocess.run(d8, check=True, capture_output=True, timeout=120, env=environment)
    return (folder / "classes.dex").read_bytes()
