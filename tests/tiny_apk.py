"""APKs of a few kilobytes, written by hand: small enough to install hundreds of times, and to break in any way."""

from __future__ import annotations

import struct
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.pixel.axml import ANDROID

NAME, LABEL, PERMISSION, PROTECTION_LEVEL = 0x01010003, 0x01010001, 0x01010006, 0x01010009
SHARED_USER, ENABLED, DEBUGGABLE, EXPORTED, PROCESS = 0x0101000B, 0x0101000E, 0x0101000F, 0x01010010, 0x01010011
AUTHORITIES, TARGET_PACKAGE, SCHEME, TARGET_ACTIVITY = 0x01010018, 0x01010021, 0x01010027, 0x01010202
MIN_SDK, VERSION_CODE, VERSION_NAME, TARGET_SDK, TEST_ONLY = 0x0101020C, 0x0101021B, 0x0101021C, 0x01010270, 0x01010272
REQUIRED, EXTRACT_NATIVE_LIBS, ISOLATED_SPLITS = 0x0101028E, 0x010104EA, 0x0101054B
FEATURE_SPLIT, SPLIT_REQUIRED, REQUIRED_TYPES, SPLIT_TYPES = 0x0101055B, 0x01010591, 0x0101064E, 0x0101064F


@dataclass(frozen=True)
class Ref:
    """A resource's id, as a value."""

    id: int


Attributes = Mapping[int | str, str | int | bool | Ref]
Tag = tuple[str, Attributes, Sequence["Tag"]]
"""A tag, its attributes (Android's by resource id, `package` by name), and the tags in it."""


def manifest(
    package: str = "dev.tiny",
    *,
    version: int = 1,
    min_sdk: int | str = 24,
    target_sdk: int = 34,
    test_only: bool = False,
    debuggable: bool = True,
    root: Attributes | None = None,
    application: Attributes | None = None,
    above: Sequence[Tag] = (),
    inside: Sequence[Tag] = (),
) -> Tag:
    """A manifest with one launcher activity and one instrumentation; more attributes, and more tags in both."""
    activity: Tag = ("activity", {NAME: ".MainActivity", EXPORTED: True}, [LAUNCHER])
    app: Attributes = {DEBUGGABLE: debuggable, TEST_ONLY: test_only, **(application or {})}
    return (
        "manifest",
        {"package": package, VERSION_CODE: version, VERSION_NAME: f"{version}.0", **(root or {})},
        [
            ("uses-sdk", {MIN_SDK: min_sdk, TARGET_SDK: target_sdk}, []),
            ("uses-permission", {NAME: "android.permission.INTERNET"}, []),
            *above,
            ("application", app, [activity, *inside]),
            ("instrumentation", {NAME: ".Probe", TARGET_PACKAGE: package}, []),
        ],
    )


LAUNCHER: Tag = (
    "intent-filter",
    {},
    [
        ("action", {NAME: "android.intent.action.MAIN"}, []),
        ("category", {NAME: "android.intent.category.LAUNCHER"}, []),
    ],
)


def split_manifest(
    split: str,
    package: str = "dev.tiny",
    *,
    version: int = 1,
    root: Attributes | None = None,
    inside: Sequence[Tag] = (),
) -> Tag:
    """The manifest of a split."""
    attributes: Attributes = {"package": package, "split": split, VERSION_CODE: version, **(root or {})}
    return ("manifest", attributes, [("application", {}, inside)])


def binary_xml(root: Tag, *, utf8: bool = False) -> bytes:
    """The tree as aapt2 writes it: string pool, resource map, elements."""
    ids: list[int] = []
    texts: list[str] = [ANDROID]
    _collect(root, ids, texts)
    strings = ["name" if number == NAME else f"attr{number:x}" for number in ids] + list(dict.fromkeys(texts))
    body = _string_pool(strings, utf8=utf8)
    body += struct.pack(f"<HHI{len(ids)}I", 0x0180, 8, 8 + 4 * len(ids), *ids)
    body += _element(root, ids, {text: index for index, text in reversed(list(enumerate(strings)))})
    return struct.pack("<HHI", 3, 8, 8 + len(body)) + body


def pack(path: Path, tree: Tag | None = None, files: Mapping[str, bytes] | None = None) -> Path:
    """An unsigned APK: a manifest, a file for `classes.dex`, and `files`, all of them stored."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("AndroidManifest.xml", binary_xml(tree or manifest()))
        for name, data in {"classes.dex": b"dex\n035\0", **(files or {})}.items():
            archive.writestr(name, data)
    return path


def keystore(path: Path) -> Path:
    """A key of its own, made by keytool."""
    command: list[str] = [
        "keytool",
        "-genkeypair",
        "-keystore",
        str(path),
        "-storepass",
        "android",
        "-keypass",
        "android",
        "-alias",
        "a",
    ]
    command += ["-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=test", "-validity", "10000"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return path


def sign(apk: Path, keys: Path, *options: str) -> Path:
    """Sign the APK in place, with schemes v2 and v3 unless `options` of apksigner say otherwise."""
    command = ["apksigner", "sign", "--ks", str(keys), "--ks-pass", "pass:android", "--min-sdk-version", "24"]
    subprocess.run([*command, *options, str(apk)], check=True, capture_output=True, timeout=60)
    return apk


def _collect(tag: Tag, ids: list[int], texts: list[str]) -> None:
    name, attributes, children = tag
    texts.append(name)
    for key, value in attributes.items():
        if isinstance(key, int):
            if key not in ids:
                ids.append(key)
        else:
            texts.append(key)
        if isinstance(value, str):
            texts.append(value)
    for child in children:
        _collect(child, ids, texts)


def _string_pool(strings: list[str], *, utf8: bool) -> bytes:
    data, offsets = b"", []
    for text in strings:
        offsets.append(len(data))
        if utf8:
            encoded = text.encode()
            data += _length8(len(text)) + _length8(len(encoded)) + encoded + b"\0"
        else:
            data += struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
    data += bytes(-len(data) % 4)
    start = 28 + 4 * len(strings)
    header = struct.pack("<HHI5I", 1, 28, start + len(data), len(strings), 0, 0x100 if utf8 else 0, start, 0)
    return header + struct.pack(f"<{len(strings)}I", *offsets) + data


def _length8(length: int) -> bytes:
    return bytes([0x80 | length >> 8, length & 0xFF]) if length > 0x7F else bytes([length])


def _element(tag: Tag, ids: list[int], index: dict[str, int]) -> bytes:
    name, attributes, children = tag
    packed = b""
    for key in sorted(
        attributes, key=lambda each: (isinstance(each, str), each)
    ):  # Android looks for them in this order
        value = attributes[key]
        space, place = (index[ANDROID], ids.index(key)) if isinstance(key, int) else (0xFFFFFFFF, index[key])
        if isinstance(value, Ref):
            raw, kind, number = 0xFFFFFFFF, 0x01, value.id
        elif isinstance(value, bool):
            raw, kind, number = 0xFFFFFFFF, 0x12, 0xFFFFFFFF if value else 0
        elif isinstance(value, int):
            raw, kind, number = 0xFFFFFFFF, 0x10, value
        else:
            raw = number = index[value]
            kind = 3
        packed += struct.pack("<IIIHBBI", space, place, raw, 8, 0, kind, number)
    start = struct.pack("<II", 1, 0xFFFFFFFF)
    extent = struct.pack("<IIHHHHHH", 0xFFFFFFFF, index[name], 20, 20, len(attributes), 0, 0, 0)
    opening = struct.pack("<HHI", 0x0102, 16, 16 + len(extent) + len(packed)) + start + extent + packed
    closing = struct.pack("<HHI", 0x0103, 16, 24) + start + struct.pack("<II", 0xFFFFFFFF, index[name])
    return opening + b"".join(_element(child, ids, index) for child in children) + closing
