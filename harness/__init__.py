"""From a trained model to a verdict on the phone."""

__version__ = "0.1.0"
