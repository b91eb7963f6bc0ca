"""One reader for each format: from a GivenFile to a DecodedImage."""
