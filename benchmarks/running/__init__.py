"""Carrying out a measurement: shards, scores, journal."""
