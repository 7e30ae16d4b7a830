"""How much chance the property tests are given: the same examples every time, or many more and new ones.

PROPERTY_BUDGET=20 in the environment runs twenty times as many, from fresh seeds; a failing example is printed.
"""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("PROPERTY_BUDGET", "1"))


def budget(examples: int, steps: int = 50) -> settings:
    """Settings for `examples` runs (of `steps` steps, for a state machine), reproducible unless more is asked for."""
    return settings(
        max_examples=examples * TIMES,
        stateful_step_count=steps,
        derandomize=TIMES == 1,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
