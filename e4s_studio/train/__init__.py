"""Portraits with ground truth, losses, the trainer."""
