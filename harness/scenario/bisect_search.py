"""The search for the first bad operator, as pure logic: what to ask a device next, and when the answers suffice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.models.graph import Dataflow

Ask = Callable[[tuple[int, ...]], Mapping[int, bool | None]]
"""Operators to cut at → whether each agrees; None where the cut tells nothing (it was refused, or ran elsewhere)."""


@dataclass(frozen=True, slots=True)
class Found:
    """The first bad operator, every answer that led there, and how often the device was asked.

    `unknown` are operators between it and those that were seen to agree: they could not be compared, so that one of
    them may be the one that goes wrong.
    """

    operation: int
    answers: Mapping[int, bool | None]
    unknown: tuple[int, ...]
    asked: int


def find_first_bad(flow: Dataflow, bad: int, ask: Ask, *, breadth: int, known: Mapping[int, bool | None]) -> Found:
    """The operator that disagrees while all that it reads agrees, among `bad` and what it depends on.

    `bad` is known to disagree, `known` are answers already there; at most `breadth` operators are asked for at a time.
    An operator that agrees vouches for all that it depends on until one of these turns out bad after all: so some
    log(n) / log(breadth + 1) runs suffice. What the found operator reads has always been asked for itself.
    """
    answers: dict[int, bool | None] = {**known, bad: False}
    scope = flow.ancestors([bad]) | {bad}
    asked = 0
    while True:
        first = min(operation for operation in scope if answers.get(operation) is False)
        reads, unknown = _reads(flow, first, answers)
        vouched = _vouched(flow, answers)
        left = sorted(flow.ancestors([first]) - vouched - answers.keys())
        left = left or [operation for operation in reads if operation not in answers]
        if not left:
            return Found(first, answers, unknown, asked)
        chosen = spread(left, breadth)
        told = ask(chosen)
        answers |= {operation: told.get(operation) for operation in chosen}
        asked += 1


def _vouched(flow: Dataflow, answers: Mapping[int, bool | None]) -> frozenset[int]:
    """Operators that need not be asked for: something that depends on them agrees, and nothing before it is bad."""
    bad = {operation for operation, agrees in answers.items() if agrees is False}
    befores = (flow.ancestors([operation]) for operation, agrees in answers.items() if agrees)
    return frozenset[int]().union(*(before for before in befores if not before & bad))


def _reads(
    flow: Dataflow, operation: int, answers: Mapping[int, bool | None]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The operators that this one reads, past those that can't be compared; and these."""
    reads, unknown = set(), set()
    left = list(flow.sources[operation])
    while left:
        source = left.pop()
        if source in answers and answers[source] is None:
            if source not in unknown:
                unknown.add(source)
                left += flow.sources[source]
        else:
            reads.add(source)
    return tuple(sorted(reads)), tuple(sorted(unknown))


def spread(operations: Sequence[int], count: int) -> tuple[int, ...]:
    """At most `count` of these operators, in order, which part them into pieces of nearly equal size."""
    if len(operations) <= count:
        return tuple(operations)
    return tuple(operations[(place + 1) * len(operations) // (count + 1)] for place in range(count))
