"""A network of every part, in as few weights as it takes."""

from e4s_studio.networks.config import RGIConfig

TINY = RGIConfig(
    size=32,
    code_layers=6,
    style_dim=8,
    hidden=12,
    mapping_layers=1,
    channels=(10, 10, 8, 6),
    stem=4,
    encoder_groups=((1, 6), (1, 8), (1, 10), (1, 10)),
)
