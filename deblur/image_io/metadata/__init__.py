"""What a photo says besides its pixels: as it is found, kept and packed for a format."""
