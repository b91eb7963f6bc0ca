"""What the pipeline is made of: the guide, networks that run tile by tile, the report."""
