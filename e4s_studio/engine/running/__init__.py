"""The engine that the window holds: its threads and its mailbox."""
