"""The multi-scale mask-guided encoder (E4S, section 3.1): IR-SE units and masked pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from e4s_studio.networks import fast
from e4s_studio.networks.config import REGIONS
from e4s_studio.networks.irse import IRSEUnit, conv3x3
from e4s_studio.networks.layout import resize_labels
from e4s_studio.networks.texture import Light, colour_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from e4s_studio.networks.config import RGIConfig


class Encoder(nn.Module):
    """Three scales of features, pooled over each region into its texture vector."""

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.size, self.colour_moments = config.encoder_input, config.colour_moments
        self.input_layer = nn.Sequential(
            conv3x3(3, config.stem), nn.InstanceNorm2d(config.stem), nn.PReLU(config.stem)
        )
        units: list[IRSEUnit] = []
        self.taps: list[int] = []
        channels = config.stem
        for count, width in config.encoder_groups:
            for unit in range(count):
                units.append(IRSEUnit(channels, width, 2 if unit == 0 else 1))
                channels = width
            self.taps.append(len(units) - 1)
        del self.taps[0]
        self.body = nn.Sequential(*units)
        self._cache = fast.WeightCache()
        self.light = Light(config) if config.light else nn.Identity()

    def forward(self, image: Tensor, labels: Tensor) -> Tensor:
        """Encode images (B, 3, H, W) in [−1, 1] with labels (B, h, w) int64.

        Returns
        -------
        Tensor
            (B, 12, vector_dim): at each of three scales the mean feature of each region, zeros
            where the region has no pixel at that scale; then its colours and the light, if the
            configuration wants them.
        """
        size = (self.size, self.size)
        x = F.interpolate(image, size=size, mode="bilinear", align_corners=False)
        x = x.contiguous(memory_format=torch.channels_last)
        parts = [
            _region_means(features, labels)
            for index, features in enumerate(self._features(x))
            if index in self.taps
        ]
        if self.colour_moments:
            parts.append(colour_moments(x, labels))
        vectors: Tensor = self.light(torch.cat(parts, dim=2))
        return vectors

    def _features(self, image: Tensor) -> Iterator[Tensor]:
        """Yield the features (B, R, R, C) after each unit, of (B, 3, S, S) channels last."""
        if fast.can_run_fast(image):
            yield from fast.encode(self.input_layer, self.body, image, self._cache)
            return
        x = self.input_layer(image)
        for unit in self.body:
            x = unit(x)
            yield x.permute(0, 2, 3, 1)

    def lay_out(self) -> None:
        """Order the weights in memory as they are read. Their values do not change."""
        self.to(memory_format=torch.channels_last)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
                fast.lay_out(module)

    def free_memory(self) -> None:
        """Forget what can be made again. The next encoding makes it, and takes longer."""
        self._cache.clear()


def _region_means(features: Tensor, labels: Tensor) -> Tensor:
    """Average (B, R, R, C) over each region: (B, 12, C)."""
    resized = resize_labels(labels, features.shape[1]).flatten(1)
    onehot = F.one_hot(resized, REGIONS).to(features.dtype)  # (B, R², 12)
    sums = onehot.transpose(1, 2) @ features.flatten(1, 2)
    counts = onehot.sum(1).clamp(min=1)[:, :, None]
    return sums / counts
