"""What happens when the artist asks for it: each module connects one part of the window."""
