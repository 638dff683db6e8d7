"""What a manifest declares: activities, services, receivers, providers, instrumentations, permissions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IntentFilter:
    """An intent filter: what it matches, each empty where it asks for nothing."""

    actions: tuple[str, ...]
    categories: tuple[str, ...]
    schemes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    paths: tuple[tuple[str, str], ...] = ()
    """Each with the attribute that it stands in: `path`, `pathPrefix`, `pathPattern`."""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Component:
    """A declared activity, service or receiver: whole class name, and who may reach it how.

    `target` is the class that an alias stands for; `process` a whole process name.
    """

    name: str
    exported: bool
    enabled: bool
    permission: str | None
    process: str
    filters: tuple[IntentFilter, ...]
    target: str | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of all its filters."""
        return tuple(action for chosen in self.filters for action in chosen.actions)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of all its filters."""
        return tuple(category for chosen in self.filters for category in chosen.categories)


@dataclass(frozen=True, slots=True)
class Provider:
    """A declared content provider."""

    name: str
    exported: bool
    enabled: bool
    authorities: tuple[str, ...]
    read_permission: str | None
    write_permission: str | None
    process: str


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """A declared instrumentation: whole class name, and the package that it runs in."""

    name: str
    target_package: str


@dataclass(frozen=True, slots=True)
class DeclaredPermission:
    """A permission that the package makes; `protection` is Android's number (0 normal, 1 dangerous, 2 signature)."""

    name: str
    protection: int
    group: str | None
