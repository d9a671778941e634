"""The panes in the middle of the window: source and result, and the area that arranges all."""
