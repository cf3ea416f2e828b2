"""A ceremony whose process dies by kill -9 goes on at its open step and ends as if nothing had been."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from sscard.keys.ceremony.run import verify_all

GIVEN = {"region": "99", "version": "5"}
UNTIL = 400
"""More syncs than a whole ceremony makes."""


def go(hall) -> None:
    """Begin the ceremony or go on with it, to the end, with carriers that are files."""
    hall.people.drawer = hall.root
    runs = hall.place.runs()
    if not runs:
        hall.hold("generate-local", **GIVEN)
        return
    hall.running = runs[-1]
    if hall.story(hall.running).open_step:
        hall.conduct(hall.go_on())


def killed_at(hall, sync: int) -> bool:
    """Run in a process of its own that dies at its ``sync``-th flush to the disk; whether it came that far."""
    child = os.fork()
    if not child:
        flush, count = os.fsync, 0

        def counted(handle: int) -> None:
            nonlocal count
            count += 1
            if count == sync:
                os.kill(os.getpid(), signal.SIGKILL)
            flush(handle)

        os.fsync = counted
        try:
            go(hall)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def settle(hall) -> None:
    """What must be true at the end, however often it was interrupted."""
    go(hall)
    story = hall.story(hall.running)
    assert story.finished
    assert [found for _, found in verify_all(hall.place) if isinstance(found, Exception)] == []
    made = [entry for entry in hall.vault() if entry.version == 5]
    assert len(made) == 16
    assert story.fact("prove.keys") == [
        [str(e), e.check_value.hex().upper(), e.method.value] for e in sorted(made, key=str)
    ]
    acts = [entry.facts["step"] for entry in story.entries if entry.kind == "done"]
    assert acts == [name for name, _, _ in story.steps]


@pytest.mark.parametrize("first", range(1, 12, 3))
def test_killed_at_a_flush_it_goes_on(hall, first: int) -> None:
    """Each run dies at every eleventh flush it would have made, again and again, until it is through."""
    deaths = 0
    for attempt in range(UNTIL):
        if not killed_at(hall, first + 11 * (attempt % 3)):
            break
        deaths += 1
        if hall.place.runs():
            hall.running = hall.place.runs()[-1]
    else:
        pytest.fail("it never ended")
    assert deaths >= 1
    hall.running = hall.place.runs()[-1]
    settle(hall)


def test_a_step_that_was_begun_and_not_done_says_so_and_is_done_again(hall) -> None:
    hall.people.drawer = hall.root
    run = hall.begin("generate-local", GIVEN)
    run.conclude("place", {}, {})
    run.conclude("room", {}, {})
    signers = {role: hall.signer(run.cast[role].name) for role in ("custodian-a", "custodian-b")}
    with pytest.raises(KeyboardInterrupt):
        run.act("generate", signers, lambda _again: (_ for _ in ()).throw(KeyboardInterrupt))
    assert hall.story(run.folder.name).begun
    hall.conduct(hall.go_on())
    assert hall.people.steps[0] == ("generate", True)
    settle(hall)


def test_the_kill_is_a_kill(hall) -> None:
    assert killed_at(hall, 1)
    assert not killed_at(hall, UNTIL)
    assert isinstance(hall.root, Path)
