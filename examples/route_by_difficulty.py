# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Send easy questions to a cheap model and hard ones to a good one, and compare what both ways cost."""

from haystack import Pipeline
from haystack.components.joiners import BranchJoiner
from stand_in import base_url

from haystack_integrations.common.openrouter.cost import reply_cost, usage_cost
from haystack_integrations.common.openrouter.models import OpenRouterModels
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.routers.openrouter import OpenRouterTextRouter

CHEAP, GOOD = "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5"
if base_url():  # the stand-in has no prices of real models
    GOOD = "stand-in/sharp-eyes"
QUESTIONS = [
    "What is the capital of Norway?",
    "Explain step by step why the harmonic series diverges.",
    "When was the telephone invented?",
]

router = OpenRouterTextRouter(
    labels={
        "easy": "A fact that one can look up, such as a capital, a name or when something was invented",
        "hard": "Several steps: explain why, prove, compare or plan something",
    },
    instructions="How hard is this question?",
    min_confidence=0.5,
    api_base_url=base_url(),
)
pipeline = Pipeline()
pipeline.add_component("router", router)
for name, model in (("cheap", CHEAP), ("good", GOOD)):
    pipeline.add_component(name, OpenRouterChatGenerator(model=model, api_base_url=base_url()))
pipeline.connect("router.easy", "cheap.messages")
pipeline.add_component("hard_or_unsure", BranchJoiner(str))
pipeline.connect("router.hard", "hard_or_unsure")
pipeline.connect("router.low_confidence", "hard_or_unsure")
pipeline.connect("hard_or_unsure", "good.messages")

good = OpenRouterModels(api_base_url=base_url()).get(GOOD)
routed = always_good = 0.0
for question in QUESTIONS:
    result = pipeline.run({"router": {"text": question}})
    decision = result.pop("router")["meta"]
    ((branch, output),) = result.items()
    (reply,) = output["replies"]
    cost = usage_cost(decision["usage"]) + reply_cost([reply])
    routed += cost
    tokens = reply.meta["usage"]
    always_good += float(good.cost(tokens["prompt_tokens"], tokens["completion_tokens"]) or 0)
    answer = decision["answers"]["route"]
    print(f"{question} → {branch} ({answer['choice']}, confidence {answer['confidence']:.2f}): {cost:.6f} USD")

print(f"With the router: {routed:.6f} USD. With {GOOD} for every question: about {always_good:.6f} USD")
