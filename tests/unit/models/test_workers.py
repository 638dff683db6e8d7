"""Conversion in several processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from harness.models import ModelCard, Variant
from harness.models import workers as workers_module
from harness.models.convert import missing
from harness.models.recipe import recipe_of
from harness.models.workers import Job, warm, worker_count


def test_as_many_as_cores_and_memory_allow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three gibibytes each, one core each, and always one."""
    memory = tmp_path / "meminfo"
    monkeypatch.setattr(workers_module, "_MEMORY", memory)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))
    for available, expected in ((25 << 20, 8), (10 << 20, 3), (1 << 20, 1)):
        memory.write_text(f"MemTotal: 99 kB\nMemAvailable: {available} kB\n")
        assert worker_count() == expected


def test_with_room_for_one_process_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tiny_card: ModelCard) -> None:
    """Who asks next makes what is missing, in its own process."""
    monkeypatch.setattr(workers_module, "worker_count", lambda: 1)
    monkeypatch.setattr(subprocess, "Popen", None)
    warm([Job(recipe_of(tiny_card), (variant,)) for variant in (Variant.FP32, Variant.FP16)], lambda _message: None)


@pytest.mark.slow
def test_two_processes_fill_the_cache(
    own_catalog: Path, tiny_card: ModelCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each makes its own variant, and what they say is heard; one that fails leaves its variant to be made."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(workers_module, "worker_count", lambda: 2)
    recipe, heard = recipe_of(tiny_card), []
    broken = recipe_of(tiny_card.model_copy(update={"folder": own_catalog}))
    warm([Job(recipe, (Variant.FP32,)), Job(recipe, (Variant.FP16,)), Job(broken, (Variant.FP32,))], heard.append)
    assert missing(recipe, (Variant.FP32, Variant.FP16, Variant.DYNAMIC)) == (Variant.DYNAMIC,)
    assert {"converting tiny to fp32", "converting tiny to fp16"} <= set(heard)
