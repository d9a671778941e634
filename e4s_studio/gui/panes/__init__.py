"""The panes in the middle of the window, their area, and the view that chooses a face."""
