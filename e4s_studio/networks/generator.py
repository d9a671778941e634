"""The mask-guided StyleGAN2 generator (E4S, section 3.2), coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from e4s_studio.networks import fast
from e4s_studio.networks.layers import Block, ConstantInput, Noises, SkipRGB, StyledConv, ToRGB
from e4s_studio.networks.ops import EqualLinear

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e4s_studio.networks.config import RGIConfig
    from e4s_studio.networks.layout import Grid, Layout


@dataclass(frozen=True)
class Stage:
    """What the generator knows once it has drawn one resolution; it can go on from here.

    Attributes
    ----------
    features
        (B, R, R, C); None past the resolutions that look at the label map, from which nothing goes
        on: there no edit begins.
    rgb
        (B, 3, R, R) float32, nominally −1 to 1: the picture so far.
    """

    features: Tensor | None
    rgb: Tensor

    @property
    def resolution(self) -> int:
        """R."""
        return self.rgb.shape[-1]


class Generator(nn.Module):
    """StyleGAN2's synthesis network with a code per region in its masked layers.

    Module names are those of the published checkpoints. `style` (StyleGAN's mapping network) is
    stored with them and never run.
    """

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.config = config
        widths, dim = config.channels, config.style_dim
        # Numbered from 1, as the published network has a normalisation without weights at 0.
        self.style = nn.ModuleDict(
            {str(i + 1): EqualLinear(dim, dim) for i in range(config.mapping_layers)}
        )
        self.input = ConstantInput(widths[0])
        self.conv1 = StyledConv(widths[0], widths[0], dim, up=False)
        self.to_rgb1 = ToRGB(widths[0], dim)
        self.convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        for coarse, fine in pairwise(widths):
            self.convs.append(StyledConv(coarse, fine, dim, up=True))
            self.convs.append(StyledConv(fine, fine, dim, up=False))
            self.to_rgbs.append(SkipRGB(fine, dim))
        self.noises = Noises(config.log_size)
        self._cache = fast.WeightCache()

    def masked_resolutions(self) -> list[int]:
        """List the resolutions that need a grid of the layout, coarse to fine."""
        logs = range(2, self.config.log_size + 1)
        return [2**r for r in logs if self.config.conv_is_masked(r)]

    def stages(
        self,
        codes: Tensor,
        layout: Layout,
        *,
        dtype: torch.dtype = torch.float32,
        start: Stage | None = None,
    ) -> Iterator[Stage]:
        """Draw the picture at 4², 8², … S², one stage as each is asked for.

        Stop whenever you like: nothing is kept between calls.

        Parameters
        ----------
        codes
            (B, 12, n_latent, style_dim).
        layout
            Of the label maps, on the device of the codes.
        dtype
            The type of the features. Styles and RGB sums are float32 always.
        start
            A stage of an earlier drawing whose codes and label map agree up to its resolution.
        """
        stage = start if start is not None else self._first(codes, layout, dtype)
        if stage.features is None:
            raise ValueError(f"nothing goes on from {stage.resolution}²")
        if start is None:
            yield stage
        features = stage.features
        for log_resolution in range(stage.resolution.bit_length(), self.config.log_size + 1):
            block = self._block(log_resolution, codes, layout)
            if fast.can_run_fast(features):
                features, rgb = fast.draw(block, features, stage.rgb, self._cache)
            else:
                features, rgb = block(features, stage.rgb)
            stage = Stage(features if self._goes_on_from(log_resolution) else None, rgb)
            yield stage

    def free_memory(self) -> None:
        """Forget what can be made again. The next drawing makes it, and takes longer."""
        self._cache.clear()

    def _first(self, codes: Tensor, layout: Layout, dtype: torch.dtype) -> Stage:
        conv_grid, rgb_grid = self._grids(layout, 2)
        x = self.input(codes.shape[0], dtype)
        code, noise = codes[:, :, 0], self.noises[0]
        if conv_grid is not None and fast.can_run_fast(x):
            x = fast.Styled(self.conv1, self._cache)(x, code, noise, conv_grid)
        else:
            x = self.conv1(x, code, noise, conv_grid)
        return Stage(x, self.to_rgb1(x, codes[:, :, 1], rgb_grid))

    def _block(self, log_resolution: int, codes: Tensor, layout: Layout) -> Block:
        """Collect what doubles the resolution to 2^log_resolution."""
        j = log_resolution - 3
        first = 1 + 2 * j
        return Block(
            cast("StyledConv", self.convs[2 * j]),
            cast("StyledConv", self.convs[2 * j + 1]),
            cast("ToRGB", self.to_rgbs[j]),
            codes[:, :, first : first + 3],
            (self.noises[first], self.noises[first + 1]),
            *self._grids(layout, log_resolution),
            last=log_resolution == self.config.log_size,
        )

    def _goes_on_from(self, log_resolution: int) -> bool:
        masked = self.config.conv_is_masked(log_resolution)
        return masked and log_resolution < self.config.log_size

    def _grids(self, layout: Layout, log_resolution: int) -> tuple[Grid | None, Grid | None]:
        masked_conv = self.config.conv_is_masked(log_resolution)
        masked_rgb = self.config.rgb_is_masked(log_resolution)
        grid = layout.grid(2**log_resolution) if masked_conv else None
        return grid, grid if masked_rgb else None
