"""Parsing: from an aligned crop to its label map, and where that map is in doubt."""

from e4s_studio.engine.doubt import doubtful_spots
from e4s_studio.engine.parsing.bisenet import bisenet_map
from e4s_studio.engine.parsing.choice import parser_named, parser_with
from e4s_studio.engine.parsing.parsing import Parsing
from e4s_studio.engine.parsing.starter import starter_map

__all__ = ["Parsing", "bisenet_map", "doubtful_spots", "parser_named", "parser_with", "starter_map"]
