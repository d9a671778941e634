import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from e4s_studio.networks.config import REGIONS, STUDIO_256, RGIConfig
from e4s_studio.networks.rgi import RGI
from e4s_studio.networks.weights import WeightsError

TINY = RGIConfig(
    size=32,
    code_layers=6,
    style_dim=8,
    hidden=12,
    mapping_layers=2,
    channels=(10, 10, 8, 6),
    stem=4,
    encoder_groups=((1, 6), (1, 8), (1, 10), (1, 10)),
)
DEEPER = replace(TINY, size=64, code_layers=18, channels=(10, 10, 8, 6, 6))


def network(config: RGIConfig = TINY, seed: int = 0) -> RGI:
    torch.manual_seed(seed)
    net = RGI(config)
    net.latent_avg.normal_()
    return net


def published(net: RGI, prefix: str = "module.") -> dict:
    state = net.state_dict()
    average = state.pop("latent_avg")
    return {"state_dict": {prefix + k: v for k, v in state.items()}, "latent_avg": average}


def assert_same(loaded: RGI, net: RGI) -> None:
    assert loaded.config == net.config
    for key, value in net.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


@pytest.mark.parametrize("prefix", ["module.", ""])
@pytest.mark.parametrize("config", [TINY, DEEPER])
def test_reads_the_published_form(tmp_path, config, prefix):
    net = network(config)
    torch.save(published(net, prefix), tmp_path / "net.pt")
    loaded = RGI.from_checkpoint(tmp_path / "net.pt")
    assert_same(loaded, net)
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())


def test_tolerates_what_training_stored_beside_the_weights(tmp_path):
    net = network()
    content = published(net)
    content["state_dict_ema"] = {k: v * 0 for k, v in net.state_dict().items()}
    content["D_state_dict"] = {"module.convs.0.weight": torch.zeros(3)}
    content["opts"] = {"device": torch.device("cuda", 0), "lr": 1e-4, "name": "run"}
    torch.save(content, tmp_path / "iteration_300000.pt")
    assert_same(RGI.from_checkpoint(tmp_path / "iteration_300000.pt"), net)


@pytest.mark.parametrize("config", [TINY, DEEPER, STUDIO_256])
def test_reads_what_it_saved(tmp_path, config):
    net = network(config)
    net.save(tmp_path / "net.safetensors")
    assert_same(RGI.from_checkpoint(tmp_path / "net.safetensors"), net)


@pytest.mark.parametrize("config", [TINY, STUDIO_256])
def test_reads_safetensors_without_a_description(tmp_path, config):
    net = network(config)
    state = {k: v.contiguous() for k, v in net.state_dict().items()}
    save_file(state, tmp_path / "net.safetensors")
    assert_same(RGI.from_checkpoint(str(tmp_path / "net.safetensors")), net)


def test_half_precision_weights_become_float32(tmp_path):
    net = network()
    content = published(net.half())
    torch.save(content, tmp_path / "net.pt")
    loaded = RGI.from_checkpoint(tmp_path / "net.pt")
    assert all(value.dtype == torch.float32 for value in loaded.state_dict().values())


def test_a_network_loaded_in_inference_mode_can_still_be_tuned(tmp_path):
    network().save(tmp_path / "net.safetensors")
    with torch.inference_mode():
        net = RGI.from_checkpoint(tmp_path / "net.safetensors")
        labels = torch.zeros(1, 32, 32, dtype=torch.long)
        codes = net.style_codes(torch.zeros(1, REGIONS, TINY.vector_dim))
        net.draw(codes, net.layout(labels))
    net.requires_grad_(requires_grad=True)
    vectors = torch.zeros(1, REGIONS, TINY.vector_dim, requires_grad=True)
    net.draw(net.style_codes(vectors), net.layout(labels)).sum().backward()
    assert vectors.grad.isfinite().all()
    assert (net.G.conv1.conv.weight.grad != 0).any()


@pytest.mark.parametrize("config", [replace(TINY, channels=(12, 10, 8, 6)), TINY])
def test_a_missing_an_unknown_and_a_misshapen_key_are_named(tmp_path, config):
    content = published(network(config))
    state = content["state_dict"]
    del state["module.G.conv1.noise.weight"]
    state["module.G.extra"] = torch.zeros(2)
    state["module.MLPs.3.mlp.0.bias"] = torch.zeros(5)
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(WeightsError) as caught:
        RGI.from_checkpoint(tmp_path / "net.pt")
    message = str(caught.value)
    assert "G.conv1.noise.weight is missing" in message
    assert "G.extra is unknown" in message
    assert "MLPs.3.mlp.0.bias has the shape 5 instead of 12" in message
    assert str(tmp_path / "net.pt") in message


def test_another_networks_checkpoint_is_refused_by_its_first_keys(tmp_path):
    other = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Linear(4, 2))
    for content in (
        {"state_dict": other.state_dict(), "latent_avg": torch.zeros(8, 8)},
        {"state_dict": other.state_dict()},
        other.state_dict(),
        [1, 2, 3],
        {"state_dict": {"module.x": "text"}, "latent_avg": torch.zeros(8, 8)},
        {"state_dict": other.state_dict(), "latent_avg": torch.zeros(512)},
    ):
        torch.save(content, tmp_path / "other.pt")
        with pytest.raises(WeightsError, match=r"is not a checkpoint of the E4S network: .*\.$"):
            RGI.from_checkpoint(tmp_path / "other.pt")


def test_a_message_names_few_of_many_differences(tmp_path):
    content = published(network())
    for key in [key for key in content["state_dict"] if "convs" in key and "noise" in key]:
        del content["state_dict"][key]
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match=r"is missing; and 3 more\.$"):
        RGI.from_checkpoint(tmp_path / "net.pt")


def test_weights_that_are_not_finite_are_refused(tmp_path):
    content = published(network())
    content["state_dict"]["module.G.conv1.conv.weight"][0, 1, 2, 0, 0] = float("nan")
    torch.save(content, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match="damaged"):
        RGI.from_checkpoint(tmp_path / "net.pt")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"these are not weights\n" * 50, b"\x80\x02}q\x00."])
def test_files_that_are_no_checkpoint_are_refused(tmp_path, suffix, content):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=str(path)):
        RGI.from_checkpoint(path)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_file_cut_short_is_refused(tmp_path, suffix):
    path = tmp_path / f"net{suffix}"
    if suffix == ".pt":
        torch.save(published(network()), path)
    else:
        network().save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(WeightsError, match=str(path)):
        RGI.from_checkpoint(path)


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self):
        return (Path.touch, (self.witness,))


@pytest.mark.parametrize(
    "save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))]
)
def test_code_in_a_file_is_not_run(tmp_path, save):
    witness = tmp_path / "was_run"
    content = published(network())
    content["opts"] = Payload(witness)
    save(content, tmp_path / "net.pt")
    with pytest.raises(WeightsError, match="code"):
        RGI.from_checkpoint(tmp_path / "net.pt")
    assert not witness.exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no\.pt"):
        RGI.from_checkpoint(tmp_path / "no.pt")


def test_a_description_that_lies_is_refused(tmp_path):
    net = network()
    state = {k: v.contiguous() for k, v in net.state_dict().items()}
    for config in ("{}}", "[]", '{"size": 31, "channels": [4], "encoder_groups": []}'):
        save_file(state, tmp_path / "net.safetensors", metadata={"config": config})
        with pytest.raises(WeightsError, match="description"):
            RGI.from_checkpoint(tmp_path / "net.safetensors")
