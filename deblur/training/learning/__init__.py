"""What a step learns from, and how it changes the weights."""
