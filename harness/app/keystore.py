"""The key that debug builds are signed with: made once per checkout, for its owner's eyes only."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.app.toolchain import find_jdk, run_tool
from harness.errors import BuildError

KEYSTORE = Path("build/debug.keystore")
ALIAS = "debug"
_VARIABLE = "HARNESS_KEYSTORE_PASSWORD"
_DAYS = 30 * 365


@dataclass(frozen=True, slots=True)
class Keystore:
    """A PKCS#12 keystore and the file with its password; the password itself is never on a command line."""

    path: Path
    password_file: Path
    alias: str = ALIAS


def debug_keystore(path: Path) -> Keystore:
    """The keystore at `path`, made by `keytool` when it isn't there; both files have mode 0600.

    Two processes that ask at once get the same one. Raises `BuildError` (`build.keystore`), `ToolMissing`.
    """
    keystore = Keystore(path, path.with_suffix(path.suffix + ".password"))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / f".{path.name}.lock"):
            if not path.exists():
                _make(keystore)
    if not keystore.password_file.is_file():
        raise BuildError(
            "build.keystore",
            f"{path} is there, but not the file with its password, {keystore.password_file.name}",
            hint=f"delete {path}; the next build makes both (apps signed with the old key have to be uninstalled)",
        )
    for file in (path, keystore.password_file):
        if file.stat().st_mode & 0o077:
            raise BuildError("build.keystore", f"others can read {file}", hint=f"chmod 600 {file}")
    return keystore


def _make(keystore: Keystore) -> None:
    password = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix=".keystore.", dir=keystore.path.parent) as name:  # mode 0700
        made = Path(name) / "keystore"
        command = [find_jdk().tool("keytool"), "-genkeypair", "-keystore", str(made), "-storetype", "PKCS12"]
        command += ["-storepass:env", _VARIABLE, "-alias", keystore.alias, "-keyalg", "RSA", "-keysize", "2048"]
        command += ["-validity", str(_DAYS), "-dname", "CN=Android Debug, O=Android, C=US"]
        run_tool(
            command, code="build.keystore", what="keytool can't make a debug key", environment={_VARIABLE: password}
        )
        made.chmod(0o600)
        noted = Path(name) / "password"
        noted.touch(mode=0o600)
        noted.write_text(password + "\n", encoding="utf-8")
        noted.replace(keystore.password_file)
        made.rename(keystore.path)  # last: where the key is, its password is
