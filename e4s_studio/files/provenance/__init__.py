"""Content credentials: an honest, signed statement in a picture of how it was made (C2PA)."""
