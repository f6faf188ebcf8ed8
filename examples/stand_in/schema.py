# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in makes of a JSON schema, or of a prompt that asks for JSON."""

import json
import re
from dataclasses import dataclass
from typing import Any

from stand_in.request import Json

STRING_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "stand-in@example.com",
    "time": "00:00:00Z",
    "uri": "https://example.com/stand-in",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
FREE_TEXTS = {"content", "input", "message", "prompt", "query", "question", "task", "text"}
PLAIN_TYPES = {"integer", "number", "boolean", "string"}
QUOTED_KEYS = re.compile(
    r"""\b(?:keys?|fields?)\b[^"'`\n]{0,20}\n?\[?((?:\s*["'`][\w -]+["'`][,\s]*(?:and|or)?)+)""", re.I
)
PLAIN_KEYS = re.compile(r"\b(?:keys?|fields?)\b[^:\n]{0,20}:\s*(\w+(?:,\s*(?:and\s+)?\w+)*)", re.I)


def instance_of(schema: Json, text: str) -> Any:
    """
    Make an instance of a schema.

    :param schema: A JSON schema.
    :param text: What the user said. It fills strings: whole, or with the first name in it.
    :returns: An instance, the same for the same arguments.
    """
    # capitalised words that do not begin the text
    return _Maker(schema, text, re.findall(r"(?<=\s)[A-Z][\w-]*", text)).instance(schema)


def object_for(prompt: str, answer: str) -> Json:
    """
    Make an object as a prompt describes it.

    :param prompt: Instructions, which may name keys or hold examples.
    :param answer: What the keys that no example has are filled with.
    :returns: The last example that holds something, with the keys that are named.
    """
    found = QUOTED_KEYS.findall(prompt)
    named = [name for keys in found for name in re.findall(r"""["'`]([^"'`]+)["'`]""", keys)]
    named = named or [name for keys in PLAIN_KEYS.findall(prompt) for name in re.split(r",\s*(?:and\s+)?", keys)]
    examples = [one for one in _objects_in(prompt) if any(one.values()) and (not named or set(named) & one.keys())]
    return {**dict.fromkeys(named, answer), **(examples[-1] if examples else {})} or {"answer": answer}


def _objects_in(text: str) -> list[Json]:
    """
    The JSON objects in a text, without those inside of others.
    """
    found, at = [], text.find("{")
    while at >= 0:
        try:
            value, end = json.JSONDecoder().raw_decode(text, at)
        except ValueError:
            end = at + 1
        else:
            found.append(value)
        at = text.find("{", end)
    return found


@dataclass
class _Maker:
    root: Json
    text: str
    names: list[str]

    def instance(self, schema: Any, name: str = "", inside: tuple[str, ...] = ()) -> Any:
        """
        Make an instance of a part of the schema, which is inside of what these references name.
        """
        schema = schema if isinstance(schema, dict) else {}  # `true` is a schema, too
        is_deep = len(set(inside)) < len(inside) or len(inside) > 5  # a schema may hold itself
        if reference := schema.get("$ref"):
            is_endless = inside.count(reference) > 1
            return None if is_endless else self.instance(self._target(reference), name, (*inside, reference))
        for key in ("anyOf", "oneOf", "allOf"):
            if choices := [choice for choice in schema.get(key) or [] if isinstance(choice, dict)]:
                return self.instance(min(choices, key=lambda choice: _rank(choice, is_deep)), name, inside)
        if "const" in schema or schema.get("enum"):
            return schema["const"] if "const" in schema else schema["enum"][0]
        kind = schema.get("type")
        kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object" or "properties" in schema:
            return self._object(schema, inside, is_deep)
        if kind == "array":
            count = max(0 if is_deep else 1, schema.get("minItems") or 0)
            return [self.instance(schema.get("items"), name, inside) for _ in range(count)]
        if kind in ("integer", "number"):
            return schema.get("minimum", min(1, schema.get("maximum", 1)))
        return {"boolean": True, "null": None}[kind] if kind in ("boolean", "null") else self._string(schema, name)

    def _object(self, schema: Json, inside: tuple[str, ...], is_deep: bool) -> Json:
        properties, required = schema.get("properties") or {}, schema.get("required") or []
        left_out = properties if is_deep else [name for name, part in properties.items() if "default" in part]
        wanted = {name: part for name, part in properties.items() if name in required or name not in left_out}
        return {name: self.instance(part, name, inside) for name, part in wanted.items()}

    def _string(self, schema: Json, name: str) -> str:
        if schema.get("format") in STRING_FORMATS:
            return STRING_FORMATS[schema["format"]]
        if name.lower() in FREE_TEXTS and self.text:
            return self.text[:1000]
        return self.names[0] if self.names else "stand-in"

    def _target(self, reference: str) -> Any:
        target: Any = self.root
        for step in filter(None, reference.removeprefix("#").split("/")):
            target = target.get(step) if isinstance(target, dict) else None
        return target


def _rank(choice: Json, is_deep: bool) -> int:
    """
    Which of several schemas is taken: the first that is not null; in the depth, one that ends it.
    """
    is_null = choice.get("type") == "null"
    return int(is_null) if not is_deep else 0 if is_null else 1 if choice.get("type") in PLAIN_TYPES else 2
