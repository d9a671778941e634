"""Fitting the network to a pair of portraits."""
