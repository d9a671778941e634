"""From a document's snapshot to pixels: numpy and torch, no Qt."""
