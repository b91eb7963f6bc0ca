"""The board's table: its columns, its ranks, and how it is shown."""
