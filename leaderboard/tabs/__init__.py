"""The page's tabs that show the board and take part in it."""
