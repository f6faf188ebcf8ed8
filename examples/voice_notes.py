# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""A spoken question that is transcribed and answered aloud, and the cost of each step."""

import tempfile
from pathlib import Path

from haystack import Pipeline
from haystack.components.builders import ChatPromptBuilder
from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.common.openrouter.account import OpenRouterAccount
from haystack_integrations.components.audio.openrouter import OpenRouterSpeechSynthesizer, OpenRouterTranscriber
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, reply_cost

folder, url = Path(tempfile.mkdtemp()), base_url()
synthesizer = OpenRouterSpeechSynthesizer(model="mistralai/voxtral-mini-tts-2603", api_base_url=url)

note = synthesizer.run("When does the ferry to Gull Island leave?")
note["audio"][0].to_file(folder / "question.mp3")

pipeline = Pipeline()
pipeline.add_component("transcribe", OpenRouterTranscriber(model="openai/whisper-large-v3", api_base_url=url))
template = [ChatMessage.from_user("Answer in one sentence: {{ documents[0].content }}")]
pipeline.add_component("prompt", ChatPromptBuilder(template=template, required_variables="*"))
pipeline.add_component("answer", OpenRouterChatGenerator(model="openai/gpt-4o-mini", api_base_url=url))
pipeline.add_component("speak", OpenRouterSpeechSynthesizer(sample_rate=24000, api_base_url=url))  # pcm, as WAV
pipeline.connect("transcribe.documents", "prompt.documents")
pipeline.connect("prompt.prompt", "answer.messages")
pipeline.connect("answer.replies", "speak.text")

sources = {"sources": [folder / "question.mp3"]}
result = pipeline.run({"transcribe": sources}, include_outputs_from={"transcribe", "answer"})
result["speak"]["audio"][0].to_file(folder / "answer.wav")
print("Heard:", result["transcribe"]["documents"][0].content)
print("Answer:", result["answer"]["replies"][0].text)
print("Files:", *sorted(folder.iterdir()))

account = OpenRouterAccount(api_base_url=url)  # the speech endpoint does not send the cost, so look it up
costs = {
    "question spoken": account.generation(note["meta"]["id"])["total_cost"],
    "transcribed": result["transcribe"]["meta"]["usage"]["cost"],
    "answered": reply_cost(result["answer"]["replies"]),
    "answer spoken": account.generation(result["speak"]["meta"]["id"])["total_cost"],
}
for step, cost in costs.items():
    print(f"{step}: {cost:.6f} USD")
