"""The mask canvas and the view that all panes share."""
