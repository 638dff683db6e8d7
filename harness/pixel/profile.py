"""What a virtual device says that it is: screen, Android version, ABIs, memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """The make of a device. Screen sizes are pixels in portrait, `density` is dots per inch, `memory` bytes."""

    name: str
    manufacturer: str
    brand: str
    model: str
    device: str
    product: str
    width: int
    height: int
    density: int
    refresh_hz: float
    sdk: int
    release: str
    security_patch: str
    build_id: str
    build_utc: int
    abis: tuple[str, ...]
    memory: int

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
    def abi(self) -> str:
        """The ABI that the package manager prefers."""
        return self.abis[0]


PIXEL_3_XL = Profile(
    name="pixel_3_xl",
    manufacturer="Google",
    brand="google",
    model="Pixel 3 XL",
    device="crosshatch",
    product="crosshatch",
    width=1440,
    height=2960,
    density=560,
    refresh_hz=60.0,
    sdk=34,
    release="14",
    security_patch="2024-01-05",
    build_id="UQ1A.240105.002",
    build_utc=1704412800,
    abis=("x86_64",),
    memory=4 << 30,
)
