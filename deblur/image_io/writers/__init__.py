"""One writer for each format: a photo whose metadata fits, a stream, and how a JPEG is coded."""
