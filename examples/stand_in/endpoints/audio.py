# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""`/audio/speech` and `/audio/transcriptions`: the words are a tag of the file, where the stand-in reads them again."""

import base64
import binascii

from stand_in.answer import Answer
from stand_in.costs import dollars
from stand_in.endpoints.account import remember_cost
from stand_in.faults import error_by_name
from stand_in.files import mp3, pcm, words_in
from stand_in.request import Json, Request

SECONDS_PER_WORD = 0.4


def speak(request: Request) -> Answer:
    """
    Make a silent MP3 whose tag holds the words, or a tone as pcm.

    :param request: A request with `input`.
    :returns: The audio, with the id of the generation in the headers.
    """
    body = request.body
    given = body.get("input") or ""
    text = given if isinstance(given, str) else " ".join(turn.get("text") or "" for turn in given)
    if not text:
        return Answer.error(400, "Stand-in: input must not be empty")
    if failure := error_by_name(body.get("model")):
        return failure
    seconds = SECONDS_PER_WORD * len(text.split())
    generation_id = f"gen-tts-standin-{request.number}"
    remember_cost(request, generation_id, dollars(len(text)))
    headers = {"x-generation-id": generation_id}
    if body.get("response_format") == "mp3":
        return Answer.raw(mp3(text, seconds), "audio/mpeg", headers)
    return Answer.raw(pcm(seconds), "audio/pcm;rate=24000;channels=1", headers)


def transcribe(request: Request) -> Answer:
    """
    Write down the words in the tag of a file. A file of others has none, and the transcript says so.

    :param request: A request with `input_audio`.
    :returns: The transcript, with segments and words for "verbose_json".
    """
    body = request.body
    sent = body.get("input_audio") or {}
    try:
        audio = base64.b64decode(sent.get("data") or "", validate=True)
    except binascii.Error:
        return Answer.error(400, "Stand-in: input_audio.data must be base64")
    if not audio and not sent.get("url"):
        return Answer.error(400, "Stand-in: input_audio needs data or a url")
    if failure := error_by_name(body.get("model")):
        return failure
    text = words_in(audio) or f"The stand-in can't hear, and got {len(audio)} bytes of {sent.get('format')}."
    seconds = round(SECONDS_PER_WORD * len(text.split()), 2)
    more = _timestamps(body, text, seconds) if body.get("response_format") == "verbose_json" else {}
    headers = {"x-generation-id": f"gen-stt-standin-{request.number}"}
    return Answer.json({"text": text, **more, "usage": _usage(body, text, seconds)}, headers=headers)


def _timestamps(body: Json, text: str, seconds: float) -> Json:
    top = {"task": "transcribe", "language": body.get("language") or "english", "duration": seconds}
    segment = {"id": 0, "start": 0.0, "end": seconds, "text": text}
    words = [
        {"word": word, "start": round(SECONDS_PER_WORD * i, 2), "end": round(SECONDS_PER_WORD * (i + 1), 2)}
        for i, word in enumerate(text.split())
    ]
    asked = "word" in (body.get("timestamp_granularities") or [])
    return {**top, "segments": [segment], **({"words": words} if asked else {})}


def _usage(body: Json, text: str, seconds: float) -> Json:
    """
    Charge as OpenRouter does: Whisper by the second, other models by the token.
    """
    if "whisper" in str(body.get("model")):
        return {"cost": dollars(100 * seconds), "seconds": seconds}
    heard, written = int(10 * seconds), len(text.split())
    tokens = {"input_tokens": heard, "output_tokens": written, "total_tokens": heard + written}
    return {**tokens, "cost": dollars(heard + written)}
