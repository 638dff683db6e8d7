"""One file a task family: prepare an input, decode an output, score an answer."""
