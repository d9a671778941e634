"""Project files: what the editor saves, and opens again as far as the file is whole."""

from e4s_studio.files.project.opening import open_project, opened_bytes
from e4s_studio.files.project.project import FittedWeights, Labelling, Opened, Project
from e4s_studio.files.project.saving import SUFFIX, hold, project_bytes, save_project

__all__ = [
    "SUFFIX",
    "FittedWeights",
    "Labelling",
    "Opened",
    "Project",
    "hold",
    "open_project",
    "opened_bytes",
    "project_bytes",
    "save_project",
]
