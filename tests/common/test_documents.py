# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""Copies of documents are what `dataclasses.replace` makes."""

import warnings
from dataclasses import dataclass, fields, replace

import pytest
from haystack import Document
from haystack.dataclasses import ByteStream, SparseEmbedding

from haystack_integrations.common.openrouter._base.documents import document_copy


@dataclass
class Page(Document):
    number: int = 0


@pytest.mark.filterwarnings("ignore:Mutating")  # Haystack warns of its own subclasses
@pytest.mark.parametrize(
    "document",
    [
        Document(content="Rome", meta={"a": [1]}, score=0.1, embedding=[1.0], blob=ByteStream(b"x")),
        Document(id="1", sparse_embedding=SparseEmbedding([1], [0.5])),
        Page(content="Rome", number=3),
    ],
)
def test_a_copy(document: Document):
    before, expected = document.to_dict(), replace(document, score=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copied = document_copy(document, score=0.5)
    assert type(copied) is type(expected)
    assert {field.name: getattr(copied, field.name) for field in fields(copied)} == vars(expected)
    assert document.to_dict() == before


def test_a_class_with_slots():
    @dataclass(slots=True)
    class Slotted:
        id: str
        score: float | None = None

    assert document_copy(Slotted("1"), score=0.5) == Slotted("1", 0.5)
