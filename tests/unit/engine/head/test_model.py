"""The head model: symmetric, read-only, and strict about its file."""

from __future__ import annotations

import shutil
from dataclasses import fields

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from e4s_studio.core.errors import CheckpointError
from e4s_studio.engine.head.model import HeadModel, HeadRegion, head_model, read_head
from e4s_studio.files.resources import HEAD, network_file

FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def model():
    return head_model()


def test_it_is_small_and_its_arrays_fit_together(model):
    assert network_file(HEAD).stat().st_size <= 8_000_000
    vertices = len(model.mean)
    assert model.identity.shape == (len(model.identity_names), vertices, 3)
    assert model.expression.shape == (len(model.expression_names), vertices, 3)
    assert model.uv.shape == (*model.triangles.shape, 2)
    assert model.region.shape == (len(model.triangles),)
    assert set(model.triangles.ravel()) == set(range(vertices))
    assert {HeadRegion(value) for value in model.region} == set(HeadRegion)


def test_nothing_of_it_can_be_written(model):
    for field in fields(HeadModel):
        value = getattr(model, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, field.name


def test_left_and_right_agree(model):
    assert np.array_equal(model.mean[model.mirror] * FLIP, model.mean)
    turned = model.identity[model.identity_mirror][:, model.mirror] * FLIP
    # Shapes are stored in half precision: each of two roundings is within 2⁻¹¹ of the size.
    largest = np.abs(model.identity).max()
    assert np.abs(turned * model.identity_sign[:, None, None] - model.identity).max() <= (
        2**-10 * largest
    )
    turned = model.expression[model.expression_mirror][:, model.mirror] * FLIP
    assert np.abs(turned - model.expression).max() <= 2**-10 * np.abs(model.expression).max()


def test_the_mesh_points_of_left_and_right_agree(model):
    points = model.at_points(model.mean)
    assert np.array_equal(model.point_mirror[model.point_mirror], np.arange(468))
    # The mean is stored in single precision, 300 mm at most; the weights sum to 1 within 2⁻²².
    assert np.abs(points[model.point_mirror] * FLIP - points).max() <= 300 * 2**-20


def test_the_head_looks_into_the_camera_with_the_origin_between_its_eyes(model):
    points = model.at_points(model.mean)
    tip, chin, forehead, left, right = points[4], points[152], points[10], points[33], points[263]
    assert tip[2] == points[:, 2].min()
    assert forehead[1] < left[1] < tip[1] < chin[1]
    assert left[0] < tip[0] < right[0]
    eyes = np.unique(model.triangles[np.isin(model.region, [HeadRegion.EYE, HeadRegion.IRIS])])
    assert np.abs(model.mean[eyes].mean(axis=0)).max() < 0.01


def test_actions_are_the_persons_own_side(model):
    smile = model.expression[model.expression_names.index("mouthSmileLeft")]
    moved = np.linalg.norm(smile, axis=1)
    assert (moved * model.mean[:, 0]).sum() / moved.sum() > 10  # the viewer's right
    jaw = model.expression[model.expression_names.index("jawOpen")]
    assert model.at_points(jaw)[152, 1] > 5  # the chin goes down


def test_amounts_change_the_mean_linearly(model):
    identity = np.zeros(len(model.identity))
    expression = np.zeros(len(model.expression))
    assert np.array_equal(model.shape(identity, expression), model.mean)
    identity[3], expression[7] = -0.5, 0.25
    expected = model.mean - 0.5 * model.identity[3] + 0.25 * model.expression[7]
    assert np.allclose(model.shape(identity, expression), expected, rtol=0, atol=1e-4)


def test_a_file_of_another_version_is_an_error(tmp_path):
    file = tmp_path / "head.safetensors"
    save_file(load_file(network_file(HEAD)), file, metadata={"format": "e4s-head", "version": "0"})
    with pytest.raises(CheckpointError, match="not a head model of version"):
        read_head(file)


def test_a_damaged_file_is_an_error(tmp_path):
    file = tmp_path / "head.safetensors"
    shutil.copy(network_file(HEAD), file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be read; install E4S Studio again"):
        read_head(file)
