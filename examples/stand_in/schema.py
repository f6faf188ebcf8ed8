# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""What the stand-in makes of a JSON schema: the arguments of a tool call, or a structured reply."""

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


def instance_of(schema: Json, names: list[str]) -> Any:
    """
    Make an instance of a schema.

    :param schema: A JSON schema.
    :param names: Words to fill strings with; the first is taken.
    :returns: An instance, the same for the same arguments.
    """
    return _instance(schema, schema, names)


def _instance(schema: Json, root: Json, names: list[str], references: int = 0) -> Any:
    is_deep = references > 3  # a schema may hold itself
    if "$ref" in schema:
        target = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return _instance(target, root, names, references + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if choices := sorted(schema.get(key) or [], key=lambda choice: (choice.get("type") == "null") != is_deep):
            return _instance(choices[0], root, names, references)
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    kind = schema.get("type")
    kind = next((name for name in kind if name != "null"), "null") if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        return {
            name: _instance(part, root, names, references) for name, part in (schema.get("properties") or {}).items()
        }
    if kind == "array":
        count = max(0 if is_deep else 1, schema.get("minItems") or 0)
        return [_instance(schema.get("items") or {}, root, names, references) for _ in range(count)]
    plain = {"integer": 1, "number": 1, "boolean": True, "null": None}
    if kind in plain:
        return plain[kind]
    return STRING_FORMATS.get(schema.get("format") or "") or (names[0] if names else "stand-in")
