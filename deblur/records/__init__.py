"""The record of a measurement: its rules, its scores, its digests."""
