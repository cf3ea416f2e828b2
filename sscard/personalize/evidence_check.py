"""Check a bundle of evidence: python3 verify.py [FOLDER]

Needs nothing but Python 3.8 or later, no part of sscard.  FOLDER holds chain/*.chain, journals/JOB/*, cards.jsonl
(the ledger's cards), pins.json (places of the chains the ledger knows) and returns.json (digests of return files).
Every line of a chain or journal ends with the SHA-256 of itself up to the comma before "hash"; "prev" is the hash of
the line before.  Prints what is wrong, one finding a line; exit 0: nothing, 1: something, 2: no bundle.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

START = "0" * 64
MEANING = {
    "edited": ("内容被改动", "a line was changed"),
    "order": ("次序不连续: 有行被删、插入或调换", "lines were removed, put in or moved"),
    "torn": ("末行不完整", "the last line is not whole"),
    "truncated": ("链尾被截断: 少于账本记下的位置", "the end was cut: shorter than the place the ledger knows"),
    "pin": ("与账本记下的位置不符", "is not what the ledger knows at this place"),
    "missing": ("链中记载的日志不见了", "a journal the chain names is gone"),
    "foreign": ("链中没有记载的日志", "a journal the chain does not name"),
    "closed": ("关闭后的日志有变", "differs from what it was when it was closed"),
    "job": ("条目属于另一任务", "an entry belongs to another job"),
    "verdict": ("日志与账本对卡的结论不一致", "journal and ledger disagree about a card"),
    "unknown-card": ("账本没有日志中的卡", "the ledger does not know a card of the journals"),
    "unmade-card": ("账本中的卡没有日志", "no journal tells of a card of the ledger"),
    "return": ("回盘文件与写出时不同", "a return file differs from what was written"),
}
AGREE = {"good": ("good",), "spoiled": ("spoiled",), "work": ("work", "good", "spoiled", "")}
"""What the journals may say of a card in each state of the ledger."""


class Finding(NamedTuple):
    """What is wrong where; ``line`` counts from 1, 0 for a whole file."""

    kind: str
    place: str
    line: int
    detail: str


def read_chain(path: Path, name: str, found: list[Finding]) -> tuple[list[dict[str, Any]], bool]:
    """Whole entries of a chain or journal up to the first one that is wrong, and whether none was."""
    entries: list[dict[str, Any]] = []
    head = START
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if not raw.endswith(b"\n"):
                found.append(Finding("torn", name, number, ""))
                return entries, True
            body, mark, tail = raw.rpartition(b',"hash":"')
            digest = hashlib.sha256(body).hexdigest()
            if not mark or tail != f'{digest}"}}\n'.encode():
                found.append(Finding("edited", name, number, ""))
                return entries, False
            entry = json.loads(raw)
            if entry["prev"] != head or entry["n"] != number:
                found.append(Finding("order", name, number, ""))
                return entries, False
            head = digest
            entries.append(entry)
    return entries, True


def check(
    chains: dict[str, Path],
    journals: dict[str, dict[str, Path]],
    cards: Iterable[dict[str, Any]],
    pins: dict[str, str],
    returns: dict[str, str],
) -> Iterator[Finding]:
    """Everything that does not fit.

    ``chains``: station → file.  ``journals``: job → name without ending → file.  ``cards``: rows of the ledger.
    ``pins``: station → ``N:HASH``.  ``returns``: name of a return file → SHA-256 of what is there now.
    """
    found: list[Finding] = []
    entries: list[dict[str, Any]] = []
    for station, path in sorted(chains.items()):
        chain, whole = read_chain(path, path.name, found)
        found += _pinned(path.name, chain, pins.get(station), whole)
        entries += chain
    for station in sorted(pins.keys() - chains.keys()):
        found.append(Finding("truncated", station + ".chain", 0, pins[station]))
    begun = {(entry["job"], entry["file"]) for entry in entries if entry["kind"] == "journal"}
    closed = {(entry["job"], entry["file"]): entry for entry in entries if entry["kind"] == "closed"}
    given_up = {(entry["card"], entry["kind"]) for entry in entries if entry["kind"] in ("lost", "spoiled")}
    verdicts: dict[str, tuple[str, str, int]] = {}
    for job, files in sorted(journals.items()):
        for name, path in sorted(files.items()):
            place = f"{job}/{path.name}"
            if (job, name) not in begun and path.stat().st_size:
                found.append(Finding("foreign", place, 0, ""))
            found += _journal(path, place, job, closed.get((job, name)), verdicts)
    for job, name in sorted(begun):
        if name not in journals.get(job, {}) and job in journals:
            found.append(Finding("missing", f"{job}/{name}", 0, ""))
    found += _ledger(cards, verdicts, given_up, set(journals), set(chains))
    written: dict[str, str] = {}
    for entry in entries:
        written.update(entry["files"] if entry["kind"] == "returns" else {})
    found += [Finding("return", name, 0, "") for name, digest in returns.items() if written.get(name) != digest]
    yield from found


def _pinned(name: str, chain: list[dict[str, Any]], pin: str | None, whole: bool) -> Iterator[Finding]:
    if pin is None:
        return
    number, _, digest = pin.partition(":")
    if int(number) > len(chain):
        if whole:
            yield Finding("truncated", name, len(chain), pin)
    elif int(number) and chain[int(number) - 1]["hash"] != digest:
        yield Finding("pin", name, int(number), pin)


def _journal(
    path: Path, place: str, job: str, closing: dict[str, Any] | None, verdicts: dict[str, tuple[str, str, int]]
) -> Iterator[Finding]:
    found: list[Finding] = []
    entries, _ = read_chain(path, place, found)
    yield from (finding for finding in found if not (closing and finding.kind == "torn"))
    last = entries[-1]["hash"] if entries else START
    sound = all(finding.kind == "torn" for finding in found)
    if closing and sound and (len(entries), last) != (closing["lines"], closing["last"]):
        yield Finding("closed", place, min(len(entries), closing["lines"]), f"{closing['lines']}")
    rows: dict[str, int] = {}
    for entry in entries:
        if entry["kind"] == "open":
            rows[entry["card"]] = entry["row"]
            if entry["job"] != job:
                yield Finding("job", place, entry["n"], entry["job"])
        elif entry["kind"] == "end" and entry["verdict"] != "returned":
            verdicts[entry["card"]] = (entry["verdict"], job, rows.get(entry["card"], 0))
        elif entry["kind"] == "intent":
            verdicts.setdefault(entry["card"], ("work", job, 0))


def _ledger(
    cards: Iterable[dict[str, Any]],
    verdicts: dict[str, tuple[str, str, int]],
    given_up: set[tuple[str, str]],
    jobs: set[str],
    stations: set[str],
) -> Iterator[Finding]:
    known: set[str] = set()
    for card in cards:
        if card["job"] not in jobs:
            continue
        known.add(card["card"])
        verdict, job, row = verdicts.get(card["card"], ("", card["job"], 0))
        expected = AGREE.get(card["state"])
        if card.get("station", "") not in ("", *stations):  # another station's, given up or struck off here
            if (card["card"], card["state"]) not in given_up:
                yield Finding("verdict", card["job"], 0, card["card"])
            continue
        if card.get("decided", "") not in ("", *stations):
            continue  # given up or struck off at another station, whose chain tells of it
        if card["state"] == "lost":
            if (card["card"], "lost") not in given_up:
                yield Finding("verdict", card["job"], 0, card["card"])
        elif card["state"] == "spoiled" and verdict == "good" and (card["card"], "spoiled") in given_up:
            continue
        elif not verdict and card["state"] != "work":
            yield Finding("unmade-card", card["job"], 0, card["card"])
        elif expected is None or verdict not in expected or job != card["job"] or row not in (0, card["seq"]):
            yield Finding("verdict", card["job"], 0, card["card"])
    for name, (verdict, job, _) in sorted(verdicts.items()):
        if name not in known and verdict in ("good", "spoiled"):
            yield Finding("unknown-card", job, 0, name)


def main(folder: Path) -> int:
    """Check an unpacked bundle and print the findings."""
    try:
        lines = (folder / "cards.jsonl").read_text("utf-8").splitlines()
        pins, returns = (json.loads((folder / name).read_text("utf-8")) for name in ("pins.json", "returns.json"))
    except OSError as error:
        print(f"{folder}: {error}", file=sys.stderr)
        return 2
    chains = {path.stem: path for path in (folder / "chain").glob("*.chain")}
    journals = {job.name: {path.stem: path for path in job.iterdir()} for job in (folder / "journals").iterdir()}
    count = 0
    for finding in check(chains, journals, map(json.loads, lines), pins, returns):
        count += 1
        meaning = "  ".join(MEANING[finding.kind])
        print(f"{finding.place}:{finding.line}  {finding.kind}  {meaning}  {finding.detail}".rstrip())
    read = f"{len(chains)} chains, {sum(map(len, journals.values()))} journals, {len(lines)} cards"
    print(f"{count} findings 处不符; {read}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)))
