"""What a virtual device says that it is: the phone whose make it has, and the Android release that it runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from harness.errors import UsageError

DEFAULT_PROFILE: Final = "pixel_3_xl"
DEFAULT_API: Final = 34


class Gpu(StrEnum):
    """The graphics drivers that the device's apps find; phones have both kinds."""

    BOTH = "opencl+opengl"
    OPENGL = "opengl"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Profile:
    """The make of a device, and the build of Android on it.

    Screen sizes are pixels in portrait, `density` is dots per inch as `ro.sf.lcd_density` has it, `memory` is in bytes
    and as sold: a phone's kernel keeps some of it to itself. `first_api` is the API level that the phone was first sold
    with. Of the ABIs the virtual device tells the truth, which is x86_64 for all of them; a phone's are arm64-v8a and
    armeabi-v7a.
    """

    name: str
    model: str
    device: str
    width: int
    height: int
    density: int
    refresh_hz: float
    memory: int
    first_api: int
    sdk: int
    release: str
    build_id: str
    security_patch: str
    manufacturer: str = "Google"
    brand: str = "google"
    abis: tuple[str, ...] = ("x86_64",)

    @property
    def product(self) -> str:
        """`ro.product.name`: Pixels are called as their device is."""
        return self.device

    @property
    def fingerprint(self) -> str:
        """`ro.build.fingerprint`: brand/product/device:release/build id/increment:type/keys."""
        return (
            f"{self.brand}/{self.product}/{self.device}:{self.release}/{self.build_id}/"
            f"{self.incremental}:{self.build_type}/{self.build_tags}"
        )

    @property
    def incremental(self) -> str:
        """`ro.build.version.incremental`: a number on phones, a word here, so that no report mistakes the two."""
        return "virtual"

    @property
    def build_type(self) -> str:
        """`ro.build.type`: as on a phone, and on Google's images with the Play Store: there is no root to be had."""
        return "user"

    @property
    def build_tags(self) -> str:
        """`ro.build.tags`: signed by nobody's release keys."""
        return "test-keys"

    @property
    def build_date(self) -> datetime:
        """The day that the build id names; phones say the minute that their image was built in."""
        return datetime.fromisoformat(f"20{self.build_id.split('.')[1]}").replace(tzinfo=UTC)

    @property
    def abi(self) -> str:
        """The ABI that the package manager prefers."""
        return self.abis[0]


_RELEASES: Final = {34: ("14", "AP2A.240905.003", "2024-09-05"), 35: ("15", "AP3A.241005.015", "2024-10-05")}
"""Of an API level: Android's version, the build id and the security patch of Pixel 6's and Pixel 8's own images: the
last of Android 14 and the first of 15. Pixel 3 XL and Pixel 4 were never given either, and borrow them.

Source: AOSP's table of code names, tags and build numbers.
"""


def _phone(
    name: str, model: str, device: str, screen: tuple[int, int, int], refresh_hz: float, gigabytes: int, first_api: int
) -> Profile:
    release = _RELEASES[DEFAULT_API]
    return Profile(name, model, device, *screen, refresh_hz, gigabytes << 30, first_api, DEFAULT_API, *release)


_PHONES: Final = {
    phone.name: phone
    for phone in (
        _phone("pixel_3_xl", "Pixel 3 XL", "crosshatch", (1440, 2960, 560), 60.0, 4, 28),
        _phone("pixel_4", "Pixel 4", "flame", (1080, 2280, 440), 90.0, 6, 29),
        _phone("pixel_6", "Pixel 6", "oriole", (1080, 2400, 420), 90.0, 8, 31),
        _phone("pixel_8", "Pixel 8", "shiba", (1080, 2400, 420), 120.0, 8, 34),
    )
}
"""Sources: names, pixels and density are those of Android Studio's device definitions of the same ids; refresh rate and
memory, Google's hardware specifications of Pixel phones; code names and first API levels, the phones' own device trees.
"""

PROFILES: Final = tuple(_PHONES)
APIS: Final = tuple(_RELEASES)
PIXEL_3_XL: Final = _PHONES["pixel_3_xl"]


def profile_of(name: str = DEFAULT_PROFILE, api: int = DEFAULT_API) -> Profile:
    """The profile of that name with Android of that API level. Raises `UsageError` for one that isn't there."""
    if name not in _PHONES:
        raise UsageError("pixel.profile", f"there is no profile {name!r}", hint=f"one of {', '.join(PROFILES)}")
    if api not in _RELEASES:
        levels = " or ".join(map(str, APIS))
        raise UsageError("pixel.api", f"a virtual Pixel can't run API level {api}", hint=f"{levels} is there")
    release, build_id, security_patch = _RELEASES[api]
    return replace(_PHONES[name], sdk=api, release=release, build_id=build_id, security_patch=security_patch)
