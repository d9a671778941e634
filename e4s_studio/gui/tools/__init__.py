"""The tools of the canvas, without Qt: pointer events in image coordinates edit the document."""
