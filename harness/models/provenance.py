"""Where a model's weights come from, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from harness.models.catalog import ModelCard
from harness.models.entry import LocalPin, Pin, UrlPin


def origins(card: ModelCard) -> tuple[str, ...]:
    """Each package, server's file or own training that a model's weights come from, once.

    Data that weights of ours were trained on are named with the training.
    """
    found = dict.fromkeys(_named(pin) for pin in pins(card.source) if not isinstance(pin, LocalPin))
    if card.training:
        data = ", ".join(dict.fromkeys(_named(pin) for pin in pins(card.training)))
        found[f"trained here on {data}"] = None
    return tuple(found) or ("this repository",)


def _named(pin: Pin | UrlPin | LocalPin) -> str:
    if isinstance(pin, Pin):
        return f"{pin.registry.label} {pin.package} {pin.version}"
    return pin.url if isinstance(pin, UrlPin) else pin.path


def pins(part: Any) -> Iterator[Pin | UrlPin | LocalPin]:
    """Every file that a part of a card pins, in the card's order."""
    if isinstance(part, Pin | UrlPin | LocalPin):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from pins(getattr(part, name))
    elif isinstance(part, dict):
        for value in part.values():
            yield from pins(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from pins(value)
