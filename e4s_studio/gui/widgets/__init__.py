"""Controls of the editor that Qt does not have, one a file."""
