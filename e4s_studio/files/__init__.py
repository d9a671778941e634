"""What is read from and written to disk: photographs, label maps, projects, model files."""
