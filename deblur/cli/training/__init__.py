"""`python -m deblur train`: its command, its options, and what it shows."""
