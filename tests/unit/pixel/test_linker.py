"""What Android's linker refuses, in its words, before glibc sees it; and what an app may find of the system."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.pixel.logcat import Buffer, Priority
from tests.elf import ElfLibrary
from tests.unit.pixel.native_layer import NativeLayer

Damage = Callable[[bytearray], None]


@pytest.fixture(scope="module")
def plain(layer: NativeLayer) -> Path:
    """A library that loads."""
    return layer.build("plain", "int answer(void) { return 42; }")


def refusal(layer: NativeLayer, name: str | Path) -> str:
    """What `dlerror` says after this was asked for."""
    said = layer.ask(
        "[opened, (probe.probe_refusal() or b'').decode()]", f"opened = probe.probe_opens({str(name)!r}.encode())"
    )
    assert said[0] == 0
    return str(said[1])


def test_a_library_that_is_whole_loads(layer: NativeLayer, plain: Path) -> None:
    """It is opened, and `dlerror` has nothing to say."""
    assert layer.ask("[probe.probe_opens(path), probe.probe_refusal()]", f"path = {str(plain)!r}.encode()") == [1, None]


def test_an_unknown_symbol_is_named_with_its_library(layer: NativeLayer) -> None:
    """A function that nobody has is refused when the library is loaded, not when it is called, and logged."""
    path = layer.build("wanting", "extern int no_such_function(void); int f(void) { return no_such_function(); }")
    with layer.log() as lines:
        said = refusal(layer, path)
    assert said == f'dlopen failed: cannot locate symbol "no_such_function" referenced by "{path}"...'
    assert lines == [(Buffer.main, Priority.E, "linker", said.removeprefix("dlopen failed: "))]


def test_a_function_of_glibc_alone_is_unknown(layer: NativeLayer) -> None:
    """What the host's C library has and Android's hasn't can't be had through the layer."""
    path = layer.build(
        "glibc_user", "extern char *gnu_get_libc_version(void); char *f(void) { return gnu_get_libc_version(); }"
    )
    assert 'cannot locate symbol "gnu_get_libc_version"' in refusal(layer, path)


def test_a_weak_symbol_may_be_missing(layer: NativeLayer) -> None:
    """Nobody has it, and it is zero."""
    source = "extern int maybe(void) __attribute__((weak)); int f(void) { return maybe ? maybe() : -1; }"
    assert layer.ask(f"probe.probe_opens({str(layer.build('weak', source))!r}.encode())") == 1


@pytest.mark.parametrize(
    "name", ["libneuralnetworks.so", "libssl.so.3", "libcrypto.so", "libbionic_host.so", "libvulkan.so"]
)
def test_a_library_that_android_has_not_is_not_found(layer: NativeLayer, name: str) -> None:
    """Neither what this device lacks nor what only the host has is found by its name."""
    assert refusal(layer, name) == f'dlopen failed: library "{name}" not found'


def test_a_path_of_the_hosts_is_not_found(layer: NativeLayer) -> None:
    """The host's folders of libraries aren't the app's."""
    path = next(Path("/usr/lib").rglob("libz.so.1"))
    assert refusal(layer, path) == f'dlopen failed: library "{path}" not found'


def test_what_a_library_needs_must_be_there(layer: NativeLayer, plain: Path) -> None:
    """A library that needs one that isn't there is refused with both names."""
    needed = layer.build("libneeded", "int g(void) { return 1; }")
    path = layer.build("needing", "extern int g(void); int f(void) { return g(); }", options=(str(needed),))
    needed.unlink()
    said = refusal(layer, path)
    assert said == f'dlopen failed: library "libneeded.so" not found: needed by {path} in namespace clns-4'


def test_what_a_library_needs_comes_from_the_apps_folder(layer: NativeLayer) -> None:
    """A library of the app that needs another of the app's is loaded with it, whatever the host's search path is."""
    folder = layer.place / "own"
    folder.mkdir()
    needed = layer.build("libsecond", "int g(void) { return 1; }")
    path = layer.build("first", "extern int g(void); int f(void) { return g(); }", options=(str(needed),))
    needed.rename(folder / needed.name)
    before = f"ctypes.CDLL('libbionic_host.so').linker_set_folder({str(folder)!r}.encode())"
    asked = f"[probe.probe_opens({str(path)!r}.encode()), probe.probe_opens(b'libsecond.so')]"
    assert layer.ask(asked, before) == [1, 1]


def test_only_asking_loads_nothing(layer: NativeLayer) -> None:
    """With RTLD_NOLOAD a library that isn't loaded is refused in Android's words."""
    path = layer.build("unloaded", "int f(void) { return 1; }")
    before = f"there = probe.probe_is_there({str(path)!r}.encode())"
    said = f'dlopen failed: library "{path}" wasn\'t loaded and RTLD_NOLOAD prevented it'
    assert layer.ask("[there, probe.probe_refusal().decode()]", before) == [0, said]


def put(offset: int, *values: int, form: str = "B") -> Damage:
    """Overwrites what stands at an offset of the file."""
    return lambda data: struct.pack_into(f"<{len(values)}{form}", data, offset, *values)


def writable_code(data: bytearray) -> None:
    """Marks the segment of the code as writable, too."""
    first, size, count = struct.unpack_from("<Q", data, 32)[0], 56, struct.unpack_from("<H", data, 56)[0]
    for at in range(first, first + size * count, size):
        kind, flags = struct.unpack_from("<II", data, at)
        if kind == 1 and flags & 1:
            struct.pack_into("<I", data, at + 4, 7)


def dynamic_tag(old: int, new: int) -> Damage:
    """Gives an entry of the dynamic section another tag."""

    def change(data: bytearray) -> None:
        start = next(each[2] for each in ElfLibrary(bytes(data)).programs if each[0] == 2)
        for at in range(start, len(data), 16):
            if struct.unpack_from("<q", data, at)[0] == old:
                struct.pack_into("<q", data, at, new)
                break

    return change


DAMAGES: dict[str, tuple[Damage, str]] = {
    "magic": (put(0, 0x50, 0x4B, 3, 4), '"{}" has bad ELF magic: 504b0304'),
    "empty": (lambda data: data.clear(), '"{}" is too small to be an ELF executable: only found 0 bytes'),
    "32 bit": (put(4, 1), '"{}" is 32-bit instead of 64-bit'),
    "class": (put(4, 9), '"{}" has unknown ELF class: 9'),
    "big-endian": (put(5, 2), '"{}" not little-endian: 2'),
    "type": (put(16, 2, form="H"), '"{}" has unexpected e_type: 2'),
    "version": (put(20, 7, form="I"), '"{}" has unexpected e_version: 7'),
    "machine": (put(18, 183, form="H"), '"{}" is for EM_AARCH64 (183) instead of EM_X86_64 (62)'),
    "32-bit ARM": (put(18, 40, form="H"), '"{}" is for EM_ARM (40) instead of EM_X86_64 (62)'),
    "sections": (put(58, 7, form="H"), '"{}" has unsupported e_shentsize: 0x7 (expected 0x40)'),
    "names": (put(62, 0, form="H"), '"{}" has invalid e_shstrndx'),
    "no programs": (put(56, 0, form="H"), '"{}" has invalid e_phnum: 0'),
    "programs": (put(32, 1 << 40, form="Q"), '"{}" has invalid phdr offset/size: 1099511627776/'),
    "writable code": (writable_code, '"{}": W+E load segments are not allowed'),
    "text relocations": (dynamic_tag(14, 22), '"{}" has text relocations'),
    "packed relocations": (dynamic_tag(14, 0x60000011), '"{}" has packed relocations (DT_ANDROID_RELA)'),
    "strings": (dynamic_tag(5, 0x7FFF), 'empty/missing DT_STRTAB in "{}"'),
    "symbols": (dynamic_tag(6, 0x7FFF), 'empty/missing DT_SYMTAB in "{}"'),
    "hash": (dynamic_tag(0x6FFFFEF5, 0x7FFF), 'empty/missing DT_HASH/DT_GNU_HASH in "{}" (new hash type'),
    "cut": (lambda data: data.__delitem__(slice(0x1000, None)), 'invalid ELF file "{}" load segment['),
}


@pytest.fixture(scope="module")
def refusals(layer: NativeLayer, plain: Path) -> dict[str, tuple[Path, str]]:
    """Each damaged copy, and what the linker said of it; all in one process, which lives on."""
    paths = {}
    for number, (name, (damage, _)) in enumerate(DAMAGES.items()):
        data = bytearray(plain.read_bytes())
        damage(data)
        paths[name] = layer.place / f"damaged{number}.so"
        paths[name].write_bytes(data)
    asked = [str(path) for path in paths.values()]
    said = layer.ask(f"[(probe.probe_opens(path.encode()), probe.probe_refusal().decode()) for path in {asked}]")
    assert all(opened == 0 for opened, _ in said)
    return {name: (path, words) for (name, path), (_, words) in zip(paths.items(), said, strict=True)}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_broken_library_is_refused_in_androids_words(refusals: dict[str, tuple[Path, str]], name: str) -> None:
    """Another ABI, no library at all, a mistake in its head, a file that is cut: never a crash."""
    path, said = refusals[name]
    assert said.startswith("dlopen failed: " + DAMAGES[name][1].format(path))


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_ends_the_process(layer: NativeLayer, plain: Path, seed: int) -> None:
    """Reading a library whose bytes were changed at random refuses it, or doesn't; it never runs out of the file."""
    body = f"""
import random
host = ctypes.CDLL("libbionic_host.so")
host.elf_open.restype = ctypes.c_void_p
host.elf_wanted.restype = host.elf_needed.restype = ctypes.c_char_p
chance = random.Random({seed})
whole = open({str(plain)!r}, "rb").read()
for turn in range(500):
    data = bytearray(whole[: chance.choice([len(whole), chance.randrange(len(whole))])])
    for change in range(chance.randrange(1, 8)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    open({str(layer.place / "random.so")!r}, "wb").write(data)
    elf = (ctypes.c_uint64 * 16)()
    version = ctypes.c_void_p()
    if not host.elf_open(elf, {str(layer.place / "random.so")!r}.encode()):
        for number in range(min(elf[8], 1000)):
            host.elf_wanted(elf, ctypes.c_size_t(number), ctypes.byref(version))
        host.elf_needed(elf, ctypes.c_size_t(0))
        host.elf_close(elf)
"""
    done = layer.run(body)
    assert done.returncode == 0, (done.returncode, done.stderr)
