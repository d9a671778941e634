"""A network that is trained in seconds."""

from e4s_studio.networks.config import RGIConfig

# One width everywhere: a strided 1×1 convolution between widths below 16 crashes oneDNN in its
# gradient.
TINY = RGIConfig(
    size=32,
    code_layers=13,
    style_dim=16,
    hidden=16,
    mapping_layers=0,
    channels=(16, 16, 16, 16),
    stem=4,
    encoder_groups=((1, 4), (1, 4), (1, 4), (1, 4)),
    light=2,
)
