"""Errors that an artist can read: each message is a sentence that says what to do."""


class StudioError(Exception):
    """Base of every error that is shown to the artist as it stands.

    `exit_code` is what the command line exits with (1 unless a subclass says otherwise).
    """

    exit_code = 1


class ImageError(StudioError):
    """A photograph that cannot be read, or that is too large."""

    exit_code = 3


class LabelMapError(StudioError):
    """A picture that cannot be a label map, or one that does not fit its photograph."""

    exit_code = 4


class CheckpointError(StudioError):
    """A file that is not a checkpoint of this network."""

    exit_code = 5


class SettingsError(StudioError):
    """A setting out of its range, or the name of an unknown region."""

    exit_code = 2


class OutputError(StudioError):
    """A place that cannot be written to, or a disk that is full."""

    exit_code = 6


class FaceError(StudioError):
    """No face found, or an alignment quad that cannot be used."""

    exit_code = 7


class DeviceError(StudioError):
    """A device that is not there, or that ran out of memory."""

    exit_code = 8


class CancelledError(StudioError):
    """The artist stopped the work. Nothing was written."""

    exit_code = 130


class RenderError(StudioError):
    """A picture that could not be drawn, for a reason that nobody foresaw."""

    exit_code = 9


class CredentialError(StudioError):
    """A key, a certificate or a file that content credentials cannot be made with."""

    exit_code = 10


class ProjectError(StudioError):
    """A file that is no project, or one that somebody else holds open."""

    exit_code = 11


class DownloadError(StudioError):
    """A file that could not be fetched, or that is not what it should be. Nothing was installed."""

    exit_code = 14
