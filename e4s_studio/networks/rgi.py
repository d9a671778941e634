"""Regional GAN Inversion: encoder, one MLP per region, mask-guided generator (E4S, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, nn

from e4s_studio.networks.config import REGIONS, RGIConfig
from e4s_studio.networks.encoder import Encoder
from e4s_studio.networks.generator import Generator
from e4s_studio.networks.layout import Layout, labels_of, make_layout
from e4s_studio.networks.ops import EqualLinear
from e4s_studio.networks.texture import mix_vectors
from e4s_studio.networks.weights import config_of, read_weights, save_weights

if TYPE_CHECKING:
    from pathlib import Path

MLP_SLOPE = 0.01


class LocalMLP(nn.Module):
    """One region's map from its texture vector to its style codes, before the average is added."""

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            EqualLinear(config.vector_dim, config.hidden),
            nn.LeakyReLU(MLP_SLOPE),
            EqualLinear(config.hidden, config.style_dim * config.code_layers),
        )

    def forward(self, vectors: Tensor) -> Tensor:
        """Map (B, vector_dim) to (B, code_layers · style_dim)."""
        return self.mlp(vectors)  # type: ignore[no-any-return]


class RGI(nn.Module):
    """The network of E4S ("Net3"), in the sizes of its configuration.

    The published architecture has vector_dim 1280, style_dim 512, and n_latent = 2·log₂S − 2.
    """

    latent_avg: Tensor

    def __init__(self, config: RGIConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.MLPs = nn.ModuleList(LocalMLP(config) for _ in range(REGIONS))
        self.G = Generator(config)
        self.register_buffer("latent_avg", torch.zeros(config.n_latent, config.style_dim))
        self.encoder.lay_out()

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: torch.device | str = "cpu") -> Self:
        """Load a published checkpoint or a safetensors file of this project.

        Sizes and K are inferred from the weights. Nothing in the file is executed.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        WeightsError
            If the file cannot be read safely, or holds another network; its message names the
            first keys or shapes that differ.
        """
        # Weights made in inference mode could not be trained, and would change unnoticed.
        with torch.inference_mode(mode=False):
            weights = read_weights(path)
            with torch.device("meta"):
                network = cls(config_of(weights))
            weights.assign_to(network)
            network.encoder.lay_out()
            return network.to(device).eval().requires_grad_(requires_grad=False)

    def save(self, path: str | Path) -> None:
        """Write the weights, with their configuration, as a safetensors file.

        Raises
        ------
        OSError
            If the place cannot be written to.
        """
        save_weights(self, self.config, path)

    def encode(self, image: Tensor, onehot: Tensor) -> Tensor:
        """Turn each region of an image into its texture vector.

        Parameters
        ----------
        image
            (B, 3, H, W) in [−1, 1], RGB.
        onehot
            (B, 12, h, w), each pixel in exactly one region.

        Returns
        -------
        Tensor
            (B, 12, vector_dim).

        Raises
        ------
        ValueError
            If the map is not one-hot.
        """
        return self.encode_labels(image, labels_of(onehot))

    def encode_labels(self, image: Tensor, labels: Tensor) -> Tensor:
        """Encode as `encode` does, with labels (B, h, w) int64 in place of the one-hot map."""
        return self.encoder(image, labels)  # type: ignore[no-any-return]

    def mix(self, source: Tensor, target: Tensor, amounts: Tensor) -> Tensor:
        """Mix texture vectors (B, 12, vector_dim) by amounts (12,) or (B, 12): `mix_vectors`."""
        return mix_vectors(source, target, amounts, self.config.light)

    def style_codes(self, vectors: Tensor) -> Tensor:
        """Map texture vectors (B, 12, vector_dim) to style codes (B, 12, n_latent, style_dim)."""
        layers = min(self.config.code_layers, self.config.n_latent)
        offsets = torch.stack(
            [
                mlp(vectors[:, region]).unflatten(1, (self.config.code_layers, -1))[:, :layers]
                for region, mlp in enumerate(self.MLPs)
            ],
            dim=1,
        )
        codes = offsets + self.latent_avg[:layers]
        rest = self.latent_avg[layers:].expand(*codes.shape[:2], -1, -1)
        return torch.cat([codes, rest], dim=2)

    def layout(self, labels: Tensor) -> Layout:
        """Lay out labels (B, h, w) int64 for the masked layers, on the network's device."""
        return make_layout(labels, self.latent_avg.device)

    def generate(self, codes: Tensor, onehot: Tensor) -> Tensor:
        """Draw the picture, with the stored noise: the same input gives the same picture.

        Parameters
        ----------
        codes
            (B, 12, n_latent, style_dim).
        onehot
            (B, 12, h, w), each pixel in exactly one region.

        Returns
        -------
        Tensor
            (B, 3, S, S) float32, nominally −1 to 1 (not clipped).

        Raises
        ------
        ValueError
            If the map is not one-hot.
        """
        return self.draw(codes, self.layout(labels_of(onehot)))

    def draw(self, codes: Tensor, layout: Layout) -> Tensor:
        """Draw as `generate` does, with a layout that is made once for many pictures."""
        *_, last = self.G.stages(codes, layout)
        return last.rgb
