"""What the page shows of photos and models, as safe HTML."""
