import pytest
import torch

from e4s_studio.core.errors import DeviceError
from e4s_studio.core.settings import Precision
from e4s_studio.engine.drawing import devices
from e4s_studio.engine.drawing.devices import chosen

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("native", [True, False])
def test_auto_takes_bfloat16_where_a_cpu_computes_it(
    native: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: native)
    expected = Precision.BFLOAT16 if native else Precision.FLOAT32
    assert chosen(Precision.AUTO, CPU) is expected
    assert chosen(Precision.AUTO, GPU) is Precision.FLOAT32


def test_what_is_asked_for_is_taken_and_never_another() -> None:
    assert chosen(Precision.BFLOAT16, CPU) is Precision.BFLOAT16
    assert chosen(Precision.FLOAT16, GPU) is Precision.FLOAT16
    with pytest.raises(DeviceError, match="float32 or bfloat16"):
        chosen(Precision.FLOAT16, CPU)
