# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""An image, a PDF and audio as input, an image and audio as output."""

import base64
import struct

from haystack.dataclasses import ChatMessage, FileContent, ImageContent
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
PDF = base64.b64encode(
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj trailer<</Root 1 0 R>>\n%%EOF"
).decode()
WAV = base64.b64encode(
    struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 1636, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 1600)
    + bytes(1600)
).decode()

generator = OpenRouterChatGenerator(model="google/gemini-2.5-flash", api_base_url=base_url())
question = ChatMessage.from_user(
    content_parts=[
        "What are these?",
        ImageContent(base64_image=PIXEL, mime_type="image/png"),
        FileContent(base64_data=PDF, mime_type="application/pdf", filename="page.pdf"),
        FileContent(base64_data=WAV, mime_type="audio/wav"),
    ]
)
reply = generator.run([question])["replies"][0]
print(reply.text)
# the parsed PDF is in the annotations of the reply. It is sent back with the reply, so you pay for parsing only once
follow_up = generator.run([question, reply, ChatMessage.from_user("And in one word?")])["replies"][0]
print(follow_up.text)

drawing = {"model": "google/gemini-2.5-flash-image", "modalities": ["image", "text"]}
for image in generator.run("Draw a dot.", generation_kwargs=drawing)["replies"][0].images:
    print("image:", image.mime_type, len(image.base64_image), "characters of base64")

speaking = {"model": "openai/gpt-4o-audio-preview", "modalities": ["text", "audio"]}
speaking["audio"] = {"voice": "alloy", "format": "pcm16"}
reply = generator.run("Say hello.", streaming_callback=lambda chunk: None, generation_kwargs=speaking)["replies"][0]
for audio in reply.files:
    print("audio:", audio.mime_type, audio.filename, "saying:", reply.text)
