"""An `AndroidManifest.xml` as Android 14's package parser takes it: what is read, and what is refused with which words.

Follows frameworks/base of Android 14: `ParsingPackageUtils`, `ApkLiteParseUtils`, `FrameworkParsingPackageUtils`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from harness.pixel import axml
from harness.pixel.axml import BinaryXmlError, Element, Lookup, Reference
from harness.pixel.declarations import Component, DeclaredPermission, Instrumentation, IntentFilter, Provider
from harness.pixel.refusals import InstallRefused

MALFORMED: Final = "INSTALL_PARSE_FAILED_MANIFEST_MALFORMED"
_R, _S = 30, 31
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z][a-zA-Z0-9_]*)*")
_LONGEST_NAME: Final = 223
_CODENAME: Final = re.compile(r"[A-Z][A-Za-z0-9_.]*")
_PATHS: Final = ("path", "pathPrefix", "pathPattern")
_USES_PERMISSION: Final = ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is used of a manifest; class names are whole. In a split's only what a split may declare is there."""

    package: str
    split: str | None
    config_for_split: str | None
    uses_split: str | None
    is_feature_split: bool
    split_required: bool
    required_split_types: frozenset[str]
    split_types: frozenset[str]
    isolated_splits: bool
    version_code: int
    version_name: str
    shared_user: str | None
    install_location: int
    min_sdk: int
    target_sdk: int
    application: str | None
    process: str
    debuggable: bool
    test_only: bool
    has_code: bool
    extract_native_libs: bool
    multi_arch: bool
    allow_backup: bool
    large_heap: bool
    activities: tuple[Component, ...]
    services: tuple[Component, ...]
    receivers: tuple[Component, ...]
    providers: tuple[Provider, ...]
    instrumentations: tuple[Instrumentation, ...]
    permissions: tuple[str, ...]
    declared_permissions: tuple[DeclaredPermission, ...]
    permission_groups: tuple[str, ...]
    libraries: tuple[str, ...]
    """Shared libraries that it can't do without."""
    processes: frozenset[str] | None
    """The only processes that its components may name; None where it doesn't say."""
    queries: tuple[str, ...]


def parse_manifest(
    data: bytes, *, path: str = "base.apk", sdk: int = 34, lookup: Lookup | None = None, at_install: bool = True
) -> Manifest:
    """Read a manifest for a device of API level `sdk`; `path` names the APK in refusals. Raises `InstallRefused`.

    `lookup` finds what stands in the resource table. An APK that is installed already is read without `at_install`:
    what later Androids refuse of new ones isn't asked of it.
    """
    try:
        root = axml.parse(data, lookup)
        return _Reader(root, path, sdk, strict=at_install).manifest()
    except BinaryXmlError as error:
        raise InstallRefused(
            "INSTALL_PARSE_FAILED_UNEXPECTED_EXCEPTION", f"Failed to parse {path}: Corrupt XML binary file ({error})"
        ) from error


def name_fault(name: str, *, separator: bool) -> str | None:
    """What Android says is wrong with a package's, split's or shared user's name, or None."""
    if len(name) > _LONGEST_NAME:
        return f"the length of the name is greater than {_LONGEST_NAME}"
    if not _NAME.fullmatch(name):
        bad = next((char for char in name if not re.fullmatch(r"[a-zA-Z0-9_.]", char)), name[:1])
        return f"bad character '{bad}'"
    return "must have at least one '.' separator" if separator and "." not in name else None


class _Reader:
    def __init__(self, root: Element, path: str, sdk: int, *, strict: bool) -> None:
        self._root, self._path, self._sdk, self._strict = root, path, sdk, strict
        self._package = ""
        self._target = 0

    def manifest(self) -> Manifest:
        root = self._root
        if root.tag != "manifest":
            raise InstallRefused(MALFORMED, "No <manifest> tag")
        package = self._package = root.text("package") or ""
        self._check_name(package, "INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME", "Invalid manifest package: ", separator=True)
        split = root.text("split") or None
        if split is not None:
            bad = "INSTALL_PARSE_FAILED_BAD_PACKAGE_NAME"
            self._check_name(split, bad, "Invalid manifest split: ", separator=False)
        shared_user = root.text("android:sharedUserId")
        if shared_user and root.number("android:sharedUserMaxSdkVersion", 0) not in range(1, self._sdk):
            bad = "INSTALL_PARSE_FAILED_BAD_SHARED_USER_ID"
            said = f'<manifest> specifies bad sharedUserId name "{shared_user}": '
            self._check_name(shared_user, bad, said, separator=True)
        else:
            shared_user = None
        application = next(root.all("application"), None)
        minimum, target = self._sdk_versions(required=split is None)
        self._target = target
        instrumentations = tuple(self._instrumentation(each) for each in root.all("instrumentation"))
        if application is None and not instrumentations and split is None and target >= _R:
            raise self._malformed(root, "<manifest> does not contain an <application> or <instrumentation>")
        app = application or Element("application", {})
        name = app.text("android:name")
        process = self._process(app, package)
        read = Manifest(
            package=package,
            split=split,
            config_for_split=root.text("configForSplit"),
            uses_split=next((each.text("android:name") for each in root.all("uses-split")), None),
            is_feature_split=root.flag("android:isFeatureSplit", False),
            split_required=root.flag("android:isSplitRequired", False) or app.flag("android:isSplitRequired", False),
            required_split_types=_types(root, "android:requiredSplitTypes"),
            split_types=_types(root, "android:splitTypes"),
            isolated_splits=root.flag("android:isolatedSplits", False),
            version_code=root.number("android:versionCode", 0) & 0xFFFFFFFF
            | (root.number("android:versionCodeMajor", 0) & 0x7FFFFFFF) << 32,
            version_name=root.text("android:versionName") or "null",
            shared_user=shared_user,
            install_location=root.number("android:installLocation", -1),
            min_sdk=minimum,
            target_sdk=target,
            application=self._class_name(app, name) if name else None,
            process=process,
            debuggable=app.flag("android:debuggable", False),
            test_only=app.flag("android:testOnly", False),
            has_code=app.flag("android:hasCode", True),
            extract_native_libs=app.flag("android:extractNativeLibs", True),
            multi_arch=app.flag("android:multiArch", False),
            allow_backup=app.flag("android:allowBackup", True),
            large_heap=app.flag("android:largeHeap", False),
            activities=tuple(self._activities(app, process)),
            services=tuple(self._component(each, process) for each in app.all("service")),
            receivers=tuple(self._component(each, process) for each in app.all("receiver")),
            providers=tuple(self._provider(each, process) for each in app.all("provider")),
            instrumentations=instrumentations,
            permissions=tuple(dict.fromkeys(self._permissions())),
            declared_permissions=tuple(self._declared(each) for each in root.all("permission")),
            permission_groups=tuple(_named(root, "permission-group")),
            libraries=tuple(self._libraries(app)),
            processes=self._processes(app),
            queries=tuple(name for each in root.all("queries") for name in _named(each, "package")),
        )
        self._check_processes(read)
        return read

    def _check_name(self, name: str, code: str, said: str, *, separator: bool) -> None:
        if fault := name_fault(name, separator=separator):
            raise InstallRefused(code, said + fault)

    def _malformed(self, at: Element, message: str) -> InstallRefused:
        return self._refused(MALFORMED, at, message)

    def _refused(self, code: str, at: Element, message: str) -> InstallRefused:
        where = f"{self._path} (at Binary XML file line #{at.line}): "
        return InstallRefused(code, f"Failed parse during installPackageLI: {where}{message}")

    def _sdk_versions(self, *, required: bool) -> tuple[int, int]:
        """API levels that the app needs and was made for. A codename stands for an Android that isn't out here."""
        uses = next(self._root.all("uses-sdk"), None)
        if uses is None:
            return 1, 1 if required else 0
        older = "INSTALL_FAILED_OLDER_SDK"
        levels: dict[str, int] = {}
        for attribute in ("minSdkVersion", "targetSdkVersion"):
            value = uses.attributes.get(f"android:{attribute}")
            if isinstance(value, str) and _CODENAME.fullmatch(value):
                if self._strict:
                    raise self._refused(
                        older, uses, f"Requires development platform {value} but this is a release platform."
                    )
                value = self._sdk
            levels[attribute] = uses.number(f"android:{attribute}", 0) if not isinstance(value, int) else int(value)
        minimum = levels["minSdkVersion"] or 1
        if minimum > self._sdk and self._strict:
            current = f"(current version is #{self._sdk})"
            raise self._refused(older, uses, f"Requires newer sdk version #{minimum} {current}")
        return minimum, levels["targetSdkVersion"] or minimum

    def _class_name(self, at: Element, name: str | None) -> str:
        if not name:
            raise self._malformed(at, f"<{at.tag}> does not specify android:name")
        if name.startswith("."):
            return self._package + name
        return name if "." in name else f"{self._package}.{name}"

    def _process(self, at: Element, default: str) -> str:
        name = at.text("android:process")
        if not name:
            return default
        private = name.startswith(":")
        if fault := name_fault(name[1:] if private else name, separator=not private and name != "system"):
            raise self._malformed(at, f"Invalid {at.tag} process name {name} in package {self._package}: {fault}")
        return self._package + name if private else name

    def _activities(self, app: Element, process: str) -> Iterator[Component]:
        """Activities and aliases, which come after what they stand for."""
        seen: set[str] = set()
        for element in app.children:
            if element.tag == "activity":
                activity = self._component(element, process)
                seen.add(activity.name)
            elif element.tag == "activity-alias":
                target = self._class_name(element, element.text("android:targetActivity"))
                if target not in seen:
                    raise self._malformed(
                        element, f"<activity-alias> target activity {target} not found in manifest with activities"
                    )
                activity = self._component(element, process, target)
            else:
                continue
            yield activity

    def _component(self, element: Element, process: str, target: str | None = None) -> Component:
        name = self._class_name(element, element.text("android:name"))
        filters = tuple(self._filter(each) for each in element.all("intent-filter"))
        if filters and "android:exported" not in element.attributes and self._target >= _S and self._strict:
            raise self._malformed(
                element,
                f"{name}: Targeting S+ (version {_S} and above) requires that an explicit value for android:exported"
                " be defined when intent filters are present",
            )
        return Component(
            name,
            element.flag("android:exported", bool(filters)),
            element.flag("android:enabled", True),
            element.text("android:permission"),
            self._process(element, process),
            filters,
            target,
        )

    def _filter(self, element: Element) -> IntentFilter:
        data = list(element.all("data"))
        for tag in ("action", "category"):
            for each in element.all(tag):
                if not each.text("android:name") and self._target >= _R:
                    raise self._malformed(each, f"No value supplied for <android:name> of <{tag}>")
        return IntentFilter(
            tuple(_named(element, "action")),
            tuple(_named(element, "category")),
            tuple(value for each in data if (value := each.text("android:scheme"))),
            tuple(value for each in data if (value := each.text("android:host"))),
            tuple(value for each in data if (value := each.text("android:mimeType"))),
            tuple((kind, value) for each in data for kind in _PATHS if (value := each.text(f"android:{kind}"))),
            priority if isinstance(priority := element.attributes.get("android:priority"), int) else 0,
        )

    def _provider(self, element: Element, process: str) -> Provider:
        name = self._class_name(element, element.text("android:name"))
        authorities = element.text("android:authorities")
        if authorities is None and not isinstance(element.attributes.get("android:authorities"), Reference):
            raise self._malformed(element, "<provider> does not include authorities attribute")
        if authorities == "":
            raise self._malformed(element, "<provider> has empty authorities attribute")
        both = element.text("android:permission")
        return Provider(
            name,
            element.flag("android:exported", self._target < 17),
            element.flag("android:enabled", True),
            tuple((authorities or "").split(";")) if authorities else (),
            element.text("android:readPermission") or both,
            element.text("android:writePermission") or both,
            self._process(element, process),
        )

    def _instrumentation(self, element: Element) -> Instrumentation:
        target = element.text("android:targetPackage") or self._package
        return Instrumentation(self._class_name(element, element.text("android:name")), target)

    def _permissions(self) -> Iterator[str]:
        """Permissions that it asks for on this Android."""
        for element in self._root.children:
            if element.tag in _USES_PERMISSION and (name := element.text("android:name")):
                highest = element.number("android:maxSdkVersion", 0)
                if highest == 0 or highest >= self._sdk:
                    yield name

    def _declared(self, element: Element) -> DeclaredPermission:
        name = element.text("android:name")
        if not name:
            raise self._malformed(element, "<permission> does not specify android:name")
        protection = element.attributes.get("android:protectionLevel", 0)
        return DeclaredPermission(
            name, protection if isinstance(protection, int) else 0, element.text("android:permissionGroup")
        )

    def _libraries(self, app: Element) -> Iterator[str]:
        for tag, since in (("uses-library", 1), ("uses-native-library", _S)):
            for element in app.all(tag):
                name = element.text("android:name")
                if name and element.flag("android:required", True) and self._target >= since:
                    yield name

    def _processes(self, app: Element) -> frozenset[str] | None:
        declared = next(app.all("processes"), None)
        if declared is None:
            return None
        return frozenset(self._process(each, self._package) for each in declared.all("process"))

    def _check_processes(self, read: Manifest) -> None:
        if read.processes is None or not self._strict:
            return
        components = (*read.activities, *read.services, *read.receivers)
        for process in (*(each.process for each in components), *(each.process for each in read.providers)):
            if process not in read.processes:
                raise InstallRefused(
                    "INSTALL_FAILED_PROCESS_NOT_DEFINED",
                    f"Scanning Failed.: Can't install because application {self._package}'s process attribute"
                    f" {process} (in package {self._package}) is not included in the <processes> list",
                )


def _named(parent: Element, tag: str) -> Iterator[str]:
    return (name for each in parent.all(tag) if (name := each.text("android:name")))


def _types(root: Element, attribute: str) -> frozenset[str]:
    text = root.text(attribute) or ""
    return frozenset(part.strip() for part in text.split(",") if part.strip())
