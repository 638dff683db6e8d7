"""Tests of the families of description files."""
