"""What models, training and engines cost in seconds and bytes."""
