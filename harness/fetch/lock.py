"""`python -m harness.fetch.lock FILE [group:name:version[:type] …]`: write a lock file's hashes again.

Without coordinates the file's own are kept and only their hashes are fetched anew; a line may have none yet.
"""

from __future__ import annotations

import sys
from pathlib import Path

from harness.console import complain, say
from harness.errors import HarnessError
from harness.fetch.maven import Artifact, parse_coordinates, write_lock


def rewrite(path: Path, coordinates: list[str]) -> tuple[Artifact, ...]:
    """Write `path` with these coordinates (its own when there are none) and the hashes that they have now.

    The comment at the head of the file is kept. Raises as `harness.fetch.maven.write_lock`.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    comment = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    coordinates = coordinates or [line.split()[0] for line in lines if line.partition("#")[0].strip()]
    return write_lock(path, [parse_coordinates(text) for text in coordinates], comment="\n".join(comment))


def main(arguments: list[str]) -> int:
    """The command; answers the exit code."""
    if not arguments or arguments[0].startswith("-"):
        say(__doc__ or "")
        return 2
    try:
        pinned = rewrite(Path(arguments[0]), arguments[1:])
    except HarnessError as error:
        complain(error)
        return int(error.exit_code)
    say(f"{arguments[0]}: {len(pinned)} artifacts pinned; look at the difference before you commit it")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
