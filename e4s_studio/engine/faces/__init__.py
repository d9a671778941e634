"""Finding faces, and aligning crops to them."""
