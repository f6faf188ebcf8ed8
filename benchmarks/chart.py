# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
The ratios at a glance, as an SVG.
"""

from pathlib import Path

import matplotlib as mpl
from contenders import SDK, Floor, Ours
from rounds import Figures

PATH = Path(__file__).with_name("chart.svg")

_COLORS = {SDK.name: "#9aa5b1", "Haystack's own": "#5b8def", Ours.name: "#1f9d55", Floor.name: "#d9dee4"}


def draw(groups: dict[str, Figures], path: Path = PATH) -> None:
    """
    Draw what each contender needs, as a share of what the openai SDK needs.

    :param groups: Figures by what was measured. Lower is better in all of them.
    :param path: Where the chart is written.
    """
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "openrouter-haystack", "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 0.4 + 1.1 * len(groups)), layout="constrained")
    for row, (_, figures) in enumerate(groups.items()):
        shares = _shares(figures)
        for place, (name, share) in enumerate(shares.items()):
            y = row + 0.8 * (place / len(shares) - 0.4)
            label = name if name not in axes.get_legend_handles_labels()[1] else None
            axes.barh(y, share, 0.8 / len(shares) - 0.02, color=_COLORS[name], label=label)
            axes.text(share * 1.04, y, f"{share:.2f}", va="center", fontsize=8)
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(0.02, 3)
    axes.set_xlabel("share of what the openai SDK needs (less is better, logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=len(_COLORS), frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _shares(figures: Figures) -> Figures:
    haystack = next(figures[name] for name in figures if name.startswith("OpenAI"))
    named = {SDK.name: figures[SDK.name], "Haystack's own": haystack, Ours.name: figures[Ours.name]}
    if Floor.name in figures:
        named[Floor.name] = figures[Floor.name]
    return {name: value / figures[SDK.name] for name, value in named.items()}
