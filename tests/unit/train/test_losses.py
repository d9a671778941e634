"""Losses, discriminator and perceptual losses of a training."""

from __future__ import annotations

import math

import pytest
import torch
from facexlib.parsing.bisenet import BiSeNet
from torch import nn
from torchvision.models import alexnet

from e4s_studio.core.errors import CheckpointError
from e4s_studio.train.losses import (
    Discriminator,
    discriminator_loss,
    drawn_losses,
    generator_loss,
    gradient_penalty,
    square_loss,
)
from e4s_studio.train.perceptual import find_perceptual_losses
from e4s_studio.train.plan import LossWeights


def pictures(seed=0, size=32, batch=2):
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_loss_of_a_batch_is_the_mean_of_its_pictures():
    drawn, truth = pictures(0), pictures(1)
    weight = pictures(2)[:, :1].abs()
    weights = LossWeights(pyramid=1.0)
    whole = drawn_losses(drawn, truth, weight, weights, {})
    parts = [
        drawn_losses(drawn[i : i + 1], truth[i : i + 1], weight[i : i + 1], weights, {})
        for i in range(2)
    ]
    assert whole.keys() == {"square", "pyramid"}
    for name, value in whole.items():
        assert torch.allclose(value, (parts[0][name] + parts[1][name]) / 2)


def test_unknown_pixels_have_no_loss():
    drawn, truth = pictures(0), pictures(1)
    weight = torch.zeros(2, 1, 32, 32)
    weight[:, :, :16] = 1
    other = drawn.clone()
    other[:, :, 16:] = 5
    one, two = (square_loss(x, truth, weight) for x in (drawn, other))
    assert torch.equal(one, two)
    expected = (drawn - truth)[:, :, :16].square().mean()
    assert one.item() == pytest.approx(expected.item(), rel=1e-4)


def test_half_the_size_is_compared_with_the_truth_at_half_the_size():
    truth = pictures(1)
    small = nn.functional.avg_pool2d(truth, 2)
    assert square_loss(small, truth, torch.ones(2, 1, 32, 32)).item() == 0


def test_adversarial_losses_of_zero_logits():
    logits = torch.zeros(4, 1)
    assert generator_loss(logits).item() == pytest.approx(math.log(2))
    assert discriminator_loss(logits, logits).item() == pytest.approx(2 * math.log(2))


def test_gradient_penalty_of_a_known_gradient():
    real = pictures(0, size=4).requires_grad_()
    # ∇ of 3·Σx is 3 at each of the 48 numbers: |∇|² / 2 = 9·48/2.
    assert gradient_penalty(real, 3 * real.sum((1, 2, 3))).item() == pytest.approx(216)


def test_the_discriminator_learns_to_separate_two_classes():
    torch.manual_seed(0)
    discriminator = Discriminator(16)
    adam = torch.optim.Adam(discriminator.parameters(), 2e-3)
    real, fake = pictures(0, 16, 8).abs(), -pictures(1, 16, 8).abs()
    for _ in range(20):
        loss = discriminator_loss(discriminator(real), discriminator(fake))
        adam.zero_grad()
        loss.backward()
        adam.step()
    assert discriminator(real).shape == (8, 1)
    assert discriminator(real).min() > discriminator(fake).max()


def alexnet_features():
    with torch.device("meta"):
        features = alexnet().features
    return features.to_empty(device="cpu")


def lpips_files(folder):
    torch.manual_seed(1)
    features = alexnet_features()
    for weight in features.parameters():
        nn.init.normal_(weight, std=0.05)
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    torch.save(state | {"classifier.1.bias": torch.zeros(1)}, folder / "alexnet-owt-7be5be79.pth")
    widths = (64, 192, 384, 256, 256)
    lines = {f"lin{i}.model.1.weight": torch.rand(1, c, 1, 1) for i, c in enumerate(widths)}
    torch.save(lines, folder / "alex.pth")
    return features, list(lines.values())


def test_lpips_is_the_published_formula(tmp_path):
    features, lines = lpips_files(tmp_path)
    losses = find_perceptual_losses(tmp_path, LossWeights(identity=0, parsing=0))
    assert losses.absent == ()
    distance_of = losses.networks["lpips"]
    drawn, truth = pictures(0, 128), pictures(1, 128)
    assert distance_of(truth, truth).item() == 0
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)

    def distance(a, b):
        total, (a, b) = 0.0, ((x - shift) / scale for x in (a, b))
        stop = {1: 0, 4: 1, 7: 2, 9: 3, 11: 4}
        for index in range(12):
            a, b = (features[index](x.clone()) for x in (a, b))
            if index in stop:
                unit = [x / x.square().sum(1, keepdim=True).sqrt().clamp(min=1e-10) for x in (a, b)]
                total += ((unit[0] - unit[1]) ** 2 * lines[stop[index]]).sum(1).mean()
        return total

    with torch.no_grad():
        expected = distance(drawn, truth)
        for _ in range(2):
            drawn, truth = (nn.functional.avg_pool2d(x, 2) for x in (drawn, truth))
            expected += distance(drawn, truth)
        got = distance_of(pictures(0, 128), pictures(1, 128))
    assert got.item() == pytest.approx(expected.item(), rel=1e-4)


def test_missing_perceptual_losses_are_named(tmp_path):
    for folder in (None, tmp_path):
        losses = find_perceptual_losses(folder, LossWeights())
        assert losses.networks == {}
        assert [s.split()[2] for s in losses.absent] == ["lpips", "identity", "parsing"]
    assert find_perceptual_losses(None, LossWeights(lpips=0, identity=0, parsing=0)).absent == ()


@pytest.mark.parametrize(
    ("name", "loss"),
    [("parsing_bisenet.pth", "parsing"), ("recognition_arcface_ir_se50.pth", "identity")],
)
def test_weights_of_another_network_are_refused(tmp_path, name, loss):
    torch.save({"a": torch.zeros(1)}, tmp_path / name)
    with pytest.raises(CheckpointError, match="another network"):
        find_perceptual_losses(tmp_path, LossWeights())


def test_the_parsing_loss_compares_features(tmp_path):
    torch.manual_seed(0)
    torch.save(BiSeNet(num_class=19).state_dict(), tmp_path / "parsing_bisenet.pth")
    losses = find_perceptual_losses(tmp_path, LossWeights(lpips=0, identity=0))
    distance_of = losses.networks["parsing"]
    truth = pictures(1, 64, 1)
    drawn = pictures(0, 64, 1).requires_grad_()
    assert distance_of(truth, truth).item() == pytest.approx(0, abs=1e-4)
    loss = distance_of(drawn, truth)
    loss.backward()
    assert 0 < loss.item() < 6
    assert drawn.grad.abs().sum() > 0


class _Counting(nn.Module):
    def forward(self, drawn, truth):
        return (drawn - truth).abs().mean()


def test_perceptual_losses_ignore_unknown_pixels():
    drawn, truth = pictures(0), pictures(1)
    weight = torch.zeros(2, 1, 32, 32)
    weights = LossWeights(square=0, lpips=0.5)
    losses = drawn_losses(drawn, truth, weight, weights, {"lpips": _Counting()})
    assert losses["lpips"].item() == 0
    losses = drawn_losses(drawn, truth, weight + 1, weights, {"lpips": _Counting()})
    assert losses["lpips"].item() == pytest.approx((drawn - truth).abs().mean().item() / 2)
