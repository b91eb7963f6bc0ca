"""What others hand in, checked before the board takes it."""
