# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
The public side of the ledger: one count of what requests have cost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from haystack.core.serialization import default_from_dict, default_to_dict

from haystack_integrations.common.openrouter._transport.ledger import Ledger, Spending, ledger_of_name
from haystack_integrations.common.openrouter._wire import checks
from haystack_integrations.common.openrouter._wire.usage import exact


class OpenRouterCostMeter:
    """
    Counts what requests have cost, wherever they were made: in components, agents and their sub-agents, tools, hooks.

    Pass one meter to every component whose requests are to count, as `cost_meter`. Each response counts once, with what
    OpenRouter billed for it: streams, failures that were billed, what a provider bills for your own key (BYOK), and 0
    for a response from OpenRouter's response cache. A stream that broke off before its usage came counts as a call of
    unknown cost. A request without a response does not count. A meter is safe to use from several threads and tasks.

    A process counts on its own: a meter in a forked child begins at 0, and so does one that was pickled.

    ### Usage example
    ```python
    from haystack_integrations.common.openrouter.cost import OpenRouterCostMeter
    from haystack_integrations.components.generators.openrouter import OpenRouterChatGenerator

    meter = OpenRouterCostMeter()
    generator = OpenRouterChatGenerator(cost_meter=meter)
    with meter.measure(label="greeting") as spent:
        generator.run("Hello!")
    print(spent.total, meter.total, meter.by_model())
    ```
    """

    # YAML names the public path
    __module__ = "haystack_integrations.common.openrouter.cost"

    def __init__(self, name: str | None = None) -> None:
        """
        Create the meter.

        :param name: A name. All meters of one name in a process are one, so that a pipeline that is loaded twice from
            YAML counts together. None makes a meter of its own.
        :raises TypeError: If the name is not a string.
        :raises ValueError: If it is empty.
        """
        if name is not None:
            checks.text(name, "name", "a string or None", "leave it out for a meter of its own")
        self.name = name
        self.ledger = Ledger() if name is None else ledger_of_name(name)

    @property
    def total(self) -> Decimal:
        """
        What was spent, in USD.
        """
        return self.ledger.all.total

    @property
    def calls(self) -> int:
        """
        How many responses were counted.
        """
        return self.ledger.all.calls

    @property
    def unknown(self) -> int:
        """
        How many of them did not say what they cost, such as speech and streams that broke off.
        """
        return self.ledger.all.unknown

    def by_model(self) -> dict[str, Decimal]:
        """
        Return what was spent on each model.

        :returns: USD, by the names of the models that responded.
        """
        return self.ledger.by("model")

    def by_component(self) -> dict[str, Decimal]:
        """
        Return what each component spent.

        :returns: USD, by the names of the components in their pipelines, or else of their classes.
        """
        return self.ledger.by("component")

    def by_label(self) -> dict[str, Decimal]:
        """
        Return what was spent under each label.

        :returns: USD, by the labels of `measure`.
        """
        return self.ledger.by("label")

    @contextmanager
    def measure(self, label: str | None = None) -> Iterator[Spending]:
        """
        Count what the block causes, in the threads and tasks, too, that copy its context.

        Haystack's agents, asynchronous pipelines and `asyncio.to_thread` copy it. A plain `ThreadPoolExecutor` does
        not: what is requested there counts in the meter, and not here.

        :param label: Under which label it counts in `by_label`, such as the id of a user.
        :returns: What was spent so far: `total` in USD, `calls` and `unknown`.
        :raises TypeError: If the label is not a string.
        :raises ValueError: If it is empty.
        """
        if label is not None:
            checks.text(label, "label", "a string or None", "leave it out to count without a label")
        with self.ledger.measuring(label) as spent:
            yield spent

    def watch(self) -> Spending:
        """
        Count from now on what this context causes, and what can't be told apart, as long as the result is kept.

        A budget is for a run that has no block around it. Requests of a thread that has not copied any context count
        for everyone who watches, so that a budget errs early.

        :returns: What was spent so far.
        """
        return self.ledger.watch()

    def note(
        self,
        cost: float | Decimal | None,
        *,
        model: str = "",
        component: str = "",
        generation_id: str | None = None,
    ) -> None:
        """
        Count a response. The components call this. Call it yourself for what you request from OpenRouter without them.

        :param cost: What it cost in USD, as from `reported_cost`. None if that is unknown.
        :param model: The model that responded.
        :param component: What requested it.
        :param generation_id: Its id.
        """
        self.ledger.note(exact(cost), model=model, component=component, generation_id=generation_id)

    def reset(self) -> None:
        """
        Begin again at 0.
        """
        self.ledger.reset()

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize the meter. What it has counted is not part of it.

        :returns: The meter as a dictionary.
        """
        return default_to_dict(self, name=self.name)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "OpenRouterCostMeter":
        """
        Deserialize the meter. One with a name is the same as all others of this name.

        :param data: The dictionary from `to_dict`.
        :returns: The meter.
        """
        return default_from_dict(cls, data)

    def __repr__(self) -> str:
        """Show what was counted."""
        name = "" if self.name is None else f"{self.name!r}: "
        return f"OpenRouterCostMeter({name}{self.total:f} USD, {self.calls} calls, {self.unknown} of unknown cost)"

    def __copy__(self) -> "OpenRouterCostMeter":
        """A copy of a component counts in the same meter."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "OpenRouterCostMeter":
        """A copy of a component counts in the same meter."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave behind what was counted: another process counts on its own."""
        return OpenRouterCostMeter, (self.name,)
