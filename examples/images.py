# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""Generate an image, edit it, let a chat model describe the change, and save both images."""

import base64
import tempfile
from pathlib import Path

from haystack.dataclasses import ChatMessage
from stand_in import base_url

from haystack_integrations.components.generators.openrouter import (
    OpenRouterChatGenerator,
    OpenRouterImageGenerator,
    OpenRouterImageKwargs,
)

options: OpenRouterImageKwargs = {"aspect_ratio": "1:1", "output_format": "png"}
generator = OpenRouterImageGenerator(
    model="google/gemini-2.5-flash-image", generation_kwargs=options, api_base_url=base_url()
)
drawn = generator.run("A lighthouse on an island of granite")
edited = generator.run("The same at night", images=drawn["images"])

describer = OpenRouterChatGenerator(model="google/gemini-2.5-flash", api_base_url=base_url())
question = ChatMessage.from_user(content_parts=["What has changed?", *drawn["images"], *edited["images"]])
print(describer.run([question])["replies"][0].text)

folder = Path(tempfile.mkdtemp())
for name, result in (("day", drawn), ("night", edited)):
    (image,), (meta,) = result["images"], result["meta"]
    path = folder / f"{name}.png"
    path.write_bytes(base64.b64decode(image.base64_image))
    print(f"{path}: {image.mime_type}, {meta['usage']['cost']:.4f} USD, generation {meta['id']}")
