"""What a process that handles keys asks of the system: no core file, no tracing by its own user, no swap.

Each is asked for where the system grants it, and the answer is told; docs/keys.md says what stays open.
"""

from __future__ import annotations

import ctypes
import resource
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_MCL_ALL: Final = 1 | 2 | 4
"""MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT: every page once it is touched, no page before."""
_CAP_IPC_LOCK: Final = 14
_STATUS: Final = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Protection:
    """What was granted.

    ``no_core``: a crash leaves no core file.  ``not_traced``: other processes of the user can neither attach nor read
    the memory.  ``not_swapped``: no page goes to the swap area.
    """

    no_core: bool
    not_traced: bool
    not_swapped: bool


def protect() -> Protection:
    """Ask for all of it, for this process and for good.  Never fails: what is not granted is false in the answer."""
    libc = ctypes.CDLL(None, use_errno=True)
    return Protection(_no_core(), _not_traced(libc), _not_swapped(libc))


def memory_locked() -> bool:
    """Whether memory of this process is kept out of the swap area, as far as :func:`protect` was granted it."""
    return int(_status("VmLck", "0")) > 0


def _no_core() -> bool:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ValueError, OSError):
        return False
    return resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def _not_traced(libc: ctypes.CDLL) -> bool:
    return bool(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 == libc.prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0))


def _not_swapped(libc: ctypes.CDLL) -> bool:
    """Locks memory only where there is no limit to run into: a lock that fails later would end the program."""
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    return bool((unlimited or _may_lock()) and libc.mlockall(_MCL_ALL) == 0)


def _may_lock() -> bool:
    """Whether the process has the capability to lock any amount of memory."""
    return bool(int(_status("CapEff", "0"), 16) >> _CAP_IPC_LOCK & 1)


def _status(name: str, absent: str) -> str:
    """The first word the system tells under a name about this process."""
    try:
        lines = _STATUS.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return absent
    return next((line.split()[1] for line in lines if line.startswith(f"{name}:")), absent)
