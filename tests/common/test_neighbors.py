# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""All of Haystack that takes a generator, an embedder or a ranker, with those of this package, end to end."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import haystack
import pytest
from components import FILES
from haystack import Document
from haystack.components.agents import Agent
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.dataclasses import ChatMessage, ImageContent
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.tools import ComponentTool, Tool, tool
from stand_in import StandIn

from haystack_integrations.components.embedders.openrouter import OpenRouterDocumentEmbedder, OpenRouterTextEmbedder
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator, OpenRouterImageGenerator
from haystack_integrations.components.rankers.openrouter import OpenRouterRanker

QUESTION = [ChatMessage.from_user("When does the ferry to Rome leave?")]
DOCUMENTS = [Document(content="The ferry to Rome leaves at nine"), Document(content="Bern has bears")]
FERRY, BEARS = (document.id for document in DOCUMENTS)


@pytest.fixture(autouse=True)
def gateway(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_BASE", stand_in.url)


def of_haystack(module: str, *names: str) -> Any:
    """
    What this version of Haystack has under a name, else skip.
    """
    found = pytest.importorskip(f"haystack.{module}", exc_type=ImportError)
    if missing := [name for name in names if not hasattr(found, name)]:
        pytest.skip(f"this version of haystack-ai has no {missing}")
    kinds = [getattr(found, name) for name in names]
    return kinds if len(kinds) > 1 else kinds[0]


def in_json() -> OpenRouterChatGenerator:
    return OpenRouterChatGenerator(generation_kwargs={"response_format": {"type": "json_object"}})


def retriever() -> InMemoryEmbeddingRetriever:
    store = InMemoryDocumentStore()
    store.write_documents(OpenRouterDocumentEmbedder(progress_bar=False).run(DOCUMENTS)["documents"])
    return InMemoryEmbeddingRetriever(store, top_k=1)


def agent(*tools: Any, **settings: Any) -> dict[str, Any]:
    return Agent(chat_generator=OpenRouterChatGenerator(), tools=[*tools], max_agent_steps=6, **settings).run(QUESTION)


@tool
def timetable(query: str) -> str:
    """When ferries leave."""
    return f"At nine: {query}"


@tool
def bears(city: str) -> str:
    """The number of bears in a city."""
    return f"No bears in {city}"


def metadata_extractor() -> None:
    kind = of_haystack("components.extractors", "LLMMetadataExtractor")
    prompt = 'Find the place in the text, as {"place": "Oslo"}. Text: {{ document.content }}'
    made = kind(prompt=prompt, chat_generator=in_json(), expected_keys=["place"], raise_on_failure=True)
    result = made.run(DOCUMENTS)
    assert [document.meta for document in result["documents"]] == [{"place": "Oslo"}] * 2


def llm_ranker() -> None:
    made = of_haystack("components.rankers", "LLMRanker")(chat_generator=in_json(), raise_on_failure=True)
    assert [document.id for document in made.run("ferry", DOCUMENTS)["documents"]] == [FERRY]


def query_expander() -> None:
    made = of_haystack("components.query", "QueryExpander")(chat_generator=in_json(), n_expansions=3)
    queries = made.run("ferries")["queries"]
    assert queries[-1] == "ferries"
    assert len(queries) == 4


def faithfulness_evaluator() -> None:
    kind = of_haystack("components.evaluators", "FaithfulnessEvaluator")
    made = kind(chat_generator=in_json(), progress_bar=False)
    result = made.run(questions=["When?"], contexts=[["At nine"]], predicted_answers=["At nine"])
    assert 0 <= result["score"] <= 1
    assert result["results"][0]["statements"]
    assert result["meta"][0]["usage"]["cost"] > 0


def context_relevance_evaluator() -> None:
    kind = of_haystack("components.evaluators", "ContextRelevanceEvaluator")
    result = kind(chat_generator=in_json(), progress_bar=False).run(questions=["When?"], contexts=[["At nine"]])
    assert result["score"] == 1


def llm_evaluator() -> None:
    made = of_haystack("components.evaluators", "LLMEvaluator")(
        instructions="Is it polite?",
        inputs=[("texts", list[str])],
        outputs=["polite"],
        examples=[{"inputs": {"texts": "Please"}, "outputs": {"polite": 1}}],
        chat_generator=in_json(),
        progress_bar=False,
    )
    assert made.run(texts=["Thank you"])["results"] == [{"polite": 1}]


def document_content_extractor() -> None:
    kind = of_haystack("components.extractors.image", "LLMDocumentContentExtractor")
    made = kind(chat_generator=in_json(), raise_on_failure=True)
    (document,) = made.run([Document(meta={"file_path": str(FILES / "rome.png")})])["documents"]
    assert "[1 image]" in document.content


def document_splitter() -> None:
    class Sentences:
        """
        In place of NLTK, which downloads a model.
        """

        def split_sentences(self, text: str) -> list[dict[str, Any]]:
            found = re.finditer(r"[^.]+\.", text)
            return [{"sentence": one[0], "start": one.start(), "end": one.end()} for one in found]

    kind = of_haystack("components.preprocessors", "EmbeddingBasedDocumentSplitter")
    embedder = OpenRouterDocumentEmbedder(progress_bar=False)
    made = kind(document_embedder=embedder, sentences_per_group=1, percentile=0.5, min_length=0)
    made.sentence_splitter = Sentences()
    text = "The ferry leaves at nine. The ferry leaves at ten. Bears sleep in Bern."
    assert [part.content for part in made.run([Document(content=text)])["documents"]] == [text[:50], text[50:]]


def messages_router() -> None:
    kind = of_haystack("components.routers", "LLMMessagesRouter")
    made = kind(OpenRouterChatGenerator(), output_names=["sea", "land"], output_patterns=["ferry", "train"])
    assert made.run(QUESTION)["sea"] == QUESTION


def fallback() -> None:
    kind = of_haystack("components.generators.chat", "FallbackChatGenerator")
    made = kind([OpenRouterChatGenerator(model="stand-in/error-503", max_retries=0), OpenRouterChatGenerator()])
    assert made.run(QUESTION)["meta"]["successful_chat_generator_index"] == 1


def llm() -> None:
    kind = of_haystack("components.generators.chat", "LLM")
    made = kind(chat_generator=OpenRouterChatGenerator(), user_prompt="About {{ topic }}")
    assert "About ferries" in made.run(topic="ferries")["last_message"].text


def multi_query_retriever() -> None:
    kind = of_haystack("components.retrievers", "MultiQueryEmbeddingRetriever")
    made = kind(retriever=retriever(), query_embedder=OpenRouterTextEmbedder())
    assert {document.id for document in made.run(["ferry Rome", "bears"])["documents"]} == {FERRY, BEARS}


def text_embedding_retriever() -> None:
    kind = of_haystack("components.retrievers", "TextEmbeddingRetriever")
    made = kind(retriever=retriever(), text_embedder=OpenRouterTextEmbedder())
    assert [document.id for document in made.run("bears in Bern")["documents"]] == [BEARS]


def agent_with_tools() -> None:
    result = agent(timetable, bears)
    assert result["tool_call_counts"] == {"timetable": 1, "bears": 1}
    assert "At nine: When does the ferry to Rome leave?" in result["last_message"].text
    assert "No bears in Rome" in result["last_message"].text


def summarization_compactor() -> None:
    kind = of_haystack("hooks.compaction", "SummarizationCompactor")
    counter = of_haystack("token_counters", "ApproximateTokenCounter")()
    made = kind(OpenRouterChatGenerator(), min_keep_steps=0, approximate_summary_tokens=100, raise_on_failure=True)
    history = [*QUESTION, ChatMessage.from_assistant("At nine. " * 500), *QUESTION]
    shorter = made.compact(history, 300, counter)
    assert counter.count(messages=shorter) < 500
    assert any("This is the stand-in" in (message.text or "") for message in shorter)


def confirmation() -> None:
    names = ("AlwaysAskPolicy", "BlockingConfirmationStrategy", "ConfirmationHook", "ConfirmationUIResult")
    always, strategy, hook, result = of_haystack("hooks.human_in_the_loop", *names)
    answers = {
        "timetable": result("modify", new_tool_params={"query": "Only Sundays"}),
        "bears": result("reject", feedback="No bears"),
    }

    class Person:
        def get_user_confirmation(self, tool_name: str, tool_description: str, tool_params: dict[str, Any]) -> Any:
            return answers[tool_name]

    asked = hook({"*": strategy(confirmation_policy=always(), confirmation_ui=Person())})
    told = agent(timetable, bears, hooks={"before_tool": [asked]})["last_message"].text
    assert "At nine: Only Sundays" in told
    assert "rejected by the user" in told


def tool_of_the_image_generator() -> None:
    outputs = {"source": "images", "raw_result": True}
    draw = ComponentTool(OpenRouterImageGenerator(), name="draw", outputs_to_string=outputs)
    messages = agent(draw)["messages"]
    (result,) = [one for message in messages for one in message.tool_call_results]
    assert result.origin.arguments == {"prompt": QUESTION[0].text}
    assert [type(part) for part in result.result] == [ImageContent]


def tools_of_other_components() -> None:
    kinds: list[Tool] = [
        ComponentTool(OpenRouterTextEmbedder(), name="embed", outputs_to_string={"source": "meta"}),
        ComponentTool(OpenRouterRanker(), name="rank", outputs_to_string={"source": "meta"}),
        ComponentTool(OpenRouterChatGenerator(), name="ask", outputs_to_string={"source": "replies"}),
    ]
    results = [one for message in agent(*kinds)["messages"] for one in message.tool_call_results]
    assert {result.origin.tool_name for result in results} == {"embed", "rank", "ask"}
    assert not [result for result in results if result.error]


def agent_as_a_tool() -> None:
    kind = of_haystack("tools", "AgentTool")
    inner = Agent(chat_generator=OpenRouterChatGenerator(), tools=[timetable])
    assert "The tools said" in agent(kind(inner, name="harbor", description="Ask the harbor"))["last_message"].text


CASES: dict[str, Callable[[], None]] = {
    "Agent": agent_with_tools,
    "AgentTool": agent_as_a_tool,
    "ComponentTool": tools_of_other_components,
    "ComponentTool of images": tool_of_the_image_generator,
    "ConfirmationHook": confirmation,
    "ContextRelevanceEvaluator": context_relevance_evaluator,
    "EmbeddingBasedDocumentSplitter": document_splitter,
    "FaithfulnessEvaluator": faithfulness_evaluator,
    "FallbackChatGenerator": fallback,
    "LLM": llm,
    "LLMDocumentContentExtractor": document_content_extractor,
    "LLMEvaluator": llm_evaluator,
    "LLMMessagesRouter": messages_router,
    "LLMMetadataExtractor": metadata_extractor,
    "LLMRanker": llm_ranker,
    "MultiQueryEmbeddingRetriever": multi_query_retriever,
    "QueryExpander": query_expander,
    "SummarizationCompactor": summarization_compactor,
    "TextEmbeddingRetriever": text_embedding_retriever,
}


@pytest.mark.parametrize("name", CASES)
def test_end_to_end(name: str):
    CASES[name]()


def test_nothing_of_haystack_is_forgotten():
    takes = re.compile(r"^ +(?:def __init__\(self, .*)?\w+: (?:ChatGenerator|TextEmbedder|DocumentEmbedder)\b", re.M)
    sources = [path.read_text("utf-8") for path in Path(haystack.__file__).parent.rglob("*.py")]
    classes = [text for source in sources for text in re.split(r"^(?=class )", source, flags=re.M)[1:]]
    found = {re.findall(r"\w+", text)[1] for text in classes if takes.search(text)}
    assert len(found) > 8
    assert found <= CASES.keys()
