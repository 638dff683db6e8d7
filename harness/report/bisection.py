"""A bisection as lines for a person."""

from __future__ import annotations

from harness.results.bisection import Bisection, Culprit, Distance
from harness.results.coverage import Taken


def render(found: Bisection) -> str:
    """What was compared, what came of it, and by which rule."""
    virtual = ", virtual" if found.emulated else ""
    lines = [
        f"{found.model}: {found.operators} operators, {found.suspect} against {found.reference}",
        f"{found.device}{virtual}; {found.runs} runs, {found.cuts} cut models, kept in {found.folder}",
        f"the whole model: {_distance(found.whole)}; GPU took {_taken(found.whole_gpu)}",
    ]
    if found.culprit is None:
        lines.append(f"they agree within a tolerance of {found.tolerance:g}")
    else:
        lines += _culprit(found, found.culprit)
    if found.crashes:
        lines.append(f"the app crashed {len(found.crashes)} times on the way, the last time: {found.crashes[-1]}")
    lines.append(f"rule: {found.formula}; tolerance {found.tolerance:g}, reference as real numbers")
    return "\n".join(lines)


def _culprit(found: Bisection, culprit: Culprit) -> list[str]:
    lines = [
        f"first bad operator: {culprit.operator}, number {culprit.index} (of 0 to {found.operators - 1})",
        f"  output {culprit.worst.tensor} {list(culprit.worst.shape)}: {_distance(culprit.worst)}",
        f"  GPU took {_taken(culprit.gpu)} of the model up to there",
    ]
    if culprit.proof:
        lines.append("  proved: in one cut model its inputs agree and its output doesn't")
        if culprit.strain is not None:
            lines.append(f"  its inputs are apart by {culprit.strain:.1%} of what is allowed at most")
    else:
        lines.append(
            "  not reproduced: a cut model with its inputs as outputs doesn't show the same (or doesn't run); "
            "the fault then comes from how operators are fused or parted in the whole, and the operator is where it shows first"
        )
    if culprit.mended_by_fp32 is not None:
        lines.append(f"  precision_loss: false {'mends it' if culprit.mended_by_fp32 else 'does not mend it'}")
    if culprit.unknown:
        lines.append(f"  not comparable, so it may begin in one of them: {', '.join(culprit.unknown)}")
    return lines


def _distance(distance: Distance) -> str:
    return (
        f"{distance.distance:.3g} apart, {distance.allowed:.3g} allowed, at {list(distance.index)} on {distance.input}: "
        f"{distance.suspect:.6g} instead of {distance.reference:.6g}"
    )


def _taken(taken: Taken | None) -> str:
    if taken is None:
        return "nothing that the log shows"
    return f"{taken.taken} of {taken.total} nodes, {taken.partitions} partitions"
