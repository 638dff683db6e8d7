"""The events buffer: typed values under numbered tags."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.pixel.event_log import EVENT_TAGS, EventMalformed, describe_event, pack_event


def test_an_event_is_shown_with_its_tags_name() -> None:
    """Its values in brackets; with their names and units when asked for; a single one without brackets."""
    event = pack_event("am_kill", 0, 7, "dev.tiny", 900, "stop", 1 << 40)
    assert describe_event(event) == ("am_kill", "[0,7,dev.tiny,900,stop,1099511627776]")
    assert describe_event(event, named=True)[1] == (
        "[User=0,PID=7,Process Name=dev.tiny,OomAdj=900,Reason=stop,Rss=1099511627776B]"
    )
    assert describe_event(pack_event("am_low_memory", 3)) == ("am_low_memory", "3")


def test_an_unknown_tag_is_its_number() -> None:
    """In brackets, its values as they are."""
    assert describe_event(struct.pack("<IBf", 77, 4, 1.5)) == ("[77]", "1.500000")
    assert describe_event(struct.pack("<I", 77)) == ("[77]", "")


@given(st.binary(max_size=64))
def test_any_bytes_are_an_event_or_malformed(data: bytes) -> None:
    """Nothing else is raised."""
    try:
        assert describe_event(data)
    except EventMalformed:
        return


def test_lists_in_lists_end_somewhere() -> None:
    """An event of nothing but beginnings of lists is refused."""
    with pytest.raises(EventMalformed):
        describe_event(struct.pack("<I", 1) + b"\x03\x01" * 5000)


def test_the_tags_file_has_androids_form() -> None:
    """A number, a name, and the description of each value."""
    assert "30014 am_proc_start (User|1|5),(PID|1|5),(UID|1|5),(Process Name|3),(Type|3),(Component|3)\n" in EVENT_TAGS
    assert len({line.split()[0] for line in EVENT_TAGS.splitlines()}) == len(EVENT_TAGS.splitlines())
