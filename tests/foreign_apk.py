"""Other people's APKs, fetched as data."""

from __future__ import annotations

from typing import Final

from harness.fetch.pin import PackageFile, Registry

API_DEMOS: Final = PackageFile(
    package="android-apidemos",
    version="5.0.0",
    distribution="android-apidemos-5.0.0.tgz",
    sha256="8efe4f6cef47fba151718e2471dc1c8ac9a37623841a2485e65752222253b39c",
    member="package/apks/ApiDemos-debug.apk",
    member_sha256="5e59f42af4e89200fe33eb82a7c2a2a9224947a8aeb9af6e21b77d40827f7cbc",
    registry=Registry.NPM,
)
"""Android's own collection of samples, in a debug build."""
