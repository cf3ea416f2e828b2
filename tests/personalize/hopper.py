"""A simulated hopper: a feeder program that moves card images between folders, as a machine moves cards.

``box`` holds blanks, ``head-N`` the card in the reader, ``good`` and ``bad`` are the trays.  Every request is written
to ``requests``.  ``--jam N`` never answers the N-th get, ``--lie`` brings nothing but says ok, ``--fault`` reports an
error, ``--quit`` ends at the second request.  ``--only HEAD`` does so at one head only; the others then
take ``--slow`` seconds a card.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("folder", type=Path)
    words.add_argument("--jam", type=int, default=0)
    words.add_argument("--slow", type=float, default=0.0)
    words.add_argument("--only", type=int, default=0)
    for fault in ("--lie", "--fault", "--quit", "--babble"):
        words.add_argument(fault, action="store_true")
    given = words.parse_args()
    folder, gets = given.folder, 0
    hello = sys.stdin.readline().split(maxsplit=3)
    head = int(hello[2])
    bad = given.only in (0, head)
    mouth = folder / f"head-{head}"
    for place in (folder / "good", folder / "bad", mouth):
        place.mkdir(parents=True, exist_ok=True)
    print("ok", flush=True)
    for line in sys.stdin:
        request = line.strip()
        with (folder / "requests").open("a") as log:
            log.write(f"{head} {request}\n")
        if request == "bye" or (bad and given.quit):
            return
        if bad and given.fault:
            print("error 卡道堵塞", flush=True)
            continue
        if bad and given.babble:
            print("OK!", flush=True)
            continue
        if request == "get":
            gets += 1
            time.sleep(0 if bad else given.slow)
            if bad and gets == given.jam:
                time.sleep(60)
            print("ok" if (bad and given.lie) or take(folder / "box", mouth) else "empty", flush=True)
        else:
            tray = folder / ("good" if request == "done" else "bad")
            for path in mouth.iterdir():
                path.rename(tray / path.name)
            print("ok", flush=True)


def take(box: Path, mouth: Path) -> bool:
    """The next card of the box, if any; several machines may reach into it."""
    for path in sorted(box.glob("*.json")):
        try:
            path.rename(mouth / path.name)
        except FileNotFoundError:
            continue
        return True
    return False


if __name__ == "__main__":
    main()
