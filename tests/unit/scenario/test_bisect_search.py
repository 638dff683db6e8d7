"""The search for the first bad operator, asked of graphs whose faults are known."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.models.graph import Dataflow
from harness.scenario.bisect_search import Ask, Found, find_first_bad, spread


def chain(length: int) -> Dataflow:
    """Operators one after the other."""
    return Dataflow({index: (index - 1,) if index else () for index in range(length)}, (length - 1,))


def faulty(flow: Dataflow, broken: set[int], masked: set[int] = frozenset(), opaque: set[int] = frozenset()) -> Ask:  # type: ignore[assignment]
    """A device on which `broken` operators are wrong, and with them all that depends on them.

    `masked` operators agree whatever goes in (a ReLU that only sees negative numbers); `opaque` can't be compared.
    """
    wrong: dict[int, bool] = {}
    for operation, sources in flow.sources.items():
        spoilt = operation in broken or any(wrong[source] for source in sources)
        wrong[operation] = spoilt and operation not in masked

    def ask(operations: tuple[int, ...]) -> dict[int, bool | None]:
        return {operation: None if operation in opaque else not wrong[operation] for operation in operations}

    return ask


def search(flow: Dataflow, ask: Ask, breadth: int = 8) -> Found:
    """From the graph's only end."""
    return find_first_bad(flow, flow.ends[0], ask, breadth=breadth, known={})


@pytest.mark.parametrize("broken", [0, 1, 37, 98, 99])
def test_names_the_broken_operator_of_a_chain(broken: int) -> None:
    """Wherever it stands, in as few runs as the breadth allows."""
    found = search(chain(100), faulty(chain(100), {broken}))
    assert found.operation == broken
    assert found.unknown == ()
    assert found.asked <= math.ceil(math.log(100, 9)) + 1


def test_first_of_several() -> None:
    """Two are broken: the earlier one is named."""
    assert search(chain(50), faulty(chain(50), {31, 12})).operation == 12


def test_only_branches_that_lead_there() -> None:
    """A right branch beside the broken one, later in execution order, misleads nobody."""
    flow = Dataflow({0: (), 1: (0,), 2: (0,), 3: (1,), 4: (2,), 5: (3, 4)}, (5,))
    assert search(flow, faulty(flow, {1}), breadth=1).operation == 1
    assert search(flow, faulty(flow, {4}), breadth=1).operation == 4


def test_an_operator_that_hides_the_fault_vouches_for_nothing_once_that_is_known() -> None:
    """A fault passes by an operator that hides it and shows again: the search goes on before that operator."""
    sources: dict[int, tuple[int, ...]] = {index: (index - 1,) if index else () for index in range(80)}
    sources[40] = (39, 38)  # 39 hides the fault, 38 brings it past
    flow = Dataflow(sources, (79,))
    found = search(flow, faulty(flow, {3}, masked={39}), breadth=1)
    assert found.operation == 3
    assert found.answers[39] is True
    assert found.asked <= 16  # one by one from 38 down would be 36 more


def test_operators_that_cannot_be_compared_are_named() -> None:
    """What stands between the last that agrees and the first that doesn't, and tells nothing, is said."""
    found = search(chain(10), faulty(chain(10), {4}, opaque={3, 4}))
    assert found.operation == 5
    assert found.unknown == (3, 4)


def test_what_the_culprit_reads_was_asked_itself() -> None:
    """Nothing is only presumed right before the named operator."""
    flow = Dataflow({0: (), 1: (0,), 2: (0,), 3: (1, 2), 4: (3,)}, (4,))
    found = search(flow, faulty(flow, {3}), breadth=1)
    assert found.operation == 3
    assert (found.answers[1], found.answers[2]) == (True, True)


def test_known_answers_are_not_asked_for_again() -> None:
    """What an earlier run told is used."""
    asked: list[int] = []

    def ask(operations: tuple[int, ...]) -> dict[int, bool | None]:
        asked.extend(operations)
        return {operation: operation < 6 for operation in operations}

    found = find_first_bad(chain(10), 9, ask, breadth=3, known={5: True, 6: False})
    assert found.operation == 6
    assert asked == []


@st.composite
def graphs(draw: st.DrawFn) -> Dataflow:
    """Graphs of up to 40 operators, each reading up to three earlier ones; the last is the only end."""
    length = draw(st.integers(1, 40))
    sources = {0: ()} | {
        index: tuple(sorted(draw(st.sets(st.integers(0, index - 1), min_size=1, max_size=3))))
        for index in range(1, length)
    }
    return Dataflow(sources, (length - 1,))


@given(graphs(), st.data())
def test_any_graph(flow: Dataflow, data: st.DataObject) -> None:
    """In any graph, with any faults and any that hide them, the named operator is bad and all that it reads agrees."""
    operations = sorted(flow.sources)
    broken = data.draw(st.sets(st.sampled_from(operations), min_size=1, max_size=3))
    masked = data.draw(st.sets(st.sampled_from(operations), max_size=3))
    ask = faulty(flow, broken, masked)
    truth = ask(tuple(operations))
    if truth[flow.ends[0]]:
        return
    found = search(flow, ask, breadth=data.draw(st.integers(1, 8)))
    assert truth[found.operation] is False
    assert all(truth[source] for source in flow.sources[found.operation])
    assert found.operation in broken


@given(st.integers(0, 60), st.integers(1, 9))
def test_spread(length: int, count: int) -> None:
    """Cuts are in order, never twice the same, and no piece between them is more than one longer than another."""
    chosen = spread(range(length), count)
    assert len(chosen) == min(length, count)
    assert list(chosen) == sorted(set(chosen))
    if length > count:
        pieces = [right - left - 1 for left, right in zip((-1, *chosen), (*chosen, length), strict=False)]
        assert max(pieces) - min(pieces) <= 1
