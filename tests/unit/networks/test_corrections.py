import pytest
import torch

from e4s_studio.networks.corrections import AddRows, Bags

WEIGHTED = Bags(
    index=torch.tensor([2, 0, 4, 4, 1], dtype=torch.int32),
    offsets=torch.tensor([0, 2, 3], dtype=torch.int32),
    rows=6,
    weights=torch.tensor([0.5, 2.0, -1.0, 3.0, 0.25]),
)
PICKING = Bags(torch.tensor([3, 0, 3], dtype=torch.int32), 5)


def matrix(bags: Bags) -> torch.Tensor:
    """Write a sparse matrix out, entry by entry."""
    starts = range(len(bags.index)) if bags.offsets is None else bags.offsets.tolist()
    whole = torch.zeros(len(starts), bags.rows)
    ends = [*starts[1:], len(bags.index)]
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for entry in range(start, end):
            weight = 1.0 if bags.weights is None else float(bags.weights[entry])
            whole[row, bags.index[entry]] += weight
    return whole


@pytest.mark.parametrize("bags", [WEIGHTED, PICKING])
def test_sums_and_their_gradients_are_those_of_the_matrix(bags):
    torch.manual_seed(0)
    rows = torch.randn(bags.rows, 4, requires_grad=True)
    out = bags(rows)
    assert torch.equal(out, bags.sum(rows))
    torch.testing.assert_close(out, matrix(bags) @ rows)
    upstream = torch.randn_like(out)
    out.backward(upstream)
    torch.testing.assert_close(rows.grad, matrix(bags).t() @ upstream)
    assert torch.equal(matrix(bags.adjoint), matrix(bags).t())


def test_rows_are_added_where_they_belong_and_pass_their_gradients_on():
    torch.manual_seed(0)
    target = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    rows = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    at = torch.tensor([4, 1])
    before = target.detach().clone()
    torch.testing.assert_close(AddRows.apply(target, rows, at), target.index_add(0, at, rows))
    assert torch.equal(target, before)
    assert torch.autograd.gradcheck(lambda t, r: AddRows.apply(t, r, at), (target, rows))
