# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The command `python -m haystack_integrations.common.openrouter.models`: a table of models.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NoReturn, cast

import openai

from haystack_integrations.common.openrouter._catalogue.choosing import ModelNeeds, Selection
from haystack_integrations.common.openrouter._catalogue.model import OpenRouterModel
from haystack_integrations.common.openrouter._catalogue.model_table import model_table
from haystack_integrations.common.openrouter._wire.json_values import printable


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}\n")


def main(catalogue: Callable[..., Any], arguments: Sequence[str] | None = None) -> int:
    """
    Print a table of the models that fit, and return the exit code. Without arguments, those of the process are used.
    """
    options = vars(_parser().parse_args(arguments))
    limit, order, for_account = options.pop("limit"), options.pop("sort"), options.pop("for_account")
    base_url = options.pop("api_base_url")
    floors = options["min_benchmark"] = dict(options["min_benchmark"] or ())
    try:
        selection = Selection(cast("ModelNeeds", options))
        models = catalogue(api_base_url=base_url).list(for_account=for_account)
        if not any(map(selection.fits, models)):
            selection.check_names(models)
    except (openai.OpenAIError, TypeError, ValueError) as error:
        print(printable(" ".join(str(error).split())), file=sys.stderr)  # noqa: T201
        return 1
    found = sorted(filter(selection.fits, models), key=_ORDERS[order])[:limit]
    print(model_table(found, [*floors]))  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m haystack_integrations.common.openrouter.models",
        description="List the models that OpenRouter serves. Prices are in USD per million tokens.",
    )
    several: dict[str, Any] = {"action": "append", "metavar": "NAME"}
    parser.add_argument("--takes", **several, help="an input modality: text, image, file, audio, video (repeatable)")
    parser.add_argument("--makes", **several, help="an output modality: text, image, audio, embeddings (repeatable)")
    parser.add_argument("--supports", **several, help="a parameter, such as tools or structured_outputs (repeatable)")
    parser.add_argument("--min-context", type=int, metavar="TOKENS", help="the minimum context window")
    parser.add_argument("--max-price", type=float, metavar="USD", help="the maximum price of the prompt")
    parser.add_argument("--max-output-price", type=float, metavar="USD", help="the maximum price of the completion")
    least: dict[str, Any] = {"action": "append", "type": _floor, "metavar": "NAME=FIGURE"}
    parser.add_argument("--min-benchmark", **least, help="a minimum figure, such as coding_index=60 (repeatable)")
    parser.add_argument("--exclude-free", action="store_true", help="leave out free models")
    parser.add_argument("--for-account", action="store_true", help="only models that the settings of your key allow")
    parser.add_argument("--sort", choices=_ORDERS, default="name", help="the order of the table (default: name)")
    parser.add_argument("--limit", type=int, metavar="N", help="show only the first N")
    parser.add_argument("--api-base-url", metavar="URL", help="the URL of the API, if it is not OpenRouter's")
    return parser


def _floor(argument: str) -> tuple[str, float]:
    name, _, least = argument.partition("=")
    return name, float(least)


def _by_price(model: OpenRouterModel) -> tuple[bool, Decimal, str]:
    """By the price of prompt and completion together, unknown prices last."""
    prompt, completion = model.price("prompt") or Decimal(0), model.price("completion") or Decimal(0)
    return not model.is_billed_by_token, prompt + completion, model.id


_ORDERS: dict[str, Callable[[OpenRouterModel], Any]] = {
    "price": _by_price,
    "context": lambda model: -(model.context_window or 0),
    "name": lambda model: model.id.lower(),
}
