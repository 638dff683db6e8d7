"""`python -m harness.app.lock [android_app]`: pin what the version catalog names by the hashes that it has now."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.app.versions import LOCK, read_versions
from harness.console import complain, say
from harness.errors import HarnessError
from harness.fetch.maven import Artifact, write_lock

_COMMENT = """SHA-256 of what gradle/libs.versions.toml names, as the direct build fetches it.
After a change there: python -m harness.app.lock android_app"""


def write_app_lock(project: Path) -> tuple[Artifact, ...]:
    """Fetch all artifacts of the catalog and write their hashes. Raises as `harness.fetch.maven.write_lock`."""
    return write_lock(project / LOCK, read_versions(project).artifacts, comment=_COMMENT)


def main(arguments: list[str]) -> int:
    """The command; answers the exit code."""
    project = Path(arguments[0]) if arguments else Path("android_app")
    try:
        artifacts = write_app_lock(project)
    except HarnessError as error:
        complain(error)
        return int(error.exit_code)
    say(f"{project / LOCK}: {len(artifacts)} artifacts pinned; look at the difference before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
