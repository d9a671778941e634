"""The settings of a training."""

from dataclasses import replace

import pytest

from e4s_studio.core.errors import SettingsError
from e4s_studio.train.plan import PLANS, LossWeights, TrainingPlan


def test_learning_rates_warm_up_stay_and_decay():
    plan = TrainingPlan(steps=1000, hold=0.5, last_rate=0.1)
    factors = [plan.rate_factor(step) for step in range(1000)]
    assert factors[0] == pytest.approx(0.05)
    assert set(factors[20:500]) == {1.0}
    assert factors[750] == pytest.approx(0.55)
    assert factors[-1] == pytest.approx(0.1, abs=0.001)


def test_the_published_plan():
    plan = PLANS["e4s-1024"]
    assert (plan.rate, plan.judge_every, plan.batch) == (1e-4, 15, 2)
    assert plan.ema == pytest.approx(0.999778, abs=1e-6)
    assert plan.weights == LossWeights(1.0, 0.0, 0.8, 0.1, 0.1, 0.01, 0.0)
    assert plan.is_adversarial(0)
    assert not replace(plan, weights=LossWeights(adversarial=0)).is_adversarial(0)


@pytest.mark.parametrize("wrong", [{"preset": "e4s-512"}, {"steps": 0}, {"batch": 0}])
def test_invalid_plans_are_refused(wrong):
    with pytest.raises(SettingsError, match=r"choose|1 or more"):
        TrainingPlan(**wrong)
