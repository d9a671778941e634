"""The journal of a session: every committed edit on the disk, and the way back after a crash."""
