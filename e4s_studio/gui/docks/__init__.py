"""The docks, one a file. Each shows a value and reports what the artist asks for."""
