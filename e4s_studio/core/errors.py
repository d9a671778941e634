"""Errors for users: each message is a sentence that says what to do."""


class StudioError(Exception):
    """Base of all errors whose message is shown to the user unchanged.

    `exit_code` is the exit code of the command line.
    """

    exit_code = 1


class ImageError(StudioError):
    """A photograph that cannot be read, or is too large."""

    exit_code = 3


class LabelMapError(StudioError):
    """A picture that is not a label map, or does not fit its photograph."""

    exit_code = 4


class CheckpointError(StudioError):
    """A file that is not a checkpoint of this network."""

    exit_code = 5


class SettingsError(StudioError):
    """A setting out of its range, or an unknown region name."""

    exit_code = 2


class OutputError(StudioError):
    """A file or folder that cannot be written, or a full disk."""

    exit_code = 6


class FaceError(StudioError):
    """No face found, or an alignment quad that cannot be used."""

    exit_code = 7


class DeviceError(StudioError):
    """A device that does not exist, or ran out of memory."""

    exit_code = 8


class CancelledError(StudioError):
    """The user cancelled; nothing was written."""

    exit_code = 130


class RenderError(StudioError):
    """A picture that could not be rendered because of an unexpected error."""

    exit_code = 9


class CredentialError(StudioError):
    """A key, certificate or file that cannot be used for content credentials."""

    exit_code = 10


class ProjectError(StudioError):
    """A file that is not a project, or is open elsewhere."""

    exit_code = 11


class DownloadError(StudioError):
    """A download that failed, or a file with a wrong checksum; nothing was installed."""

    exit_code = 14
