"""A network that is trained in seconds."""

from e4s_studio.networks.config import RGIConfig

# Fewer than 16 channels crash oneDNN in the gradient of a strided 1×1 convolution.
TINY = RGIConfig(
    size=32,
    code_layers=13,
    style_dim=16,
    hidden=16,
    mapping_layers=0,
    channels=(16, 16, 16, 16),
    stem=16,
    encoder_groups=((1, 16), (1, 16), (1, 16), (1, 16)),
)
