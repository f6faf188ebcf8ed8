# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Replies in the shape of a Pydantic class, from providers that support it."""

from pydantic import BaseModel, Field
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator


class Contact(BaseModel):
    name: str
    email: str = Field(json_schema_extra={"format": "email"})
    topics: list[str]


generator = OpenRouterChatGenerator(
    model="openai/gpt-4o-mini",
    api_base_url=base_url(),
    generation_kwargs={
        "response_format": Contact,
        "provider": {"require_parameters": True},  # only providers that support `response_format`
        "plugins": [{"id": "response-healing"}],  # repairs almost valid JSON
    },
)
mail = "let us talk about engines and poetry! — Ada Lovelace (ada@example.com)"
reply = generator.run(f"Who wrote this mail, and about what? {mail}")["replies"][0]

if reply.meta.get("refusal"):
    print("The model refused:", reply.meta["refusal"])
else:
    contact = Contact.model_validate_json(reply.text)
    print(contact.name, contact.email, contact.topics)
