# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
Small files that any viewer or player opens: images in one colour, tones, and videos without a picture. Their words are
in a tag.
"""

import hashlib
import math
import re
import struct
import zlib

RATE = 24000
# MPEG-1 Layer III, 32 kbit/s, 44.1 kHz, mono: a header, and a frame full of silence
MP3_FRAME = b"\xff\xfb\x10\xc4" + bytes(100)
MP3_FRAMES_PER_SECOND = 38


def png(seed: str, size: int = 64, words: str = "") -> bytes:
    """
    Make a square PNG in one colour.

    :param seed: A string that decides the colour.
    :param size: The length of a side, in pixels.
    :param words: What would be written in the image. They are its description.
    :returns: The file.
    """
    row = b"\0" + hashlib.sha256(seed.encode()).digest()[:3] * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    description = ((b"iTXt", b"Description\0\0\0\0\0" + f"«{words}»".encode()),) if words else ()
    chunks = ((b"IHDR", header), *description, (b"IDAT", zlib.compress(row * size)), (b"IEND", b""))
    framed = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def svg(seed: str) -> bytes:
    """
    Make a square SVG image in one colour.

    :param seed: A string that decides the colour.
    :returns: The file.
    """
    colour = hashlib.sha256(seed.encode()).hexdigest()[:6]
    square = f'<rect width="64" height="64" fill="#{colour}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64">{square}</svg>'.encode()


def pcm(seconds: float) -> bytes:
    """
    Make a tone: 16-bit little-endian samples, mono, 24 kHz.

    :param seconds: How long it is.
    :returns: The samples.
    """
    count = int(seconds * RATE)
    return struct.pack(f"<{count}h", *(int(8000 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(count)))


def wav(words: str, seconds: float) -> bytes:
    """
    Make a WAV file.

    :param words: What it would say. They are its comment.
    :param seconds: How long it is.
    :returns: The file.
    """
    comment = f"«{words}»".encode()
    comment += b"\0" * (2 - len(comment) % 2)
    info = b"INFOICMT" + struct.pack("<I", len(comment)) + comment
    chunks = (
        (b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)),
        (b"LIST", info),
        (b"data", pcm(seconds)),
    )
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def mp3(words: str, seconds: float) -> bytes:
    """
    Make an MP3 file. It is silent.

    :param words: What it would say. They are its lyrics, in an ID3 tag.
    :param seconds: How long it is.
    :returns: The file.
    """
    lyrics = b"\x03eng\0" + f"«{words}»".encode()
    frame = b"USLT" + _syncsafe(len(lyrics)) + b"\0\0" + lyrics
    tag = b"ID3\x04\0\0" + _syncsafe(len(frame)) + frame
    return tag + MP3_FRAME * max(1, round(seconds * MP3_FRAMES_PER_SECOND))


def mp4(words: str, seconds: float) -> bytes:
    """
    Make an MP4 file. It has a length, and no tracks.

    :param words: What it would show. They are in a box that players skip.
    :param seconds: How long it is.
    :returns: The file.
    """
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    length = struct.pack(">IIIII", 0, 0, 0, 1000, int(1000 * seconds))
    header = length + struct.pack(">IH", 0x10000, 0x100) + bytes(10) + matrix + bytes(24) + struct.pack(">I", 1)
    boxes = (
        (b"ftyp", b"isom\0\0\2\0isomiso2mp41"),
        (b"moov", _box(b"mvhd", header)),
        (b"free", f"«{words}»".encode()),
    )
    return b"".join(_box(name, data) for name, data in boxes)


def words_in(file: bytes) -> str | None:
    """
    Read the words in the tag of a file that `wav`, `mp3`, `mp4` or `png` made.

    :param file: The file.
    :returns: The words, or None for any other file.
    """
    found = re.search("«(.*)»".encode(), file, re.DOTALL)
    return found[1].decode(errors="replace") if found else None


def _box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + name + data


def _syncsafe(number: int) -> bytes:
    """
    Write a number as ID3 does: seven bits a byte.
    """
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
