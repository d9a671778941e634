"""The journal of a session: every committed edit on the disk, and its recovery after a crash."""

from e4s_studio.files.journal.journal import Journal
from e4s_studio.files.journal.record import same_photograph
from e4s_studio.files.journal.recovery import CrashedSession, recoverable_sessions

__all__ = ["CrashedSession", "Journal", "recoverable_sessions", "same_photograph"]
