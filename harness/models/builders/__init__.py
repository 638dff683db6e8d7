"""Architectures in Keras: each function takes weights by name and returns a model with a fixed batch of 1."""
