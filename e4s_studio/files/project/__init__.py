"""Project files (.e4s): everything an artist has in hand, in one zip that opens anywhere."""
