"""The mask-guided StyleGAN2 generator (E4S, section 3.2), coarse to fine."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from e4s_studio.networks.modulated import SkipRGB, StyledConv, ToRGB
from e4s_studio.networks.ops import EqualLinear
from e4s_studio.networks.unmasked import UnmaskedStage
from e4s_studio.networks.workspace import SpareWorkspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e4s_studio.networks.config import RGIConfig
    from e4s_studio.networks.layout import Grid, Layout
    from e4s_studio.networks.workspace import Workspace


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


class ConstantInput(nn.Module):
    """The learned 4² input, (1, C, 4, 4)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.randn(1, channels, 4, 4))


class Noises(nn.Module):
    """The stored noise: buffers noise_{i} of (1, 1, R, R) for R = 4, 8, 8, 16, 16 and so on."""

    def __init__(self, log_size: int) -> None:
        super().__init__()
        for i in range(2 * log_size - 3):
            resolution = 2 ** ((i + 5) // 2)
            self.register_buffer(f"noise_{i}", torch.randn(1, 1, resolution, resolution))

    def __getitem__(self, index: int) -> Tensor:
        """Return the noise of conv1 (0) or of convs[index − 1]."""
        return self.get_buffer(f"noise_{index}")


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
        self._spare = SpareWorkspace()

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
        with self._spare.borrowed() as space:
            for log_resolution in range(stage.resolution.bit_length(), self.config.log_size + 1):
                features, rgb = self._next(features, stage.rgb, codes, layout, space)
                stage = Stage(features if self._goes_on_from(log_resolution) else None, rgb)
                yield stage

    def free_memory(self) -> None:
        """Forget what can be made again. The next drawing makes it, and takes longer."""
        self._spare.clear()

    def _first(self, codes: Tensor, layout: Layout, dtype: torch.dtype) -> Stage:
        conv_grid, rgb_grid = self._grids(layout, 2)
        constant = self.input.input.permute(0, 2, 3, 1).to(dtype)
        x = constant.expand(codes.shape[0], -1, -1, -1).contiguous()
        x = self.conv1(x, codes[:, :, 0], self.noises[0], conv_grid)
        return Stage(x, self.to_rgb1(x, codes[:, :, 1], rgb_grid))

    def _next(
        self, x: Tensor, rgb: Tensor, codes: Tensor, layout: Layout, space: Workspace
    ) -> tuple[Tensor, Tensor]:
        """Double features (B, R, R, C) and the picture so far (B, 3, R, R)."""
        log_resolution = x.shape[1].bit_length()
        conv_grid, rgb_grid = self._grids(layout, log_resolution)
        j = log_resolution - 3
        to_rgb = cast("ToRGB", self.to_rgbs[j])
        if conv_grid is None and not torch.is_grad_enabled():
            features, part = self._unmasked(x, codes[:, 0], j, space)
            return features, to_rgb.picture(part, rgb)
        for i in (2 * j, 2 * j + 1):
            x = self.convs[i](x, codes[:, :, 1 + i], self.noises[1 + i], conv_grid, space)
        return x, to_rgb(x, codes[:, :, 3 + 2 * j], rgb_grid, rgb)

    def _unmasked(
        self, x: Tensor, codes: Tensor, j: int, space: Workspace
    ) -> tuple[Tensor, Tensor]:
        """Draw one resolution with one code (B, n_latent, style_dim) for the whole picture.

        The features are in the workspace; none at the last resolution.
        """
        batch, resolution = x.shape[0], 2 * x.shape[1]
        up, plain = cast("StyledConv", self.convs[2 * j]), cast("StyledConv", self.convs[2 * j + 1])
        to_rgb = cast("ToRGB", self.to_rgbs[j])
        shape = (batch, resolution, resolution, self.config.channels[j + 1])
        last = resolution == self.config.size
        features = x.new_empty(0) if last else space.take(f"features {j % 2}", shape, x)
        pictures = []
        for b in range(batch):
            sample = UnmaskedStage(
                up.folded(codes[b, 1 + 2 * j], self.noises[1 + 2 * j], x.dtype),
                plain.folded(codes[b, 2 + 2 * j], self.noises[2 + 2 * j], x.dtype),
                to_rgb.folded(codes[b : b + 1, 3 + 2 * j], x.dtype)[0],
            )
            pictures.append(sample.draw(x[b : b + 1], None if last else features[b : b + 1]))
        return features, pictures[0] if batch == 1 else torch.cat(pictures)

    def _goes_on_from(self, log_resolution: int) -> bool:
        masked = self.config.conv_is_masked(log_resolution)
        return masked and log_resolution < self.config.log_size

    def _grids(self, layout: Layout, log_resolution: int) -> tuple[Grid | None, Grid | None]:
        masked_conv = self.config.conv_is_masked(log_resolution)
        masked_rgb = self.config.rgb_is_masked(log_resolution)
        grid = layout.grid(2**log_resolution) if masked_conv else None
        return grid, grid if masked_rgb else None
