# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The images that documents name in their meta, read with Haystack's `DocumentToImageContent`.

Pages of PDF files are rendered here, at the size that is sent: Haystack renders 300 dpi and scales that down, which
takes 4 to 20 times as long.
"""

import base64
import io
import mimetypes
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from threading import Lock

# Importing the package takes no time. Its classes, with Pillow and pypdfium2, are imported when they are used.
import haystack.components.converters.image as converters
from haystack import Document
from haystack.dataclasses import ImageContent

from haystack_integrations.common.openrouter._base.headers import is_url, shown_source
from haystack_integrations.common.openrouter._transport.forks import renewed_in_forked_children
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.json_values import printable
from haystack_integrations.common.openrouter._wire.media import data_url, first_bytes, known_type, true_type

_SIDES = 2  # width and height


class DocumentImages:
    """
    Reads images and pages of PDF files.

    :param meta_field: The meta field with the path of the file. For a PDF file, `page_number` in the meta tells the
        page, from 1 on.
    :param root_path: The folder that paths are relative to, and that they must not leave. None means that paths are
        taken as they are.
    :param size: The width and height in pixels that images are made to fit into. None leaves them as they are.
    :raises ImportError: If Pillow or pypdfium2 is not installed.
    """

    def __init__(self, meta_field: str, *, root_path: str | None, size: tuple[int, int] | None) -> None:
        self.meta_field = meta_field
        self._root_path, self._size = root_path, size
        self._converter = converters.DocumentToImageContent(
            file_path_meta_field=meta_field, root_path=root_path, size=size
        )

    def has_image(self, document: Document) -> bool:
        """
        Whether the meta of a document names an image.

        :param document: The document.
        :returns: Whether it does.
        """
        return document.meta.get(self.meta_field) is not None

    def data_url(self, document: Document) -> str:
        """
        Read the image of a document.

        :param document: The document.
        :returns: The image as a data URL.
        :raises ValueError: If it can't be read. The text names the document and the file.
        """
        shown_id = printable(document.id, 100)
        if not self.has_image(document):
            msg = f"Document {shown_id} has no `{self.meta_field}` in its meta, so it has no image."
            raise ValueError(msg)
        file = document.meta[self.meta_field]
        if is_url(file):
            url = shown_source(file)
            msg = f"`{self.meta_field}` of document {shown_id} must be the path of a file, not the URL {url!r}."
            raise ValueError(msg)
        page = f", page {checks.shown(document.meta['page_number'])}" if "page_number" in document.meta else ""
        image = f"The image of document {shown_id}, {checks.shown(file)}{page},"
        if printable(str(file), len(str(file))) != str(file):  # the converter would log it as it is
            msg = f"{image} has a path with characters that can't be shown. Rename the file."
            raise ValueError(msg)
        try:
            content = self._read(document)
            media_type = _image_type(content) if content and content.base64_image else None
        except Exception as error:  # Pillow, pypdfium2 and the file system have many kinds
            msg = f"{image} can't be read: {type(error).__name__}: {printable(str(error), 300)}"
            raise ValueError(msg) from None  # which names the file as it is
        if content is None:
            msg = f"{image} can't be read. For the reason, see Haystack's warning in the log."
            raise ValueError(msg)
        if not content.base64_image:
            msg = f"{image} is an empty file."
            raise ValueError(msg)
        if media_type is None:
            msg = f"{image} is not an image."
            raise ValueError(msg)
        return data_url(content.base64_image, media_type, image)

    def _read(self, document: Document) -> ImageContent | None:
        """Read an image or a page. None if Haystack's converter refuses it, which logs why."""
        path = Path(self._root_path or "", document.meta[self.meta_field])
        is_inside = True
        if self._root_path:
            path = path.resolve()
            is_inside = path.is_relative_to(Path(self._root_path).resolve())
        media_type = document.meta.get("mime_type") or mimetypes.guess_type(path)[0]
        number = document.meta.get("page_number")
        if media_type == "application/pdf" and number is not None and is_inside and path.is_file():
            return ImageContent(_page(path, number, self._size), mime_type="image/jpeg", validation=False)
        is_image = isinstance(media_type, str) and media_type.startswith("image/")
        with nullcontext() if is_image else _reading.lock:
            content: ImageContent | None = self._converter.run([document])["image_contents"][0]
        return content


def checked_size(size: object) -> tuple[int, int] | None:
    """
    Check the size that images are made to fit into.

    :param size: The value of `image_size`: two numbers, or None. In YAML they are a list.
    :returns: The width and height in pixels, or None.
    :raises TypeError: If it is neither.
    :raises ValueError: If a number is less than 1.
    """
    if size is None:
        return None
    if not isinstance(size, list | tuple) or len(size) != _SIDES:
        given = checks.shown(size)
        msg = f"`image_size` must be a width and a height in pixels, such as (1024, 1024), or None, not {given}."
        raise TypeError(msg)
    width, height = size
    checks.at_least_one(**{"image_size[0]": width, "image_size[1]": height})
    return width, height


class _Reading:
    """
    PDFium, which renders pages, must not be called by two threads at once.
    """

    def __init__(self) -> None:
        self.renew()
        renewed_in_forked_children(self)

    def renew(self) -> None:
        self.lock = Lock()


_reading = _Reading()
# As Haystack does: pages are rendered with so many dots per inch if they are not to be smaller, and with nearly as many
# pixels as Pillow allows, so that no file can fill the memory.
_DPI = 300
_SHARE_OF_MOST_PIXELS, _MOST_PIXELS = 0.9, 89_478_485


def _page(path: Path, number: int, size: tuple[int, int] | None) -> str:
    """Render a page of a PDF file as JPEG in base64. Its pixels are copied and encoded outside of the lock."""
    from PIL import Image  # noqa: PLC0415
    from pypdfium2 import PdfDocument  # type: ignore[import-untyped]  # noqa: PLC0415

    most_pixels = (Image.MAX_IMAGE_PIXELS or _MOST_PIXELS) * _SHARE_OF_MOST_PIXELS
    with _reading.lock, closing(PdfDocument(path)) as pdf:
        if not 1 <= number <= len(pdf):
            msg = f"the file has {len(pdf)} page(s)"
            raise IndexError(msg)
        with closing(pdf[number - 1]) as page:
            width, height = page.get_size()
            scales = [_DPI / 72, (most_pixels / (width * height)) ** 0.5]
            if size is not None:
                # sides are rounded up, also if a number that should be whole is a little more
                scales += [(most - 1e-6) / side for most, side in zip(size, (width, height), strict=True)]
            with closing(page.render(scale=min(scales))) as bitmap:
                pass  # its pixels are in memory of Python's, and outlive it
    file = io.BytesIO()
    bitmap.to_pil().save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def _image_type(image: ImageContent) -> str | None:
    """Find the media type of an image, whatever its name says. None if it is no image: it may be a secret."""
    media_type = true_type(None, first_bytes(image.base64_image))
    if media_type is None:  # Pillow knows more kinds
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

        data = io.BytesIO(base64.b64decode(image.base64_image))
        with suppress(UnidentifiedImageError), Image.open(data) as opened:
            media_type = known_type(opened.get_format_mimetype())
    return media_type if media_type and media_type.startswith("image/") else None
