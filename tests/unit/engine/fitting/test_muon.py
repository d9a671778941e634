import pytest
import torch

from e4s_studio.engine.fitting.muon import ADAM_LIKE, Muon, orthogonalised


@pytest.mark.parametrize("shape", [(8, 24), (24, 8), (12, 12)])
def test_all_directions_count_about_the_same(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    left, strengths, right = torch.linalg.svd(matrix, full_matrices=False)
    assert strengths.max() / strengths.min() > 1.5
    result = left.t() @ orthogonalised(matrix) @ right.t()
    assert torch.all(result.diagonal() > 0.6)
    assert torch.all(result.diagonal() < 1.3)
    assert torch.allclose(result, torch.diag(result.diagonal()), atol=1e-4)


def test_nothing_to_learn_changes_nothing() -> None:
    weight = torch.ones(1, 4, 2, 3, 3, requires_grad=True)
    optimiser = Muon([weight], 0.1)
    optimiser.step()
    weight.grad = torch.zeros_like(weight)
    optimiser.step()
    assert torch.equal(weight, torch.ones_like(weight))


def test_a_step_goes_downhill_as_far_as_its_rate_says() -> None:
    torch.manual_seed(1)
    weight = torch.randn(1, 8, 4, 3, 3, requires_grad=True)
    wanted = torch.randn(1, 8, 4, 3, 3)
    optimiser = Muon([weight], 0.1)
    before = weight.detach().clone()
    loss = (weight - wanted).square().mean()
    loss.backward()
    optimiser.step()
    assert (weight - wanted).square().mean() < loss
    moved = (weight - before).square().mean().sqrt()
    assert moved.item() == pytest.approx(ADAM_LIKE * 0.1, rel=0.2)
