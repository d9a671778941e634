"""Trains the parser on rendered portraits that are made to look like photographs."""

from __future__ import annotations

from e4s_studio.train.parser.examples import make_pool
from e4s_studio.train.parser.training import ParserPlan, train_parser

__all__ = ["ParserPlan", "make_pool", "train_parser"]
