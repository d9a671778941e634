"""Finished pictures, layered files and label maps, at the photograph's own resolution."""
