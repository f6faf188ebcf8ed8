# SPDX-FileCopyrightText: 2026-present openrouter-haystack contributors
#
# SPDX-License-Identifier: Apache-2.0

"""
What a forked child must not share with its parent: locks that another thread of the parent may hold, and connections.
"""

import os
from typing import Any
from weakref import WeakSet

_RENEWED: WeakSet[Any] = WeakSet()


def renewed_in_forked_children(thing: Any) -> None:
    """
    Call `thing.renew()` in each forked child.
    """
    _RENEWED.add(thing)


def _renew_all() -> None:
    for thing in list(_RENEWED):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
