"""Where this checkout keeps what isn't Python: the app, the models' cards, the scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parent.parent
APP_PROJECT: Final = CHECKOUT / "android_app"
MODEL_CARDS: Final = CHECKOUT / "metadata"
BUILD: Final = CHECKOUT / "build"
RESULTS: Final = CHECKOUT / "results"
