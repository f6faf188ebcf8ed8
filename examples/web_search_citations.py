# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A reply based on a web search. OpenRouter searches, and the citations are in the meta of the reply."""

from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

generator = OpenRouterChatGenerator(
    model="openai/gpt-4o-mini",
    api_base_url=base_url(),
    generation_kwargs={"tools": [{"type": "openrouter:web_search", "parameters": {"max_results": 3}}]},
)
reply = generator.run("What is new in Haystack?")["replies"][0]
print(reply.text)

citations = [note["url_citation"] for note in reply.meta.get("annotations", []) if note["type"] == "url_citation"]
for number, citation in enumerate(citations, 1):
    cited = reply.text[citation["start_index"] : citation["end_index"]]
    print(f"[{number}] {citation['title']}: {citation['url']}, for “{cited}”")
print("searches:", reply.meta["usage"].get("server_tool_use_details"))
