"""Measuring: how fast and how well the models restore."""
