"""Sliders, cards, layouts and event filters that several parts of the window use."""
