"""The table of vectors that an input's numbers are looked up in, and how many rows it has."""

from __future__ import annotations

from harness.models.inspect import TfliteFile

_TABLE_AND_NUMBERS = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}  # which inputs they are
_SAME_NUMBERS = ("CAST", "EXPAND_DIMS", "RESHAPE", "SELECT", "SELECT_V2", "SQUEEZE")


def rows_for(model: TfliteFile, tensor: int) -> int | None:
    """How many rows the smallest table has that this tensor's numbers are looked up in; None when there is none."""
    graph = model.main
    reached, rows = {tensor}, []
    for operation in graph.operations:  # in an order in which they can be run
        if operation.name in _TABLE_AND_NUMBERS:
            table, numbers = (operation.inputs[place] for place in _TABLE_AND_NUMBERS[operation.name])
            if numbers in reached and graph.tensors[table].shape:
                rows.append(graph.tensors[table].shape[0])
        elif operation.name in _SAME_NUMBERS and reached & set(operation.inputs):
            reached.update(operation.outputs)
    return min(rows, default=None)
