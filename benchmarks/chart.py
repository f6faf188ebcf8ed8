# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0
"""
The ratios at a glance, as an SVG.
"""

from pathlib import Path

import matplotlib as mpl
from contenders import SDK, Ours
from rounds import Figures

PATH = Path(__file__).with_name("chart.svg")
TITLE = """What this package needs, as a share of what the openai SDK needs
Synchronous code; a server on the same machine, which sends prepared bytes at once"""


def draw(groups: dict[str, Figures], path: Path = PATH) -> None:
    """
    Draw what this package needs, as a share of what the openai SDK needs.

    :param groups: Figures by what was measured, and under which conditions. Lower is better in all of them.
    :param path: Where the chart is written.
    """
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "openrouter-haystack", "svg.fonttype": "none", "font.family": "sans-serif"})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1.4 + 0.6 * len(groups)), layout="constrained")
    shares = [figures[Ours.name] / figures[SDK.name] for figures in groups.values()]
    axes.barh(range(len(groups)), shares, 0.55, color="#1f9d55")
    for row, share in enumerate(shares):
        axes.text(share + 0.01, row, f"{share:.2f}", va="center", fontsize=9)
    axes.axvline(1, color="#52606d", linewidth=1)
    axes.set_yticks(range(len(groups)), groups)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.1, *(share + 0.1 for share in shares)))
    axes.set_xlabel("share of what the openai SDK needs (line: as much as the SDK)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(TITLE, x=0.01, ha="left", fontsize=10)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
