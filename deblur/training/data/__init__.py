"""From photos, pairs and clips to batches."""
