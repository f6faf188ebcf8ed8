# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The JSON schemas of tools and of `response_format`: strict ones, and the order of what they hold.

A strict schema must be in the subset of JSON Schema that OpenAI takes. Source:
https://platform.openai.com/docs/guides/structured-outputs#supported-schemas. It refuses `default` (instructor#1074),
`oneOf` (openai-agents-python#1884) and a `$ref` with anything beside it (camel#3001).

A model writes the properties in the order in which a schema lists them, so each keeps its place, in YAML too.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from haystack import logging
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from haystack_integrations.common.openrouter._wire.json_values import in_stable_order, printable
from haystack_integrations.components.generators.openrouter.chat._request.tool_calls import sendable_name

logger = logging.getLogger(__name__)

_NOT_STRICT = (
    *("allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies"),
    *("patternProperties", "prefixItems"),
)
_SCHEMA = ("items", "additionalItems", "contains")
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions")
# OpenAI refuses a schema that has none of them: "schema must have a 'type' key".
_TELLS_TYPE = {"type", "$ref", "anyOf", "enum", "const", "properties"}
# They say nothing of what is allowed, so one may replace another.
_NOTES = ("title", "description", "examples", "deprecated", "readOnly", "writeOnly", "$comment")
# OpenAI allows ten levels of objects. Some more than that are found here between them.
_MOST_LEVELS, _MOST_COPIES = 64, 500
_ORDER = "x-order"


class NotStrictError(ValueError):
    """A schema can't be strict without losing something that it allows."""


def response_format_schema(response_format: object) -> dict[str, Any]:
    """Copy the `response_format` of a request, with the JSON schema in place of a Pydantic class."""
    if _is_model(response_format):
        return {"type": "json_schema", "json_schema": _json_schema({"schema": response_format})}
    if isinstance(response_format, Mapping):
        given = response_format.get("json_schema")
        if isinstance(given, Mapping) and _is_model(given.get("schema")):
            return {**response_format, "json_schema": _json_schema(given)}
        return dict(response_format)
    msg = (
        '`generation_kwargs["response_format"]` must be a Pydantic class or a dictionary such as '
        f'{{"type": "json_schema", "json_schema": …}}, not {type(response_format).__name__}.'
    )
    raise TypeError(msg)


def sendable_schema(schema: dict[str, Any], strict_for: str | None, *, may_be_sorted: bool = False) -> tuple[Any, bool]:
    """
    Copy a schema as it is sent, and make it strict if possible. If not, a warning says why, once for each schema.

    :param schema: The schema of a tool or of a Pydantic class.
    :param strict_for: What has the schema, if it should be strict.
    :param may_be_sorted: Whether the schema may come from a YAML file, whose writer sorted it.
    :returns: The copy, and whether it is strict.
    """
    try:
        text = to_json(schema, inf_nan_mode="constants")
    except ValueError:  # it holds what only the SDK can write
        return _sendable(schema, strict_for, may_be_sorted=may_be_sorted)
    sendable, is_strict = _sendable_text(text, strict_for, may_be_sorted)
    return from_json(sendable), is_strict


def strict_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """
    Make a JSON schema strict, on a copy: at every depth, all properties are required and no others are allowed.

    :raises NotStrictError: If it would lose something that the schema allows.
    """
    strict: dict[str, Any] = _Strict(schema).schema({"properties": {}, **schema} if _is_bare(schema) else schema, "")
    return strict


def with_written_order(value: Any) -> Any:
    """
    Copy what holds schemas so that the order of their properties survives a YAML writer that sorts keys.

    A key `x-order` lists the properties, but only where sorted properties and `required` would not tell their order.
    """
    return _each_object(value, _write_order)


def with_read_order(value: Any) -> Any:
    """Copy what `with_written_order` returned, or an older version wrote, with the properties in their order."""
    return _each_object(value, _read_order)


def _is_model(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseModel)


def _json_schema(given: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a Pydantic class. It is strict, unless the user says otherwise."""
    model = given["schema"]
    wants_strict = given.get("strict", True)
    name = given.get("name") or sendable_name(model.__name__)
    what = f"the Pydantic class '{model.__name__}' in `response_format`"
    schema, is_strict = sendable_schema(model.model_json_schema(), what if wants_strict else None)
    strict = {"strict": wants_strict} if is_strict or not wants_strict else {}
    more = {key: value for key, value in given.items() if key not in ("strict", "schema")}
    return {**more, "name": name, **strict, "schema": schema}


@lru_cache(maxsize=256)
def _sendable_text(text: bytes, strict_for: str | None, may_be_sorted: bool) -> tuple[bytes, bool]:
    schema, is_strict = _sendable(from_json(text), strict_for, may_be_sorted=may_be_sorted)
    return to_json(schema, inf_nan_mode="constants"), is_strict


def _sendable(schema: Any, strict_for: str | None, *, may_be_sorted: bool) -> tuple[Any, bool]:
    if may_be_sorted:
        schema = with_read_order(schema)
    if strict_for is not None:
        try:
            return in_stable_order(strict_schema(schema)), True
        except NotStrictError as reason:
            msg = "The schema of {what} can't be strict, so it is sent without `strict`: {reason}."
            logger.warning(msg, what=strict_for, reason=str(reason))
    return in_stable_order(schema), False


class _Strict:
    """Makes one schema strict. `place` names the argument that a part of it describes."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._copies = 0

    def schema(self, schema: Any, place: str, inside: tuple[str, ...] = (), level: int = 0) -> Any:
        if not isinstance(schema, dict):
            return schema
        if level > _MOST_LEVELS:
            raise _refusal(place, "is nested too deep")
        strict, inside = self._in_one_piece(schema, place, inside)
        if found := next((key for key in _NOT_STRICT if key in strict), None):
            what = "has keys that only a pattern names" if found == "patternProperties" else f"has `{found}`"
            raise _refusal(place, what)

        def below(part: Any, place: str) -> Any:
            return self.schema(part, place, inside, level + 1)

        for key in _SCHEMA:
            if key in strict:
                strict[key] = below(strict[key], f"{place}[]")
        if isinstance(strict.get("anyOf"), list):
            strict["anyOf"] = [below(item, place) for item in strict["anyOf"]]
        for key in _SCHEMAS_BY_NAME:
            if isinstance(strict.get(key), dict):
                path = f"{place}." if key == "properties" and place else ""
                strict[key] = {name: below(part, f"{path}{name}") for name, part in strict[key].items()}
        _close(strict, place)
        return strict

    def _in_one_piece(
        self, schema: dict[str, Any], place: str, inside: tuple[str, ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Put what a `$ref` or an `allOf` adds into the schema itself, unless it stands alone, and write `anyOf`."""
        whole = _without(schema, "default")
        while len(whole) > 1 or "allOf" in whole:
            if isinstance(ref := whole.get("$ref"), str):
                self._copies += 1
                if ref in inside or self._copies > _MOST_COPIES:  # it holds itself
                    whole = _joined({"anyOf": [{"$ref": ref}]}, _without(whole, "$ref"), place)
                    continue
                whole, inside = _joined(self._target(ref, place), _without(whole, "$ref"), place), (*inside, ref)
            elif isinstance(parts := whole.get("allOf"), list) and len(parts) == 1 and isinstance(parts[0], dict):
                whole = _joined(_without(parts[0], "default"), _without(whole, "allOf"), place)
            else:
                break
        if isinstance(choices := whole.get("oneOf"), list):
            whole = _joined({"anyOf": choices}, _without(whole, "oneOf", "discriminator"), place)
        return whole, inside

    def _target(self, ref: str, place: str) -> dict[str, Any]:
        target: Any = self._root
        for name in ref.removeprefix("#").split("/")[1:]:
            target = target.get(name.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if not ref.startswith("#") or not isinstance(target, dict):
            raise _refusal(place, f"refers to {ref[:100]!r}, which is not in the schema")
        return _without(target, "default", "$defs", "definitions")


def _close(schema: dict[str, Any], place: str) -> None:
    """Require all properties of an object, and allow no others. Raise if it allows them."""
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    more, properties = schema.get("additionalProperties", False), schema.get("properties")
    if more is not False or (_is_bare(schema) and "additionalProperties" not in schema):
        raise _refusal(place, "is an open map, which would allow no keys at all")
    if properties is not None and "anyOf" in schema:
        raise _refusal(place, "has properties and `anyOf`")
    if "array" in kinds and not isinstance(schema.get("items"), dict):
        raise _refusal(place, "is a list that does not tell what its items are")
    if not _TELLS_TYPE & schema.keys():
        raise _refusal(place, "may be of any type")
    if properties is not None or "object" in kinds:
        schema["properties"] = properties or {}
        schema["required"] = list(schema["properties"])
        schema["additionalProperties"] = False


def _is_bare(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return (kind == "object" or (isinstance(kind, list) and "object" in kind)) and "properties" not in schema


def _without(schema: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key not in keys}


def _joined(schema: dict[str, Any], other: dict[str, Any], place: str) -> dict[str, Any]:
    both = {key for key in schema.keys() & other.keys() if key not in _NOTES and schema[key] != other[key]}
    if both:
        raise _refusal(place, f"joins two schemas that both have `{min(both)}`")
    return {**schema, **other}


def _refusal(place: str, what: str) -> NotStrictError:
    return NotStrictError(f"`{printable(place, 100)}` {what}" if place else f"it {what}")


def _each_object(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]], *, are_names: bool = False) -> Any:
    """Copy a value, with `change` applied to everything that may be the schema of an object."""
    if type(value) is dict:
        holds_names = "properties" if not are_names else None
        copy = {key: _each_object(item, change, are_names=key == holds_names) for key, item in value.items()}
        return change(copy) if not are_names and type(copy.get("properties")) is dict else copy
    return type(value)(_each_object(item, change) for item in value) if type(value) in (list, tuple) else value


def _write_order(schema: dict[str, Any]) -> dict[str, Any]:
    names = list(schema["properties"])
    if _ORDER in schema or not all(isinstance(name, str) for name in names) or names == _told_order(schema):
        return schema
    return {**schema, _ORDER: names}


def _read_order(schema: dict[str, Any]) -> dict[str, Any]:
    properties, order = schema["properties"], schema.get(_ORDER)
    if not all(isinstance(name, str) for name in properties):
        return schema
    if isinstance(order, list) and all(isinstance(name, str) for name in order) and {*order} == properties.keys():
        return {**_without(schema, _ORDER), "properties": {name: properties[name] for name in order}}
    if list(properties) != sorted(properties):
        return schema
    return {**schema, "properties": {name: properties[name] for name in _told_order(schema)}}


def _told_order(schema: dict[str, Any]) -> list[str]:
    """The order that sorted properties are put into: those in `required` come first, in its order."""
    names, required = sorted(schema["properties"]), schema.get("required")
    first = [
        name for name in (required if isinstance(required, list) else []) if isinstance(name, str) and name in names
    ]
    return list(dict.fromkeys([*first, *names]))
