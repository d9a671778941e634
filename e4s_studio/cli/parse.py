"""`e4s-studio parse`: a photograph's label map, for use here or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from e4s_studio.core.errors import FaceError, ImageError
from e4s_studio.files.images import read_image
from e4s_studio.files.label_maps import write_label_map
from e4s_studio.files.output import check_writable, require_other

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from e4s_studio.core.quad import Quad
    from e4s_studio.files.models import ModelFolder

_LARGEST_CROP: Final = 1024


def parse(
    image: Annotated[Path, typer.Argument(help="The photograph.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The label map to write, a PNG.")],
    parser: Annotated[
        str, typer.Option(help="starter (no download), bisenet, or auto: the best installed.")
    ] = "auto",
    face: Annotated[int, typer.Option(min=1, help="Which face, 1 for the surest.")] = 1,
    *,
    aligned: Annotated[
        bool, typer.Option("--aligned", help="The image is an aligned crop already.")
    ] = False,
) -> None:
    """Write the label map of IMAGE: 8-bit, labels 0 to 11, in the palette's colours.

    The map has the image's size. What lies outside the crop of the face is background.
    """
    # Parsing takes libraries that load slowly.
    from e4s_studio.core.quad import Quad
    from e4s_studio.engine.faces.align import crop, uncrop_labels
    from e4s_studio.engine.parsing import parser_named
    from e4s_studio.files.models import ModelFolder

    models = ModelFolder()
    parsed = parser_named(parser, models)
    check_writable(output)
    require_other(output, image)
    photograph = read_image(image)
    height, width = photograph.shape[:2]
    if aligned:
        if width != height:
            raise ImageError(
                f"“{image}” is {width} × {height}, but an aligned crop is square; leave out"
                " --aligned to have its face found."
            )
        quad = Quad.whole(width, height)
    else:
        quad = _quad_of(photograph, image, face, models)
    size = min(max(round(quad.side), 64), _LARGEST_CROP)
    labels = parsed(crop(photograph, quad, size)).labels
    write_label_map(output, uncrop_labels(labels, quad, (height, width)))


def _quad_of(photograph: NDArray[np.uint8], image: Path, face: int, models: ModelFolder) -> Quad:
    from e4s_studio.engine.faces.find import find_faces
    from e4s_studio.engine.opening import missing_face
    from e4s_studio.files.models import model_named

    faces = find_faces(photograph, models.installed(model_named("retinaface")))
    if not faces:
        raise FaceError(
            f"No face was found in “{image}”. Choose a photograph that shows the face from the"
            " front, or crop it to the face and say --aligned."
        )
    if face > len(faces):
        raise FaceError(missing_face(str(image), face, len(faces)))
    return faces[face - 1].quad
