"""Models that are trained here: what a trainer takes and gives, and how its weights become a file of always the same bytes."""

from harness.models.training.trained import Progress, Trained
from harness.models.training.weights import half, npz_of

__all__ = ["Progress", "Trained", "half", "npz_of"]
