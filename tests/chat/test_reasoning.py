# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""What only its maker can read: to whom it is sent, and what happens when it is refused all the same."""

import copy
import json
from typing import Any

import openai
import pytest
from haystack.components.generators.chat import FallbackChatGenerator
from haystack.dataclasses import ChatMessage, ReasoningContent, ToolCall
from modes import Mode
from stand_in import Answer, StandIn
from wire import TOP, answer, error_body

from haystack_integrations.common.openrouter._wire.model_names import certainly_differ
from haystack_integrations.components.generators.openrouter import OpenRouterStreamError

SIGNED = {"type": "reasoning.text", "text": "Hm, ", "signature": "s==", "format": "anthropic-claude-v1", "index": 0}
ENCRYPTED = {"type": "reasoning.encrypted", "data": "gAAA", "format": "openai-responses-v1", "id": "rs_1"}
SUMMARY = {"type": "reasoning.summary", "summary": "so.", "format": "openai-responses-v1", "id": "rs_1"}
COMPACTION = {"type": "reasoning.compaction", "data": "yyy"}
PLAIN = {"type": "reasoning.text", "text": "Hm", "format": "unknown", "index": 0}
CLAUDE, GPT, GEMINI = "anthropic/claude-4.5-sonnet-20250929", "openai/gpt-5.4-20260305", "google/gemini-3-pro-preview"


def reply(model: str | None, *details: Any, calls: Any = None) -> ChatMessage:
    reasoning = ReasoningContent("", {"reasoning_details": [*details]})
    return ChatMessage.from_assistant("Yes", meta={"model": model}, tool_calls=calls, reasoning=reasoning)


def sent_reasoning(mode: Mode, stand_in: StandIn, message: ChatMessage, model: str, run: Any = None) -> Any:
    before = copy.deepcopy(message)
    mode([ChatMessage.from_user("hi"), message, ChatMessage.from_user("more")], run, model=model)
    assert message == before
    wire = stand_in.requests[-1].body["messages"][1]
    return wire.get("reasoning_details", wire.get("reasoning"))


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("openai/gpt-5.4", "openai/gpt-5.4-mini"),
            ("openai/gpt-5.4-mini-20260317", "openai/gpt-5.4"),
            ("openai/gpt-5", "openai/gpt-5.4"),
            ("openai/gpt-5.1", "openai/gpt-5.1-codex-20251113"),
            ("openai/o3", "openai/o4-mini"),
            ("anthropic/claude-sonnet-4.5", "anthropic/claude-4.5-haiku-20251001"),
            ("anthropic/claude-opus-4.5", "anthropic/claude-4.6-opus-20260205"),
            ("google/gemini-2.5-pro", "google/gemini-2.5-flash:free"),
            ("google/gemini-2.5-flash", "google/gemini-2.5-flash-lite-preview-09-2025"),
            ("anthropic/claude-sonnet-4.5", "openai/gpt-5.4"),
            ("~anthropic/claude-sonnet-latest", "anthropic/claude-4.5-opus-20251124"),
            ("~anthropic/claude-sonnet-latest", "openai/gpt-5.4"),
        ],
    )
    def test_they_differ(self, one, other):
        assert certainly_differ(one, other)
        assert certainly_differ(other, one)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("openai/gpt-5.4", "openai/gpt-5.4"),
            ("OpenAI/GPT-5.4", "openai/gpt-5.4-20260305"),
            ("openai/gpt-5-mini", "openai/gpt-5-mini-2025-08-07"),
            ("openai/gpt-5:batch", "openai/gpt-5-2025-08-07"),
            ("openai/o3-mini-high", "openai/o3-mini-2025-01-31"),
            ("anthropic/claude-sonnet-4.5", "anthropic/claude-4.5-sonnet-20250929"),
            ("anthropic/claude-sonnet-4-5", "anthropic/claude-4.5-sonnet-20250929"),
            ("anthropic/claude-opus-4.7-fast", "anthropic/claude-4.7-opus-20260416"),
            ("anthropic/claude-3.7-sonnet:thinking", "anthropic/claude-3.7-sonnet"),
            ("google/gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro-preview-03-25"),
            ("google/gemini-2.0-flash", "google/gemini-2.0-flash-001"),
            ("mistralai/mistral-medium-3-5", "mistralai/mistral-medium-3.5-20260430"),
            ("deepseek/deepseek-chat", "deepseek/deepseek-chat-v3"),
            ("moonshotai/kimi-k2.5:free", "moonshotai/kimi-k2.5-0127"),
            ("qwen/qwen3-coder", "qwen/qwen3-coder-480b-a35b-07-25"),
            ("thudm/glm-4.5", "z-ai/glm-4.5"),
            ("~anthropic/claude-sonnet-latest", "anthropic/claude-4.5-sonnet-20250929"),
            ("~openai/gpt-latest", "openai/gpt-5.4-mini"),
            ("openai/gpt-chat-latest", "openai/gpt-5.2-chat-20251211"),
            ("openrouter/auto", "openai/gpt-5.4"),
            ("switchpoint/router", "openai/gpt-5.4"),
            ("@preset/mine", "openai/gpt-5.4"),
            ("openai/gpt-5@preset/mine", "anthropic/claude-sonnet-4.5"),
            ("my-deployment", "openai/gpt-5.4"),
            ("gpt-5.4", "claude"),
        ],
    )
    def test_they_may_be_one(self, one, other):
        assert not certainly_differ(one, other)
        assert not certainly_differ(other, one)


class TestWhatIsSent:
    @pytest.mark.parametrize(
        ("maker", "details", "model", "left"),
        [
            (CLAUDE, [SIGNED], "anthropic/claude-sonnet-4.5", [SIGNED]),
            (CLAUDE, [SIGNED], "anthropic/claude-haiku-4.5", "Hm, "),
            (CLAUDE, [SIGNED, SIGNED], "openai/gpt-5.4", "Hm, Hm, "),
            (GPT, [SUMMARY, ENCRYPTED], "openai/gpt-5.4-mini", "so."),
            (GPT, [ENCRYPTED], "openai/gpt-5.4-mini", None),
            (GPT, [SUMMARY, ENCRYPTED], "openai/gpt-5.4", [SUMMARY, ENCRYPTED]),
            (GPT, [COMPACTION], "openai/gpt-5.4-mini", None),
            ("deepseek/deepseek-r1", [PLAIN], "openai/gpt-5.4", [PLAIN]),  # nothing that only its maker can read
            (None, [SIGNED], "openai/gpt-5.4", "Hm, "),  # the format tells
            (None, [SIGNED], "anthropic/claude-haiku-4.5", [SIGNED]),
            (None, [{**ENCRYPTED, "format": "xai-responses-v1"}], "x-ai/grok-4.3", "same"),
            (None, [{**ENCRYPTED, "format": "meta-responses-v1"}], "meta-llama/llama-5", "same"),
            (None, [{**ENCRYPTED, "format": "azure-openai-responses-v1"}], "anthropic/claude-haiku-4.5", None),
            (None, [{**ENCRYPTED, "format": None}], "anthropic/claude-haiku-4.5", "same"),
            ("gpt-5.4", [ENCRYPTED], "anthropic/claude-haiku-4.5", None),
            ("openrouter/horizon", [ENCRYPTED], "openai/gpt-5.4", [ENCRYPTED]),
        ],
    )
    def test_by_maker_and_reader(self, sync: Mode, stand_in: StandIn, maker, details, model, left):
        found = sent_reasoning(sync, stand_in, reply(maker, *details), model)
        assert found == (details if left == "same" else left)

    @pytest.mark.parametrize(
        ("run", "is_sent"),
        [
            ({}, False),
            ({"model": "anthropic/claude-sonnet-4.5"}, True),
            ({"model": "openrouter/auto"}, True),
            ({"model": "@preset/mine"}, True),
            ({"preset": "mine"}, True),
            ({"models": ["anthropic/claude-sonnet-4.5"]}, True),
            ({"models": ("google/gemini-2.5-pro",)}, False),
            ({"models": ["~anthropic/claude-sonnet-latest"]}, True),
            ({"extra_body": {"model": "anthropic/claude-sonnet-4.5"}}, True),
            ({"extra_body": {"models": ["anthropic/claude-sonnet-4.5:free"]}}, True),
        ],
    )
    def test_whoever_may_read_it(self, sync: Mode, stand_in: StandIn, run, is_sent):
        found = sent_reasoning(sync, stand_in, reply(CLAUDE, SIGNED), "openai/gpt-5.4", run)
        assert found == ([SIGNED] if is_sent else "Hm, ")

    def test_a_gateway_that_serves_other_names(self, mode: Mode, stand_in: StandIn):
        stand_in.script(answer(mode, {"content": "Yes", "reasoning_details": [SIGNED]}, model=CLAUDE))
        messages = [ChatMessage.from_user("hi"), mode(model="my/alias"), ChatMessage.from_user("more")]
        for model in ("my/alias", "your/alias"):
            mode(messages, model=model)
        mine, yours = (request.body["messages"][1] for request in stand_in.requests[1:])
        assert (mine["reasoning_details"], yours["reasoning"]) == ([SIGNED], "Hm, ")

    def test_a_fallback_does_not_count_as_a_name(self, sync: Mode, stand_in: StandIn):
        stand_in.script(answer(sync, {"content": "Yes", "reasoning_details": [SIGNED]}, model=CLAUDE))
        first = sync(model="openai/gpt-5.4", run={"models": ["anthropic/claude-sonnet-4.5"]})
        assert sent_reasoning(sync, stand_in, first, "openai/gpt-5.4") == "Hm, "

    def test_text_beside_encrypted_details(self, sync: Mode, stand_in: StandIn):
        reasoning = ReasoningContent("All of it", {"reasoning_details": [ENCRYPTED]})
        message = ChatMessage.from_assistant("Yes", meta={"model": GPT}, reasoning=reasoning)
        assert sent_reasoning(sync, stand_in, message, "anthropic/claude-haiku-4.5") == "All of it"

    def test_signatures_of_tool_calls(self, sync: Mode, stand_in: StandIn):
        google = {"extra_content": {"google": {"thought_signature": "g"}}, "signature": "s", "kept": {"data": 1}}
        call = ToolCall("f", {"signature": "mine"}, id="call_1", extra=google)
        messages = [reply(GEMINI, calls=[call]), ChatMessage.from_tool("1", origin=call)]
        sync(messages, model=GEMINI)
        sync(messages, model="openai/gpt-5.4")
        same, other = (request.body["messages"][0]["tool_calls"][0] for request in stand_in.requests)
        assert {name: same[name] for name in google} == google
        assert {name: value for name, value in other.items() if name not in ("id", "type", "function")} == {
            "kept": {"data": 1}
        }
        assert json.loads(other["function"]["arguments"]) == {"signature": "mine"}

    def test_a_fallback_generator_of_another_model(self, sync: Mode, stand_in: StandIn):
        first, second = sync.generator(model="anthropic/claude-sonnet-4.5"), sync.generator(model="openai/gpt-5.4")
        stand_in.script(Answer.error(400, "Down"))
        FallbackChatGenerator([first, second]).run([reply(CLAUDE, SIGNED), ChatMessage.from_user("more")])
        wired = [request.body["messages"][0] for request in stand_in.requests]
        assert [("reasoning_details" in wire, wire.get("reasoning")) for wire in wired] == [
            (True, None),
            (False, "Hm, "),
        ]


OPENROUTER = (
    "Your request contains encrypted reasoning or compaction content that was produced under a different model. "
    "Encrypted payloads can only be replayed to the endpoint that created them."
)
REFUSALS = {
    "OpenRouter": error_body(404, OPENROUTER, pinned_endpoint_slug="openai/gpt-5.4|openai"),
    "OpenAI": error_body(400, raw='{"error": {"code": "invalid_encrypted_content", "message": "Can\'t verify it."}}'),
    "OpenAI, as an object": error_body(400, raw={"error": {"code": "invalid_encrypted_content", "message": "No"}}),
    "its code": {"error": {"code": "invalid_encrypted_content", "message": "No"}},
    "its text": error_body(400, raw="The encrypted content gAAA could not be verified."),
    "Anthropic": error_body(400, raw='{"message": "messages.1.content.0: Invalid `signature` in `thinking` block"}'),
    "Bedrock": error_body(400, raw='{"message": "messages.7.content.2: Invalid signature in thinking block"}'),
    "Google": error_body(400, raw='{"error": {"code": 400, "message": "Corrupted thought signature."}}'),
    "busy gateway": error_body(502, raw="Thought signature is not valid"),
}
UNKNOWN = {"type": "reasoning.encrypted", "data": "gAAA"}
HISTORY = [ChatMessage.from_user("hi"), reply(None, UNKNOWN), reply(CLAUDE, SIGNED), ChatMessage.from_user("more")]


def refused(body: dict[str, Any]) -> Answer:
    code = body["error"]["code"]
    return Answer.json(body, code if isinstance(code, int) else 400)


class TestHealing:
    @pytest.mark.parametrize("refusal", [refused(REFUSALS["OpenRouter"]), Answer.json(REFUSALS["OpenRouter"])])
    def test_a_refused_request_is_sent_once_more_without(self, mode: Mode, stand_in: StandIn, refusal, caplog):
        stand_in.script(refusal, answer(mode, {"content": "Better"}))
        before = copy.deepcopy(HISTORY)
        assert mode(HISTORY, model="anthropic/claude-sonnet-4.5").text == "Better"
        assert before == HISTORY
        first, second = (request.body["messages"] for request in stand_in.requests)
        assert (first[1]["reasoning_details"], first[2]["reasoning_details"]) == ([UNKNOWN], [SIGNED])
        assert "reasoning_details" not in second[1] | second[2]
        assert (second[1].get("reasoning"), second[2]["reasoning"]) == (None, "Hm, ")
        assert second[0] == first[0]
        assert caplog.text.count("The request is sent once more without it") == 1

    @pytest.mark.parametrize("who", REFUSALS)
    def test_whoever_refuses_it(self, sync: Mode, stand_in: StandIn, who):
        stand_in.script(refused(REFUSALS[who]))
        sync(HISTORY, model="anthropic/claude-sonnet-4.5", max_retries=2)
        assert [b"s==" in request.raw for request in stand_in.requests] == [True, False]

    @pytest.mark.parametrize("streaming", ["sync-stream", "async-stream"], indirect=True)
    def test_a_refusal_inside_a_stream(self, streaming: Mode, stand_in: StandIn):
        error = {"code": 400, "message": "Invalid signature in thinking block"}
        stand_in.script(Answer.sse([{**TOP, "error": error, "choices": []}], done=False))
        streaming(HISTORY, model="anthropic/claude-sonnet-4.5", max_retries=2)
        assert len(stand_in.requests) == 2

    def test_only_once(self, mode: Mode, stand_in: StandIn):
        stand_in.script(*[refused(REFUSALS["OpenRouter"])] * 3)
        with pytest.raises(openai.NotFoundError, match="Another model made the reasoning"):
            mode(HISTORY, model="anthropic/claude-sonnet-4.5", max_retries=2)
        assert len(stand_in.requests) == 2

    @pytest.mark.parametrize(
        ("messages", "body"),
        [
            ([ChatMessage.from_user("hi"), reply(None, PLAIN)], REFUSALS["OpenRouter"]),
            (HISTORY, error_body(400, "Function call is missing a thought_signature in functionCall parts")),
            (
                HISTORY,
                error_body(400, raw='{"message": "Expected `thinking` or `redacted_thinking`, but found `text`."}'),
            ),
            (HISTORY, error_body(404, "No endpoints found that support reasoning. Try a different model")),
        ],
    )
    def test_what_can_not_be_healed(self, sync: Mode, stand_in: StandIn, messages, body, caplog):
        stand_in.script(refused(body))
        with pytest.raises(openai.APIStatusError):
            sync(messages, model="anthropic/claude-sonnet-4.5", max_retries=2)
        assert len(stand_in.requests) == 1
        assert "once more" not in caplog.text

    def test_not_after_the_callback_has_received_something(self, stand_in: StandIn):
        error = {"code": 400, "message": "Invalid signature in thinking block"}
        begun = {**TOP, "choices": [{"index": 0, "delta": {"content": "a"}}]}
        stand_in.script(Answer.sse([begun, {**TOP, "error": error, "choices": []}], done=False))
        with pytest.raises(OpenRouterStreamError) as caught:
            Mode("sync-stream", stand_in.url)(HISTORY, model="anthropic/claude-sonnet-4.5")
        assert caught.value.partial_reply.text == "a"
        assert len(stand_in.requests) == 1
