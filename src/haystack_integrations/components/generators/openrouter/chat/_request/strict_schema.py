# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
Makes JSON schemas strict, as OpenAI defines it: all properties are required, and no others are allowed.

Source: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

from typing import Any

_SCHEMA = ("items", "additionalItems", "contains", "not", "if", "then", "else")
_LIST_OF_SCHEMAS = ("anyOf", "oneOf", "allOf", "prefixItems")
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def strict_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """
    Make a JSON schema strict at every depth, on a copy.

    :param schema: The schema of an object.
    :returns: A new schema. Values that are not schemas, such as defaults, are kept as they are.
    """
    strict = dict(schema)
    for key, value in schema.items():
        if key in _SCHEMA and isinstance(value, dict):
            strict[key] = strict_schema(value)
        elif (key in _LIST_OF_SCHEMAS or key == "items") and isinstance(value, list):
            strict[key] = [strict_schema(item) if isinstance(item, dict) else item for item in value]
        elif key in _SCHEMAS_BY_NAME and isinstance(value, dict):
            strict[key] = {name: strict_schema(s) if isinstance(s, dict) else s for name, s in value.items()}
    if "properties" in schema or _may_be_object(schema.get("type")):
        strict["additionalProperties"] = False
    if "properties" in schema:
        strict["required"] = list(schema["properties"])
    return strict


def _may_be_object(kind: object) -> bool:
    return kind == "object" or (isinstance(kind, list) and "object" in kind)
