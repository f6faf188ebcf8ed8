# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""JSON schemas of tools and of `response_format`: what makes them strict, and the order of their properties."""

import copy
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
import yaml
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.dataclasses import ChatMessage
from haystack.tools import Tool, Toolset
from hypothesis import given, settings
from hypothesis import strategies as st
from modes import Mode
from pydantic import BaseModel, ConfigDict, Field
from stand_in import Answer, StandIn
from wire import call, completion

from haystack_integrations.common.openrouter._wire.json_values import in_stable_order
from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator
from haystack_integrations.components.generators.openrouter.chat._request import schemas
from haystack_integrations.components.generators.openrouter.chat._request.schemas import (
    NotStrictError,
    strict_schema,
    with_read_order,
    with_written_order,
)

TEXT = {"type": "string"}
CLOSED: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
OPEN = {"type": "object", "additionalProperties": TEXT}


def an_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def closed(**properties: Any) -> dict[str, Any]:
    return {**CLOSED, "properties": properties, "required": [*properties]}


def tool(schema: dict[str, Any], name: str = "search") -> Tool:
    return Tool(name=name, description="Looks something up", parameters=schema, function=print)


def sent_function(mode: Mode, stand_in: StandIn, schema: dict[str, Any]) -> dict[str, Any]:
    mode(tools=[tool(schema)], tools_strict=True)
    function: dict[str, Any] = stand_in.requests[-1].body["tools"][0]["function"]
    return function


def sent_format(mode: Mode, stand_in: StandIn, response_format: Any) -> dict[str, Any]:
    mode(generation_kwargs={"response_format": response_format})
    json_schema: dict[str, Any] = stand_in.requests[-1].body["response_format"]["json_schema"]
    return json_schema


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Place(BaseModel):
    zip_code: str
    color: Color = Field(Color.RED, description="Its color")


class Car(BaseModel):
    kind: Literal["car"]
    doors: int


class Bike(BaseModel):
    kind: Literal["bike"]


class Trip(BaseModel):
    start: Place = Field(description="Where it begins")
    end: Place = Field(description="Where it ends")
    vehicle: Annotated[Car | Bike, Field(discriminator="kind")]
    nights: int = 1


class Node(BaseModel):
    name: str
    left: "Node | None" = Field(None, description="The left one")
    others: list["Node"] = []


class Labels(BaseModel):
    title: str
    labels: dict[str, str]


class Steps(BaseModel):
    steps: list[str]
    answer: str


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")
    title: str


class TestStrictSchemas:
    @pytest.mark.parametrize(
        ("schema", "strict"),
        [
            ({"type": "object"}, CLOSED),
            (an_object(a=TEXT), closed(a=TEXT)),
            (an_object(a={"type": "string", "default": "x"}), closed(a=TEXT)),
            (an_object(a={"type": "object", "additionalProperties": False}), closed(a=CLOSED)),
            (an_object(a={"allOf": [an_object(b=TEXT)], "title": "A"}), closed(a={**closed(b=TEXT), "title": "A"})),
            (an_object(properties=TEXT), closed(properties=TEXT)),
            (an_object(a={"enum": [{"type": "object"}]}), closed(a={"enum": [{"type": "object"}]})),
            (
                an_object(a={"oneOf": [an_object(b=TEXT), {"type": "null"}], "discriminator": {"propertyName": "b"}}),
                closed(a={"anyOf": [closed(b=TEXT), {"type": "null"}]}),
            ),
            (
                {**an_object(a={"$ref": "#/$defs/A", "description": "x"}), "$defs": {"A": an_object(b=TEXT)}},
                {**closed(a={**closed(b=TEXT), "description": "x"}), "$defs": {"A": closed(b=TEXT)}},
            ),
            (
                {**an_object(a={"$ref": "#/$defs/A", "default": None}), "$defs": {"A": an_object(b=TEXT)}},
                {**closed(a={"$ref": "#/$defs/A"}), "$defs": {"A": closed(b=TEXT)}},
            ),
            (
                an_object(a={"$ref": "#", "title": "It"}),
                closed(a={**closed(a={"anyOf": [{"$ref": "#"}], "title": "It"}), "title": "It"}),
            ),
        ],
    )  # fmt: skip
    def test_what_is_made_of_a_schema(self, schema, strict):
        before = copy.deepcopy(schema)
        assert strict_schema(schema) == strict
        assert schema == before

    @pytest.mark.parametrize(
        ("schema", "told"),
        [
            (an_object(labels=OPEN), "`labels` is an open map"),
            (an_object(labels={"type": "object"}), "`labels` is an open map"),
            (an_object(labels={"type": ["object", "null"], "additionalProperties": True}), "`labels` is an open map"),
            (
                an_object(a={"type": "array", "items": an_object(b={**an_object(), **OPEN})}),
                r"`a\[\]\.b` is an open map",
            ),
            (an_object(a={"anyOf": [OPEN, {"type": "null"}]}), "`a` is an open map"),
            ({**an_object(a=TEXT), "$defs": {"D": an_object(m=OPEN)}}, r"`D\.m` is an open map"),
            (OPEN, "it is an open map"),
            (an_object(a={"type": "object", "patternProperties": {"^x": TEXT}}), "`a` has keys that only a pattern"),
            (an_object(a={"not": TEXT}), "`a` has `not`"),
            (an_object(a={"allOf": [an_object(b=TEXT), an_object(c=TEXT)]}), "`a` has `allOf`"),
            ({**an_object(a=TEXT), "anyOf": [an_object(b=TEXT)]}, "it has properties and `anyOf`"),
            (an_object(a={"type": "array"}), "`a` is a list that does not tell"),
            (an_object(a={"title": "Any"}), "`a` may be of any type"),
            (an_object(a={"type": "array", "items": {}}), r"`a\[\]` may be of any type"),
            (an_object(a={"type": "array", "prefixItems": [TEXT]}), "`a` has `prefixItems`"),
            (an_object(a={"$ref": "https://x.example/a", "title": "A"}), "`a` refers to 'https://x.example/a'"),
            ({**an_object(a={"$ref": "#/$defs/A", "type": "null"}), "$defs": {"A": TEXT}}, "both have `type`"),
        ],
    )
    def test_what_would_lose_something(self, schema, told):
        with pytest.raises(NotStrictError, match=told):
            strict_schema(schema)

    def test_what_is_nested_deep(self):
        schema = TEXT
        for _ in range(100):
            schema = an_object(a=schema)
        with pytest.raises(NotStrictError, match="nested too deep"):
            strict_schema(schema)

    def test_a_schema_that_would_grow_without_end(self):
        ways = [{name: {"$ref": f"#/$defs/D{n + 1}", "title": name} for name in ("l", "r")} for n in range(20)]
        defs = {f"D{n}": an_object(**way) for n, way in enumerate(ways)} | {"D20": an_object(b=TEXT)}
        schema = {**an_object(a={"$ref": "#/$defs/D0", "title": "A"}), "$defs": defs}
        assert len(json.dumps(strict_schema(schema))) < 1e6


def schema_values(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    refs = st.sampled_from(["#/$defs/A", "#/$defs/B", "#"]).map(lambda ref: {"$ref": ref})
    notes = st.fixed_dictionaries(
        {}, optional={"title": st.just("T"), "default": st.none(), "description": st.just("D")}
    )
    names = st.sampled_from(["properties", "type", "a", "b", "$ref", "anyOf"])
    objects = st.dictionaries(names, leaf, max_size=3).map(lambda properties: an_object(**properties))
    lists = leaf.map(lambda items: {"type": "array", "items": items})
    choices = st.sampled_from(["anyOf", "oneOf", "allOf"])
    joined = st.builds(lambda key, items: {key: items}, choices, st.lists(leaf, min_size=1, max_size=2))
    return st.builds(lambda a, b: {**a, **b}, st.one_of(refs, objects, lists, joined), notes)


SCHEMAS = st.recursive(
    st.sampled_from([TEXT, {"type": "null"}, {"type": "object"}, OPEN, {}]), schema_values, max_leaves=6
)


def parts_of(schema: Any) -> Iterator[dict[str, Any]]:
    yield schema
    below = [*schema.get("anyOf", ()), *schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    for part in [*below, *([schema["items"]] if "items" in schema else [])]:
        yield from parts_of(part)


class TestAnySchema:
    @settings(max_examples=30, deadline=None)
    @given(st.dictionaries(st.sampled_from("ab"), SCHEMAS, max_size=2), SCHEMAS, SCHEMAS)
    def test_is_closed_or_refused(self, properties, first, second):
        schema = {**an_object(**properties), "$defs": {"A": first, "B": second}}
        before = copy.deepcopy(schema)
        try:
            strict = strict_schema(schema)
        except NotStrictError:
            pass
        else:
            for part in parts_of(strict):
                assert part.keys() == {"$ref"} or "$ref" not in part
                assert not part.keys() & {"oneOf", "allOf", "default"}
                if part.get("type") == "object":
                    assert part["additionalProperties"] is False
                    assert part["required"] == list(part["properties"])
            assert strict["properties"].keys() == properties.keys()
        assert schema == before

    @settings(max_examples=20, deadline=None)
    @given(SCHEMAS, st.booleans())
    def test_keeps_the_order_of_its_properties_in_yaml(self, schema, requires):
        if requires:
            schema = an_object(z=schema, a=TEXT, m=TEXT) | {"required": ["m", "a"]}
        dumped = yaml.safe_dump(with_written_order(schema))
        assert json.dumps(in_stable_order(with_read_order(yaml.safe_load(dumped)))) == json.dumps(
            in_stable_order(schema)
        )


class TestStrictTools:
    def test_an_open_map_is_not_lost(self, sync: Mode, stand_in: StandIn, caplog):
        schema = an_object(query=TEXT, labels=OPEN)
        function = sent_function(sync, stand_in, schema)
        assert "strict" not in function
        assert function["parameters"] == schema
        sync(tools=[tool(schema)], tools_strict=True)
        told = (
            "The schema of the tool 'search' can't be strict, so it is sent without `strict`: `labels` is an open map"
        )
        assert caplog.text.count(told) == 1

    def test_a_tool_that_changes(self, sync: Mode, stand_in: StandIn):
        changing = tool(an_object(a=TEXT))
        generator = sync.generator(tools=[changing], tools_strict=True)
        sync.run(generator)
        changing.parameters["properties"]["b"] = {"type": "integer"}
        sync.run(generator)
        first, second = (request.body["tools"][0]["function"]["parameters"] for request in stand_in.requests)
        assert (first, second) == (closed(a=TEXT), closed(a=TEXT, b={"type": "integer"}))

    def test_an_agent_makes_a_schema_once(self, sync: Mode, stand_in: StandIn, monkeypatch):
        made = []
        monkeypatch.setattr(schemas, "strict_schema", lambda schema: made.append(schema) or strict_schema(schema))
        steps = [{"content": None, "tool_calls": [call("once", "{}", f"call_{number}")]} for number in range(3)]
        stand_in.script(*(Answer.json(completion(step)) for step in (*steps, {"content": "Done"})))
        once = Tool("once", "Called again and again", an_object(only_here=TEXT), lambda **_: "ok")
        Agent(chat_generator=sync.generator(tools_strict=True), tools=[once]).run([ChatMessage.from_user("Go")])
        assert len(stand_in.requests) == 4
        assert len(made) == 1

    def test_what_comes_out_of_the_memory_can_be_changed(self):
        generator = OpenRouterChatGenerator(tools=[tool(an_object(a=TEXT))], tools_strict=True)
        for _ in range(2):
            arguments = generator._prepare_api_call(messages=[ChatMessage.from_user("x")])
            (definition,) = arguments["tools"]
            assert definition["function"]["parameters"] == closed(a=TEXT)
            definition["function"]["parameters"]["properties"].clear()


class TestPydanticClasses:
    def test_all_fields_and_nothing_beside_a_reference(self, sync: Mode, stand_in: StandIn):
        sent = sent_format(sync, stand_in, Trip)
        assert sent["strict"] is True
        assert "'oneOf'" not in str(sent)
        assert "'default'" not in str(sent)
        properties = sent["schema"]["properties"]
        assert list(properties) == sent["schema"]["required"] == ["start", "end", "vehicle", "nights"]
        assert properties["start"]["description"] == "Where it begins"
        assert properties["start"]["properties"]["color"]["enum"] == ["red", "blue"]
        assert [part["$ref"] for part in properties["vehicle"]["anyOf"]] == ["#/$defs/Car", "#/$defs/Bike"]

    def test_a_recursive_one(self, sync: Mode, stand_in: StandIn):
        sent = sent_format(sync, stand_in, Node)
        assert sent["strict"] is True
        assert sent["schema"]["type"] == "object"
        assert sent["schema"]["properties"]["others"]["items"] == {"$ref": "#/$defs/Node"}
        assert sent["schema"]["$defs"]["Node"]["additionalProperties"] is False

    @pytest.mark.parametrize(("model", "told"), [(Labels, "`labels` is an open map"), (Anything, "it is an open map")])
    def test_an_open_one_is_sent_as_it_is(self, sync: Mode, stand_in: StandIn, caplog, model, told):
        sent = sent_format(sync, stand_in, model)
        schemas._sendable_text.cache_clear()
        sent_format(sync, stand_in, model)
        assert "strict" not in sent
        assert sent["schema"] == model.model_json_schema()
        assert f"the Pydantic class '{model.__name__}' in `response_format` can't be strict" in caplog.text
        assert told in caplog.text

    def test_strict_can_be_switched_off(self, sync: Mode, stand_in: StandIn, caplog):
        given = {"type": "json_schema", "json_schema": {"schema": Labels, "strict": False, "description": "Theirs"}}
        before = copy.deepcopy(given)
        assert sent_format(sync, stand_in, given) == {
            "name": "Labels",
            "description": "Theirs",
            "strict": False,
            "schema": Labels.model_json_schema(),
        }
        assert given == before
        assert not caplog.records
        data = OpenRouterChatGenerator(generation_kwargs={"response_format": given}).to_dict()
        assert yaml.safe_load(yaml.safe_dump(data)) == data

    def test_a_dictionary_with_a_class_is_strict(self, sync: Mode, stand_in: StandIn):
        sent = sent_format(sync, stand_in, {"type": "json_schema", "json_schema": {"name": "mine", "schema": Steps}})
        assert (sent["name"], sent["strict"], sent["schema"]["required"]) == ("mine", True, ["steps", "answer"])


UNSORTED = {"type": "object", "properties": {"z": TEXT, "a": TEXT, "m": an_object(y=TEXT, b=TEXT)}, "required": ["a"]}


class TestYaml:
    def sent_by(self, generator: OpenRouterChatGenerator, sync: Mode, stand_in: StandIn) -> bytes:
        sync.run(generator)
        return stand_in.requests[-1].raw

    @pytest.mark.parametrize(
        "parameters",
        [
            {"generation_kwargs": {"response_format": Steps}},
            {"generation_kwargs": {"response_format": Trip}},
            {"generation_kwargs": {"response_format": Labels}},
            {"generation_kwargs": {"response_format": {"type": "json_schema", "json_schema": {"schema": UNSORTED}}}},
            {
                "generation_kwargs": {
                    "extra_body": {"tools": [{"type": "function", "function": {"name": "f", "parameters": UNSORTED}}]}
                }
            },
            {"generation_kwargs": {"tools": [{"type": "function", "function": {"name": "f", "parameters": UNSORTED}}]}},
            {"tools": [tool(UNSORTED), Toolset([tool(UNSORTED, "other")])], "tools_strict": True},
            {"tools": Toolset([tool(UNSORTED)])},
        ],
    )
    def test_what_is_loaded_sends_equal_bytes(self, sync: Mode, stand_in: StandIn, parameters, monkeypatch):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, **parameters)
        pipeline = Pipeline()
        pipeline.add_component("llm", generator)
        loaded = Pipeline.loads(pipeline.dumps()).get_component("llm")
        assert self.sent_by(loaded, sync, stand_in) == self.sent_by(generator, sync, stand_in)
        assert b"x-order" not in stand_in.requests[0].raw
        assert loaded.to_dict() == generator.to_dict()

    def test_loaded_tools_are_as_they_were(self):
        generator = OpenRouterChatGenerator(tools=[tool(UNSORTED)])
        dumped = yaml.safe_dump(generator.to_dict())
        (loaded,) = OpenRouterChatGenerator.from_dict(yaml.safe_load(dumped)).tools
        assert loaded.parameters == UNSORTED
        assert list(loaded.parameters["properties"]) == ["z", "a", "m"]

    def test_plain_yaml_stays_plain(self):
        data = OpenRouterChatGenerator(
            generation_kwargs={"response_format": Trip}, tools=[tool(an_object(b=TEXT))]
        ).to_dict()
        assert "x-order" not in str(data)
        schema = {"schema": UNSORTED}
        data = OpenRouterChatGenerator(generation_kwargs={"response_format": {"json_schema": schema}}).to_dict()
        written = data["init_parameters"]["generation_kwargs"]["response_format"]["json_schema"]["schema"]
        assert written["x-order"] == ["z", "a", "m"]
        assert written["properties"]["m"]["x-order"] == ["y", "b"]
        assert "x-order" not in UNSORTED

    @pytest.mark.parametrize(
        ("properties", "more", "order"),
        [
            ("ab", {"required": ["b", "a"]}, "ba"),  # as older versions wrote it
            ("abc", {"required": ["b", {}, "x"]}, "bac"),
            ("ba", {"required": ["a", "b"]}, "ba"),  # by hand
            ("ab", {"x-order": ["b", "a"]}, "ba"),
            ("ba", {"x-order": ["b", "b"]}, "ba"),
            ("ba", {"x-order": 5}, "ba"),
        ],
    )
    def test_what_is_read(self, properties, more, order):
        read = with_read_order(an_object(**dict.fromkeys(properties, TEXT)) | more)
        assert list(read["properties"]) == [*order]

    def test_tools_that_another_component_wrote(self, sync: Mode, stand_in: StandIn):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url)
        schema = {**an_object(z=TEXT, a=TEXT), "required": ["z", "a"]}
        pipeline = Pipeline()
        pipeline.add_component("agent", Agent(chat_generator=generator, tools=[tool(schema)]))
        stand_in.script(*[Answer.json(completion({"content": "Hello"}))] * 2)
        for each in (pipeline, Pipeline.loads(pipeline.dumps())):
            each.run({"agent": {"messages": [ChatMessage.from_user("Hi")]}})
        assert stand_in.requests[0].raw == stand_in.requests[1].raw
        assert list(stand_in.requests[0].body["tools"][0]["function"]["parameters"]["properties"]) == ["z", "a"]

    def test_keys_of_logit_bias_may_be_numbers(self, sync: Mode, stand_in: StandIn):
        generator = OpenRouterChatGenerator(api_base_url=stand_in.url, generation_kwargs={"logit_bias": {50256: -100}})
        pipeline = Pipeline()
        pipeline.add_component("llm", generator)
        loaded = Pipeline.loads(pipeline.dumps()).get_component("llm")
        assert self.sent_by(loaded, sync, stand_in) == self.sent_by(generator, sync, stand_in)
        assert stand_in.requests[0].body["logit_bias"] == {"50256": -100}
        assert generator.generation_kwargs == {"logit_bias": {50256: -100}}
