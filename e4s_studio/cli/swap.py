"""`e4s-studio swap`: one photograph's face into another, without the editor."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from e4s_studio.cli.progress import fit_progress
from e4s_studio.core.errors import SettingsError
from e4s_studio.core.pair import Both
from e4s_studio.core.regions import GROUPS, Region, region_named
from e4s_studio.core.settings import EditSettings
from e4s_studio.files.images import check_writable
from e4s_studio.files.output import make_folder, require_other
from e4s_studio.files.provenance.facts import Ground


def swap(
    source: Annotated[Path, typer.Argument(help="The photograph whose face is taken.")],
    target: Annotated[Path, typer.Argument(help="The photograph that the face goes into.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture to write.")],
    source_mask: Annotated[Path | None, typer.Option(help="The source's label map, a PNG.")] = None,
    target_mask: Annotated[Path | None, typer.Option(help="The target's label map, a PNG.")] = None,
    amount: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGION=AMOUNT",
            help="Texture amount of a region or group, 0 (target) to 1 (source). Repeatable.",
        ),
    ] = None,
    *,
    face_over_hair: Annotated[
        bool,
        typer.Option(
            "--face-over-hair/--hair-over-face",
            help="Whether the source's face covers the target's hair, a fringe for example.",
        ),
    ] = False,
    checkpoint: Annotated[
        Path | None, typer.Option(help="An E4S checkpoint in place of the built-in model.")
    ] = None,
    fit_steps: Annotated[
        int | None, typer.Option(min=0, help="Steps of fitting; each model has its own default.")
    ] = None,
    fit_generator: Annotated[
        bool, typer.Option(help="With a published checkpoint: fit its generator too.")
    ] = False,
    detail: Annotated[
        float, typer.Option(help="How much of the photographs' own detail is put back, 0 to 1.")
    ] = 1.0,
    light: Annotated[
        float, typer.Option(help="How far the face follows the target's light, 0 to 1.")
    ] = 0.5,
    film: Annotated[
        float,
        typer.Option(
            help="How far the face follows the target's film where one of the two is black and"
            " white: its tone, or its colours for a source without any; 0 to 1."
        ),
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    source_face: Annotated[
        int, typer.Option(min=1, help="Which of the source's faces, the clearest first.")
    ] = 1,
    target_face: Annotated[
        int, typer.Option(min=1, help="Which of the target's faces, the clearest first.")
    ] = 1,
    ground: Annotated[
        Ground | None, typer.Option(help="On what ground the sitter's face is used.")
    ] = None,
    credential: Annotated[
        bool, typer.Option(help="Sign the picture with what was done to it (C2PA).")
    ] = True,
    steps_dir: Annotated[
        Path | None, typer.Option(help="A folder for every picture on the way.")
    ] = None,
) -> None:
    """Swap the face of SOURCE into TARGET.

    The faces are found, aligned and parsed, unless masks are given. OUTPUT has the target's size
    and is written whole or not at all.
    """
    settings = EditSettings(face_over_hair=face_over_hair, detail=detail, light=light, film=film)
    for region, value in parse_amounts(amount or []).items():
        settings = settings.with_amount(region, value)
    check_writable(output)
    require_other(output, source, target, source_mask, target_mask)
    # Torch and C2PA take seconds to import: only once the options are known to be good.
    from e4s_studio.cli.steps import write_steps
    from e4s_studio.studio import fit, open_pair

    masks, faces = Both(source_mask, target_mask), Both(source_face - 1, target_face - 1)
    portraits = open_pair(source, target, masks, faces)
    with fit_progress() as progress:
        pair = fit(
            portraits,
            checkpoint=checkpoint,
            device=device,
            steps=fit_steps,
            seed=seed,
            tune_generator=fit_generator,
            progress=progress,
        )
    swapped = pair.swap(settings)
    if steps_dir is not None:
        make_folder(steps_dir)
        write_steps(steps_dir, swapped)
    for path in swapped.write(output, ground=ground, credential=credential):
        typer.echo(f"Wrote {path}")


def parse_amounts(texts: list[str]) -> dict[Region, float]:
    """Read "REGION=AMOUNT" texts; a region or a group, 0 to 1; later ones win.

    Raises
    ------
    SettingsError
        If a text has another form, an unknown name, or an amount out of range.
    """
    amounts: dict[Region, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise SettingsError(f"“{text}” is not of the form REGION=AMOUNT, such as lips=0.6.")
        try:
            regions = region_named(name)
        except KeyError:
            known = ", ".join([region.title for region in Region] + list(GROUPS))
            raise SettingsError(f"There is no region “{name}”; choose from {known}.") from None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 <= number <= 1:
            raise SettingsError(f"The amount of {name} must be from 0 to 1, not “{value}”.")
        amounts.update(dict.fromkeys(regions, number))
    return amounts
