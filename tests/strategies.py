# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
For hypothesis: decoded JSON as no document describes it, and how many examples are tried.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "30"))
"""How many of them a property is tried with. They differ from run to run, and .ci/run takes more."""
FAST = settings(max_examples=EXAMPLES, deadline=None)
SLOW = settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

KEYS = st.sampled_from(
    "choices message delta content reasoning reasoning_details tool_calls function name arguments id index type text "
    "finish_reason error code metadata usage provider model images image_url url audio transcript data annotations "
    "refusal logprobs role signature reset headers".split()
) | st.text(max_size=5)
HALVES = st.text(alphabet="a\ud83d\ude00", min_size=1, max_size=3)
ODD = st.sampled_from([10**400, -(10**400), float("nan"), float("inf"), -float("inf")])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 600) | st.floats() | st.text(max_size=8) | HALVES | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)
json_objects = st.dictionaries(KEYS, json_values, max_size=6)
