"""What people decide about a job: spoiled cards, pauses, closing with its balance; all of it is on record."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator import Rack
from sscard.emulator.tearing import Tear
from sscard.errors import GuardRefused, SscardError, UsageError
from sscard.personalize import audit, decisions
from sscard.personalize.heads import Kind
from sscard.personalize.ledger import Standing, State
from sscard.personalize.line import Line


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(SscardError) as caught:
        call()
    assert all(part.strip() for lang in ("zh", "en") for part in caught.value.parts(lang))
    return caught.value.key


def chained(bureau: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in bureau.place.chain_path.read_text().splitlines()]


def sound(bureau: Any, ledger: Any) -> bool:
    return list(audit.collect(bureau.place, ledger).findings()) == []


def test_a_spoiled_card_is_counted_and_its_person_gets_another(make_bureau: Callable[[int], Any]) -> None:
    bureau, rack = make_bureau(3), Rack()
    production = bureau.run([rack.slot(1)])
    returns, _ = production.returns()
    ledger, job = production.work.ledger, production.job.job
    before = ledger.good_card(job, 2)
    entry = decisions.spoil(bureau.place, ledger, 2, "印刷")
    assert entry == before
    assert ledger.card(entry.card).state is State.SPOILED
    balance = ledger.balance(job)
    assert (balance.good, balance.spoiled, balance.left, balance.blanks, balance.ties) == (2, 1, 1, 4, True)
    assert not returns.exists()
    assert returns.with_name(f"{job}-outdated.csv").exists()
    assert chained(bureau)[-1]["kind"] == "spoiled"
    assert sound(bureau, ledger)
    production = bureau.run([rack.slot(1)])
    returns, spoiled = production.returns()
    assert production.work.ledger.good_card(job, 2).card != entry.card
    assert production.work.ledger.balance(job).complete
    assert "印刷" in spoiled.read_text()
    assert returns.exists()
    assert sound(bureau, production.work.ledger)


def test_a_card_struck_off_behind_the_chain_is_found(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(1)
    production = bureau.run([Rack().slot(1)])
    ledger = production.work.ledger
    ledger.strike(ledger.good_card(production.job.job, 1).card, "印刷")
    assert not sound(bureau, ledger)


@pytest.mark.parametrize("reason", ["", " 印刷", "x" * 41, "卡 990101", "=1+1", "a\nb", "3号"])
def test_a_reason_is_short_and_names_nobody(make_bureau: Callable[[int], Any], reason: str) -> None:
    bureau = make_bureau(1)
    production = bureau.run([Rack().slot(1)])
    ledger = production.work.ledger
    with pytest.raises(UsageError):
        decisions.spoil(bureau.place, ledger, 1, reason)
    assert ledger.balance(production.job.job).complete


def test_only_finished_cards_can_be_spoiled(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(2)
    production = bureau.open()
    ledger, job, place = production.work.ledger, production.job.job, bureau.place
    assert refusal(lambda: decisions.spoil(place, ledger, 1, "印刷")) == "spoil-not-made"
    assert refusal(lambda: decisions.spoil(place, ledger, 1, "印刷", "none")) == "job-unknown"
    ledger.claim(job, "AA" * 13, "1")
    assert refusal(lambda: decisions.spoil(place, ledger, 1, "印刷")) == "spoil-in-work"


def test_a_job_is_closed_only_with_its_balance(make_bureau: Callable[[int], Any]) -> None:
    bureau, rack = make_bureau(3), Rack()
    production = bureau.run([rack.slot(1)])
    ledger, job, place = production.work.ledger, production.job.job, bureau.place
    decisions.spoil(place, ledger, 1, "印刷")

    def close(blanks: int, left: int, **more: bool) -> object:
        return decisions.close(place, ledger, job, blanks=blanks, left=left, **more)

    assert refusal(lambda: close(4, 1)) == "close-rows"
    assert refusal(lambda: close(5, 1, give_up_rows=True)) == "close-blanks"
    assert ledger.standing(job) is Standing.OPEN
    closing = close(5, 2, give_up_rows=True)
    assert closing == decisions.Closing(job, 5, 2, 1, 2, 1)
    last = chained(bureau)[-1]
    assert {name: last[name] for name in ("kind", "job", "blanks", "good", "spoiled", "left", "unmade")} == {
        "kind": "job-closed",
        "job": job,
        "blanks": 5,
        "good": 2,
        "spoiled": 1,
        "left": 2,
        "unmade": 1,
    }
    assert sound(bureau, ledger)
    assert refusal(lambda: close(5, 2)) == "job-closed"
    assert refusal(bureau.open) == "job-closed"
    assert refusal(lambda: decisions.spoil(place, ledger, 2, "印刷")) == "job-closed"
    assert refusal(lambda: decisions.pause(place, ledger, job)) == "job-closed"


def test_a_job_with_a_card_in_work_or_a_run_is_not_closed(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(2)
    rack = Rack(tear={0: (200, Tear.BEFORE)}, count=1)
    production = bureau.open()
    ledger, job = production.work.ledger, production.job.job

    def close() -> object:
        return decisions.close(bureau.place, ledger, job, blanks=1, left=0, give_up_rows=True)

    assert refusal(close) == "job-running"
    line = Line(production.work, [rack.slot(1)], patience=0.1)
    for event in line.run():
        if event.kind is Kind.LOST:
            line.halt()
    production.lock.release()
    assert refusal(close) == "close-in-work"


def test_people_of_a_closed_job_who_got_no_card_may_come_again(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(2)
    production = bureau.open()
    production.lock.release()
    ledger, job = production.work.ledger, production.job.job
    records = list(bureau.batch.records())
    other = type(production.job)("other", "other", "00", "p", "d", 2, "t")
    with pytest.raises(GuardRefused):
        ledger.open_job(other, records)
    decisions.close(bureau.place, ledger, job, blanks=0, left=0, give_up_rows=True)
    ledger.open_job(other, records)
    assert ledger.balance("other").left == 2


def test_a_pause_keeps_a_running_line_until_it_is_over(make_bureau: Callable[[int], Any]) -> None:
    bureau, rack = make_bureau(3), Rack()
    production = bureau.open()
    ledger, job, place = production.work.ledger, production.job.job, bureau.place
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    kinds: list[Kind] = []
    good_at_pause: list[int] = []
    resume = threading.Timer(1.5, lambda: decisions.go_on(place, ledger, job))
    for event in line.run():
        kinds.append(event.kind)
        if event.kind is Kind.GOOD and kinds.count(Kind.GOOD) == 1:
            decisions.pause(place, ledger, job)
            assert refusal(lambda: decisions.pause(place, ledger, job)) == "job-paused"
        if event.kind is Kind.PAUSED:
            good_at_pause.append(kinds.count(Kind.GOOD))
            resume.start()
    assert kinds.count(Kind.PAUSED) == 1
    assert good_at_pause[0] in (1, 2)  # a card begun before the word came is finished
    assert kinds.count(Kind.GOOD) == 3
    assert refusal(lambda: decisions.go_on(place, ledger, job)) == "job-not-paused"
    production.lock.release()
    assert [entry["kind"] for entry in chained(bureau) if entry["kind"] in ("paused", "continued")] == [
        "paused",
        "continued",
    ]


def test_a_paused_job_is_not_begun(make_bureau: Callable[[int], Any]) -> None:
    bureau = make_bureau(1)
    production = bureau.open()
    production.close()
    production = bureau.open()
    decisions.pause(bureau.place, production.work.ledger, production.job.job)
    production.lock.release()
    assert refusal(bureau.open) == "job-paused"
    decisions.go_on(bureau.place, production.work.ledger, production.job.job)
    bureau.open().close()


def test_the_balance_ties_over_a_thousand_random_fates(make_bureau: Callable[[int], Any]) -> None:
    bureau, chance = make_bureau(40), random.Random(20260601)
    production = bureau.open()
    ledger, job = production.work.ledger, production.job.job
    blanks = 0
    for number in range(1000):
        fate = chance.choice(["good", "spoil", "return", "strike", "lose"])
        good = ledger.cards(job, State.GOOD)
        if fate == "strike" and good:
            ledger.strike(chance.choice(good).card, "印刷")
            continue
        card = f"{number:026X}"
        if ledger.claim(job, card, "1") is None:
            continue
        blanks += fate != "return"
        if fate == "good":
            ledger.finish(card)
        elif fate == "return":
            ledger.release(card)
        elif fate == "lose":
            ledger.lose(ledger.card(card), fate)
        else:
            ledger.spoil(card, fate)
    balance = ledger.balance(job)
    assert balance.ties
    assert balance.work == 0
    assert balance.good + balance.left == 40
    assert balance.good + balance.spoiled == blanks
    spoiled = ledger.cards(job, State.SPOILED)[0].card
    if not ledger.queued(job):
        ledger.strike(ledger.cards(job, State.GOOD)[0].card, "印刷")
    with pytest.raises(GuardRefused):
        ledger.claim(job, spoiled, "1")


def test_the_commands_say_it_in_words_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "ws"

    def sscard(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code, shown = main(words), capsys.readouterr()
        return code, shown.out + shown.err

    sscard("init", str(place), "--demo")
    sscard("people", "--count", "2", "--out", str(place / "b.csv"))
    make = ("personalize", str(place / "b.csv"), "--workspace", str(place), "--reader", "emulator:1", "--json")
    assert sscard(*make)[0] == 0
    jobs = ("jobs", "--workspace", str(place))
    job = json.loads(sscard(*jobs, "--json")[1])
    assert job["standing"] == "open"
    code, said = sscard(*jobs, "spoil", "2", "--reason", "print", "--json")
    assert (code, json.loads(said)["seq"]) == (0, 2)
    assert sscard(*jobs, "pause", job["job"], "--json")[0] == 0
    assert "paused" in sscard(*jobs)[1]
    code, said = sscard(*make)
    assert (code, json.loads(said)["error"]) == (4, "JOB-PAUSED")
    assert sscard(*jobs, "continue", job["job"])[0] == 0
    assert sscard(*make)[0] == 0
    code, said = sscard(*jobs, "close", job["job"], "--blanks", "5", "--left", "1")
    assert (code, "CLOSE-BLANKS" in said, "+1" in said) == (4, True, True)
    code, said = sscard(*jobs, "close", job["job"], "--blanks", "4", "--left", "1", "--json")
    assert code == 0
    assert json.loads(said) == {
        "job": job["job"],
        "blanks": 4,
        "good": 2,
        "spoiled": 1,
        "left": 1,
        "unmade": 0,
        "standing": "closed",
    }
    code, said = sscard(*make)
    assert (code, json.loads(said)["error"]) == (4, "JOB-CLOSED")
