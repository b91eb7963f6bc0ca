"""Who is here, whose turn it is, and what they sent."""
