"""The one description of an RGI network, with its two presets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

REGIONS: Final = 12
MOMENTS: Final = 21
"""Numbers by which `networks.texture` describes the colours of a region."""


@dataclass(frozen=True)
class RGIConfig:
    """Sizes of an RGI network (E4S, section 3; "Net3" in the published code).

    Attributes
    ----------
    size
        Output resolution S, a power of two from 16.
    code_layers
        The published `remaining_layer_idx` K: how many latents a region's MLP predicts. Latents
        from K on are the latent average alone. A K of at least `n_latent` (the published K = 17,
        whose MLPs have 18 rows) masks every layer.
    style_dim
        Length of one style code (512 in the published network).
    hidden
        Width of the MLPs' hidden layer.
    mapping_layers
        Layers of StyleGAN's mapping network, which inversion stores but never runs.
    channels
        Generator channels at 4², 8², … S².
    stem
        Channels of the encoder's input layer.
    encoder_groups
        (units, channels) of the encoder's four groups, each of which halves the resolution. The
        last three groups' outputs are pooled per region and concatenated.
    encoder_input
        To how many pixels on a side the encoder brings its pictures (256 in the published code).
    colour_moments
        Whether a texture vector ends with its region's own colours (`networks.texture`). The
        published one does not have them.
    light
        By how many numbers a texture vector tells of the light, twice over (`networks.texture`): of
        the light that its region was seen in, and of the light that it is to be drawn in. None in
        the published network.
    """

    size: int = 1024
    code_layers: int = 13
    style_dim: int = 512
    hidden: int = 512
    mapping_layers: int = 8
    channels: tuple[int, ...] = (512, 512, 512, 512, 512, 256, 128, 64, 32)
    stem: int = 64
    encoder_groups: tuple[tuple[int, int], ...] = field(
        default=((3, 128), (4, 256), (14, 512), (3, 512))
    )
    encoder_input: int = 256
    colour_moments: bool = False
    light: int = 0

    def __post_init__(self) -> None:
        if self.size < 16 or self.size & (self.size - 1):
            raise ValueError(f"the size must be a power of two from 16, not {self.size}")
        if len(self.channels) != self.log_size - 1:
            raise ValueError(f"{self.size}² needs {self.log_size - 1} channel counts")

    @property
    def log_size(self) -> int:
        """log₂ of the size."""
        return self.size.bit_length() - 1

    @property
    def n_latent(self) -> int:
        """How many latents the generator's layers take: 2·log₂S − 2."""
        return 2 * self.log_size - 2

    @property
    def vector_dim(self) -> int:
        """Length of a texture vector (1280 in the published network)."""
        return self.seen_dim + 2 * self.light

    @property
    def seen_dim(self) -> int:
        """Length of the part of a texture vector that is seen in its region alone."""
        pooled = sum(width for _, width in self.encoder_groups[-3:])
        return pooled + MOMENTS * self.colour_moments

    def conv_is_masked(self, log_resolution: int) -> bool:
        """Whether the convolutions that output 2^log_resolution use a code per region."""
        return self.code_layers >= self.n_latent or log_resolution <= 2 + self.code_layers // 2

    def rgb_is_masked(self, log_resolution: int) -> bool:
        """Whether toRGB at 2^log_resolution uses a code per region."""
        return self.code_layers >= self.n_latent or log_resolution < 2 + self.code_layers // 2


E4S_1024: Final = RGIConfig()
STUDIO_256: Final = RGIConfig(
    size=256,
    code_layers=13,
    style_dim=64,
    hidden=128,
    mapping_layers=0,
    channels=(128, 128, 128, 128, 96, 64, 32),
    stem=16,
    encoder_groups=((1, 32), (2, 64), (3, 128), (2, 128)),
    encoder_input=128,
    colour_moments=True,
    light=16,
)

PRESETS: Final[dict[str, RGIConfig]] = {"e4s-1024": E4S_1024, "studio-256": STUDIO_256}
"""The published architecture, and the narrow one that is fitted to two photographs."""
