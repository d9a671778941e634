"""The docks. Each shows values and reports what the artist changes."""
