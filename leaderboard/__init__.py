"""The board: who restores best, measured the same way for everyone."""
