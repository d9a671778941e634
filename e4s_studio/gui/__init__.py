"""The desktop editor. The only package that imports Qt."""
