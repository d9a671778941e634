"""What the first optimisation step loads is loaded by warming up."""

import subprocess
import sys

COUNT_AFTER_STEP = """
import sys
import torch
from e4s_studio.engine.running.warm_up import warm_up

warm_up()
before = set(sys.modules)
weight = torch.ones(3, requires_grad=True)
adam = torch.optim.Adam([{"params": [weight], "lr": 0.1}])
adam.zero_grad()
(weight**2).sum().backward()
adam.step()
print(len(set(sys.modules) - before))
"""


def test_a_step_after_warming_up_loads_nothing():
    command = [sys.executable, "-c", COUNT_AFTER_STEP]
    loaded = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert int(loaded) == 0
