# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Decoded JSON as no document describes it, for hypothesis.
"""

from hypothesis import strategies as st

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
