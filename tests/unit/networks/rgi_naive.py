"""The network as the paper writes it: Σ_r M_r ⊙ conv(x; w_r), twelve whole convolutions.

Slow and plain on purpose: the fast network is measured against it, in results and in time. It
takes the network's parameters and computes everything else by itself.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from e4s_studio.networks.layers import ModulatedConv, StyledConv, ToRGB
from e4s_studio.networks.rgi import RGI

FIR = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 64


def blur(x: Tensor, padding: tuple[int, int]) -> Tensor:
    """Filter each channel with 4·FIR after padding both axes (before, after) with zeros."""
    kernel = (4 * FIR).to(x).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, padding * 2), kernel, groups=x.shape[1])


def modulated(conv: ModulatedConv, x: Tensor, code: Tensor, *, demodulate: bool) -> Tensor:
    """Convolve (B, C, H, W) with the weight that each sample's code (B, dim) modulates."""
    fan_in = conv.weight.shape[2] * conv.weight.shape[3] ** 2
    linear = conv.modulation
    s = F.linear(code, linear.weight / math.sqrt(code.shape[1]), linear.bias)
    weights = conv.weight * s[:, None, :, None, None] / math.sqrt(fan_in)
    if demodulate:
        weights = weights * torch.rsqrt(weights.square().sum((2, 3, 4), keepdim=True) + 1e-8)
    outputs = []
    for sample, weight in zip(x, weights, strict=True):
        if conv.up:
            outputs.append(F.conv_transpose2d(sample[None], weight.transpose(0, 1), stride=2))
        else:
            outputs.append(F.conv2d(sample[None], weight, padding=weight.shape[-1] // 2))
    y = torch.cat(outputs)
    return blur(y, (1, 1)) if conv.up else y


def masked(
    conv: ModulatedConv, x: Tensor, codes: Tensor, onehot: Tensor | None, *, demodulate: bool = True
) -> Tensor:
    """Sum the twelve masked convolutions; codes (B, 12, dim), onehot (B, 12, h, w) or None."""
    if onehot is None:
        return modulated(conv, x, codes[:, 0], demodulate=demodulate)
    size = x.shape[-1] * (2 if conv.up else 1)
    masks = F.interpolate(onehot, size=(size, size), mode="nearest")
    total = 0
    for region in range(codes.shape[1]):
        y = modulated(conv, x, codes[:, region], demodulate=demodulate)
        total = total + y * masks[:, region : region + 1]
    return total


def styled(
    layer: StyledConv, x: Tensor, codes: Tensor, noise: Tensor, onehot: Tensor | None
) -> Tensor:
    """Convolution, noise, bias and activation, once after the sum."""
    y = masked(layer.conv, x, codes, onehot)
    y = y + layer.noise.weight * noise + layer.activate.bias[None, :, None, None]
    return math.sqrt(2) * F.leaky_relu(y, 0.2)


def to_rgb(
    layer: ToRGB, x: Tensor, codes: Tensor, onehot: Tensor | None, skip: Tensor | None = None
) -> Tensor:
    """Masked 1×1 convolution, bias and the upsampled picture so far."""
    y = masked(layer.conv, x, codes, onehot, demodulate=False) + layer.bias
    if skip is None:
        return y
    zeros = skip.new_zeros(*skip.shape[:2], 2 * skip.shape[2], 2 * skip.shape[3])
    zeros[:, :, ::2, ::2] = skip
    return y + blur(zeros, (2, 1))


def generate(net: RGI, codes: Tensor, onehot: Tensor) -> Tensor:
    """Draw (B, 3, S, S) from codes (B, 12, n_latent, dim) and onehot (B, 12, h, w)."""
    g, config = net.G, net.config
    everywhere = config.code_layers >= config.n_latent

    def conv_mask(r: int) -> Tensor | None:
        return onehot if everywhere or r <= 2 + config.code_layers // 2 else None

    def rgb_mask(r: int) -> Tensor | None:
        return onehot if everywhere or r < 2 + config.code_layers // 2 else None

    x = g.input.input.expand(codes.shape[0], -1, -1, -1)
    x = styled(g.conv1, x, codes[:, :, 0], g.noises.noise_0, conv_mask(2))
    rgb = to_rgb(g.to_rgb1, x, codes[:, :, 1], rgb_mask(2))
    for j, rgb_layer in enumerate(g.to_rgbs):
        r = j + 3
        for i in (2 * j, 2 * j + 1):
            noise = g.noises.get_buffer(f"noise_{i + 1}")
            x = styled(g.convs[i], x, codes[:, :, 1 + i], noise, conv_mask(r))
        rgb = to_rgb(rgb_layer, x, codes[:, :, 3 + 2 * j], rgb_mask(r), rgb)
    return rgb


def encode(net: RGI, image: Tensor, onehot: Tensor) -> Tensor:
    """Turn regions into texture vectors (B, 12, vector_dim), from the published keys alone."""
    w = {key.removeprefix("encoder."): value for key, value in net.state_dict().items()}
    side = (net.config.encoder_input,) * 2
    x = F.interpolate(image, size=side, mode="bilinear", align_corners=False)
    x = F.conv2d(x, w["input_layer.0.weight"], padding=1)
    x = F.prelu(F.instance_norm(x), w["input_layer.2.weight"])
    units, means = 0, []
    for count, _ in net.config.encoder_groups:
        for unit in range(units, units + count):
            x = ir_se_unit(w, f"body.{unit}", x, stride=2 if unit == units else 1)
        units += count
        means.append(region_means(x, onehot))
    return torch.cat(means[1:], dim=2)


def ir_se_unit(w: dict[str, Tensor], name: str, x: Tensor, stride: int) -> Tensor:
    """Add the shortcut to two convolutions and squeeze-and-excite, between normalisations."""
    y = F.conv2d(F.instance_norm(x), w[f"{name}.res_layer.1.weight"], padding=1)
    y = F.prelu(y, w[f"{name}.res_layer.2.weight"])
    y = F.conv2d(y, w[f"{name}.res_layer.3.weight"], stride=stride, padding=1)
    y = F.instance_norm(y)
    squeezed = F.conv2d(y.mean((2, 3), keepdim=True), w[f"{name}.res_layer.5.fc1.weight"])
    y = y * torch.sigmoid(F.conv2d(F.relu(squeezed), w[f"{name}.res_layer.5.fc2.weight"]))
    wider = w.get(f"{name}.shortcut_layer.0.weight")
    if wider is None:
        return y + x[:, :, ::stride, ::stride]
    return y + F.instance_norm(F.conv2d(x, wider, stride=stride))


def region_means(x: Tensor, onehot: Tensor) -> Tensor:
    """Average (B, C, R, R) over each region: (B, 12, C), zeros for a region without a pixel."""
    masks = F.interpolate(onehot, size=x.shape[2:], mode="nearest")
    sums = torch.einsum("bchw,brhw->brc", x, masks)
    return sums / masks.sum((2, 3)).clamp(min=1)[:, :, None]


def style_codes(net: RGI, vectors: Tensor) -> Tensor:
    """Map texture vectors to style codes (B, 12, n_latent, style_dim) by one MLP per region."""
    w, config = net.state_dict(), net.config
    codes = net.latent_avg.repeat(*vectors.shape[:2], 1, 1)
    for region in range(vectors.shape[1]):
        x = vectors[:, region]
        for layer in (0, 2):
            weight = w[f"MLPs.{region}.mlp.{layer}.weight"]
            bias = w[f"MLPs.{region}.mlp.{layer}.bias"]
            x = F.linear(x, weight / math.sqrt(weight.shape[1]), bias)
            x = F.leaky_relu(x, 0.01) if layer == 0 else x
        codes[:, region, : config.code_layers] += x.unflatten(1, (config.code_layers, -1))
    return codes
