"""Parsing: from an aligned crop to its label map, and where that map is in doubt."""

from e4s_studio.engine.parse.starter import Parsing, starter_map

__all__ = ["Parsing", "starter_map"]
