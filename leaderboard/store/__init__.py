"""Entries, votes' files and rows: the board as files."""
