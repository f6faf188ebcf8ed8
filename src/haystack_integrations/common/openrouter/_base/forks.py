# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a forked child must not share with its parent: locks that another thread of the parent may hold, and connections.
"""

import os
from typing import Protocol
from weakref import WeakSet


class Renewable(Protocol):
    """
    Something that can start anew.
    """

    def renew(self) -> None:
        """
        Start with nothing that a parent process made.
        """


_RENEWABLE: WeakSet[Renewable] = WeakSet()


def renewed_in_forked_children(thing: Renewable) -> None:
    """
    Call `thing.renew()` in each forked child.
    """
    _RENEWABLE.add(thing)


def _renew_all() -> None:
    for thing in list(_RENEWABLE):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
