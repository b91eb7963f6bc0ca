"""From sharp photos and pairs to trained weights."""
