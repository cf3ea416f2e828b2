"""The register: numbers used once, states kept, two people, many loaders, a history nobody edits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from sscard.cos.psam import Authority
from sscard.errors import GuardRefused, JournalError
from sscard.keys.family import Algorithm
from sscard.psam.advice import least_list
from sscard.psam.entries import MAY, Decision, State, person
from sscard.psam.loadlist import LoadList, parse_list
from sscard.psam.register import PsamRegister

LOADERS = 16
EACH = 4
SERIALS = [f"{number:020d}" for number in range(1, LOADERS * EACH + 1)]


def order(
    authority: Authority = Authority.NATIONAL, *, count: int = 99, city: str = "990101", debug: bool = False
) -> Any:
    services = ["pin-service"] if authority is Authority.PROVINCE else ["purchase"]
    text = least_list(
        authority,
        services,
        city=city,
        algorithm=Algorithm.SM4,
        start="20260101",
        end="20301231",
        count=count,
        debug=debug,
    )
    return parse_list(text, "list.toml"), text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "psam.sqlite"


@pytest.fixture
def register(path: Path) -> Iterator[PsamRegister]:
    with PsamRegister(path, production=False) as found:
        yield found


def approved(register: PsamRegister, found: LoadList, text: str) -> int:
    made = register.request(found, text, "甲")
    register.review(made.id, "乙", approve=True)
    return made.id


def loaded(register: PsamRegister, serial: str = SERIALS[0], **facts: Any) -> str:
    found, text = order(**facts)
    number = approved(register, found, text)
    register.receive([serial], "测试供应商", "甲")
    terminal = register.reserve(number, serial, found, "丙").terminal
    register.begin_load(terminal, number, "丙")
    register.finish_load(terminal, number, found, "丙")
    return terminal


def issued(
    register: PsamRegister, terminal: str, device: str = "药店-1", due: str = "20281231", replaces: str = ""
) -> Any:
    facts = {"device": device, "address": "测试路1号", "keeper": "丁", "form": "SIM", "due": due}
    return register.issue(terminal, "甲", **facts, replaces=replaces)


def loader(path: Path, number: int, serials: list[str]) -> None:
    """One loading station in a process of its own."""
    found, _ = order()
    with PsamRegister(path, production=False) as register:
        for serial in serials:
            terminal = register.reserve(number, serial, found, "丙").terminal
            register.begin_load(terminal, number, "丙")
            register.finish_load(terminal, number, found, "丙")


def test_sixteen_loaders_never_share_a_number(path: Path) -> None:
    with PsamRegister(path, production=False) as register:
        number = approved(register, *order())
        register.receive(SERIALS, "测试供应商", "甲")
    context = get_context("fork")
    stations = [
        context.Process(target=loader, args=(path, number, SERIALS[start : start + EACH]))
        for start in range(0, len(SERIALS), EACH)
    ]
    for station in stations:
        station.start()
    for station in stations:
        station.join(120)
    assert [station.exitcode for station in stations] == [0] * LOADERS
    with PsamRegister(path, production=False) as register:
        found = register.psams(State.LOADED)
        assert [each.terminal for each in found] == [f"990101{number:06d}" for number in range(1, len(SERIALS) + 1)]
        assert {each.serial for each in found} == set(SERIALS)


def test_the_database_itself_refuses_a_second_use_of_a_number(register: PsamRegister, path: Path) -> None:
    terminal = loaded(register)
    register.receive([SERIALS[1]], "测试供应商", "甲")
    row = (
        "INSERT INTO psams (terminal, serial, request, algorithm, debug, state, loader) VALUES (?,?,1,'SM4',0,'x','x')"
    )
    with sqlite3.connect(path) as database:
        for values in ((terminal, SERIALS[1]), ("990101000099", SERIALS[0])):
            with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
                database.execute(row, values)
        for change in ("UPDATE history SET who = 'x'", "DELETE FROM history"):
            with pytest.raises(sqlite3.IntegrityError, match="history"):
                database.execute(change)
    database.close()


def test_numbers_go_up_city_by_city_and_never_come_back(register: PsamRegister) -> None:
    first = loaded(register, SERIALS[0])
    other = loaded(register, SERIALS[1], city="990102")
    register.destroy(first, "甲", "乙", "坏")
    assert [first, other, loaded(register, SERIALS[2])] == ["990101000001", "990102000001", "990101000002"]


def test_the_reviewer_is_another_person(register: PsamRegister) -> None:
    made = register.request(*order(), "Zhang San")
    for same in ("Zhang San", " zhang  san", "ＺＨＡＮＧ san"):
        with pytest.raises(GuardRefused, match="PSAM-SAME-PERSON"):
            register.review(made.id, same, approve=True)
    with pytest.raises(GuardRefused, match="PSAM-NOBODY"):
        register.review(made.id, " ", approve=True)
    assert register.review(made.id, "Li Si", approve=False, note="太多").decision is Decision.REFUSED
    with pytest.raises(GuardRefused, match="PSAM-REVIEWED"):
        register.review(made.id, "Wang Wu", approve=True)
    with pytest.raises(GuardRefused, match="PSAM-NO-REQUEST"):
        register.review(99, "Li Si", approve=True)
    with pytest.raises(GuardRefused, match="PSAM-NOBODY"):
        register.request(*order(), "")
    assert person("Ａ  b") == person("a B")
    assert [each.id for each in register.requests()] == [made.id]


def test_nothing_is_loaded_without_approval_blank_and_room(register: PsamRegister) -> None:
    found, text = order(count=1)
    made = register.request(found, text, "甲")
    register.receive(SERIALS[:2], "测试供应商", "甲")
    with pytest.raises(GuardRefused, match="PSAM-NOT-APPROVED"):
        register.reserve(made.id, SERIALS[0], found, "丙")
    register.review(made.id, "乙", approve=True)
    with pytest.raises(GuardRefused, match="PSAM-BLANK-UNKNOWN"):
        register.reserve(made.id, SERIALS[5], found, "丙")
    with pytest.raises(GuardRefused, match="PSAM-OTHER-LIST"):
        register.reserve(made.id, SERIALS[0], order(count=2)[0], "丙")
    terminal = register.reserve(made.id, SERIALS[0], found, "丙").terminal
    with pytest.raises(GuardRefused, match="PSAM-REQUEST-FULL"):
        register.reserve(made.id, SERIALS[1], found, "丙")
    assert register.reserve(made.id, SERIALS[0], found, "丙").terminal == terminal, "refused before a write: once more"
    province, text = order(Authority.PROVINCE)
    with pytest.raises(GuardRefused, match="PSAM-NUMBERLESS"):
        register.reserve(approved(register, province, text), SERIALS[1], province, "丙")
    register.destroy(terminal, "甲", "乙", "坏")
    assert register.reserve(made.id, SERIALS[1], found, "丙").terminal == "990101000002", "a spoiled one makes room"


def test_blanks_are_registered_once_and_all_or_none(register: PsamRegister) -> None:
    register.receive(SERIALS[:1], "测试供应商", "甲")
    with pytest.raises(GuardRefused, match="PSAM-SERIAL-KNOWN"):
        register.receive(SERIALS[:3][::-1], "测试供应商", "甲")
    with pytest.raises(GuardRefused, match="PSAM-SERIAL-FORM"):
        register.receive(["12"], "测试供应商", "甲")
    assert register.receive(SERIALS[1:3], "测试供应商", "甲") == 2


def test_a_loading_is_resumed_until_it_is_done(register: PsamRegister) -> None:
    found, text = order()
    number = approved(register, found, text)
    register.receive(SERIALS[:1], "测试供应商", "甲")
    first = register.reserve(number, SERIALS[0], found, "丙")
    assert not first.resumed
    assert register.reserve(number, SERIALS[0], found, "丙") == first, "nothing was written yet"
    register.begin_load(first.terminal, number, "丙")
    assert register.reserve(number, SERIALS[0], found, "丙").resumed
    register.finish_load(first.terminal, number, found, "丙")
    assert not register.reserve(number, SERIALS[0], found, "丙").resumed
    assert [key.place for key in register.held(first.terminal)] == ["62/01", "67/08", "67/2A", "67/2D"]
    province, text = order(Authority.PROVINCE, count=1)
    second = approved(register, province, text)
    assert register.reserve(second, SERIALS[0], province, "丙").terminal == first.terminal
    register.begin_load(first.terminal, second, "丙")
    register.finish_load(first.terminal, second, province, "丙")
    assert register.find_request(second).loaded == 1
    assert [each.terminal for each in register.holding("PUK", 1)] == [first.terminal]
    assert register.holding("PUK", 2) == []
    register.reserve(number, SERIALS[0], found, "丙")
    register.begin_load(first.terminal, number, "丙")
    assert [each.terminal for each in register.holding("IRK", 1)] == [first.terminal]


def test_a_loading_that_broke_off_may_have_written_its_keys(register: PsamRegister) -> None:
    found, text = order()
    number = approved(register, found, text)
    register.receive(SERIALS[:1], "测试供应商", "甲")
    terminal = register.reserve(number, SERIALS[0], found, "丙").terminal
    assert register.holding("IRK", 1) == []
    register.begin_load(terminal, number, "丙")
    assert [each.terminal for each in register.holding("IRK", 1)] == [terminal]
    assert register.holding("IRK", 2) == register.holding("RKSSSE", 1) == register.holding("PSAMADF", 2) == []
    assert [each.terminal for each in register.holding("PSAMADF", 1)] == [terminal], "it opens every PSAM"
    register.destroy(terminal, "甲", "乙", "坏")
    assert register.holding("IRK", 1) == []


def test_a_life(register: PsamRegister) -> None:
    terminal = loaded(register)
    entry = issued(register, terminal)
    assert (entry.state, entry.device, entry.keeper) == (State.ISSUED, "药店-1", "丁")
    assert register.overdue("20281231") == []
    assert register.overdue("20290101") == [entry]
    assert register.recall(terminal, "甲", "停用").state is State.RECALLED
    assert register.overdue("20290101") == []
    issued(register, terminal, due="99991231")
    assert [each.terminal for each in register.overdue("20310101")] == [terminal], "its keys' period is over"
    register.recall(terminal, "甲", "换钥")
    with pytest.raises(GuardRefused, match="PSAM-SAME-PERSON"):
        register.destroy(terminal, "甲", " 甲", "坏")
    assert register.destroy(terminal, "甲", "乙", "坏").state is State.DESTROYED
    assert [event.what for event in register.history(terminal)] == [
        "reserve", "load-begun", "load", "issue", "recall", "issue", "recall", "destroy",
    ]  # fmt: skip
    assert register.holding("IRK", 1) == []


def test_a_terminal_has_one_psam_and_a_lost_one_is_replaced(register: PsamRegister) -> None:
    old, new = loaded(register, SERIALS[0]), loaded(register, SERIALS[1])
    issued(register, old)
    with pytest.raises(GuardRefused, match="PSAM-DEVICE-TAKEN"):
        issued(register, new)
    with pytest.raises(GuardRefused, match="PSAM-STATE"):
        issued(register, new, device="药店-2", replaces=old)
    assert register.lose(old, "甲", "终端被盗").state is State.LOST
    assert issued(register, new, replaces=old).replaces == old
    assert [each.terminal for each in register.holding("IRK", 1)] == [old, new], "a lost one is still exposed"


@pytest.mark.parametrize("step", [step for step in MAY if step not in ("load", "replace")])
@pytest.mark.parametrize("state", list(State))
def test_every_step_in_every_state(register: PsamRegister, path: Path, step: str, state: State) -> None:
    terminal = loaded(register)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE psams SET state = ?", (state,))
    database.close()
    steps = {
        "issue": lambda: issued(register, terminal),
        "recall": lambda: register.recall(terminal, "甲", "x"),
        "lose": lambda: register.lose(terminal, "甲", "x"),
        "destroy": lambda: register.destroy(terminal, "甲", "乙", "x"),
    }
    if state in MAY[step]:
        assert steps[step]().state is not state or state is State.ISSUED
    else:
        with pytest.raises(GuardRefused, match="PSAM-STATE"):
            steps[step]()
        assert register.where(terminal).state is state


@pytest.mark.parametrize("state", [State.ISSUED, State.LOST, State.DESTROYED])
def test_only_a_psam_in_the_house_is_loaded(register: PsamRegister, path: Path, state: State) -> None:
    loaded(register)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE psams SET state = ?", (state,))
    database.close()
    found, _ = order()
    with pytest.raises(GuardRefused, match="PSAM-STATE"):
        register.reserve(1, SERIALS[0], found, "丙")


def test_debug_psams_are_not_for_production(path: Path, register: PsamRegister) -> None:
    found, text = order(debug=True)
    terminal = loaded(register, debug=True)
    assert register.where(terminal).debug
    register.close()
    with PsamRegister(path, production=True) as production:
        with pytest.raises(GuardRefused, match="PSAM-DEBUG"):
            production.request(found, text, "甲")
        with pytest.raises(GuardRefused, match="PSAM-DEBUG"):
            production.reserve(1, SERIALS[0], found, "丙")
        with pytest.raises(GuardRefused, match="PSAM-DEBUG"):
            issued(production, terminal)
        assert production.where(terminal).state is State.LOADED


def test_what_is_not_there(register: PsamRegister, tmp_path: Path) -> None:
    with pytest.raises(GuardRefused, match="PSAM-UNKNOWN"):
        register.where("990101000099")
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database, but long enough to be read as one" * 30)
    with pytest.raises(JournalError, match="PSAM-REGISTER"):
        PsamRegister(damaged, production=False)
    newer = tmp_path / "newer.sqlite"
    PsamRegister(newer, production=False).close()
    with sqlite3.connect(newer) as database:
        database.execute("UPDATE meta SET value = '2'")
    database.close()
    with pytest.raises(JournalError, match="version 2"):
        PsamRegister(newer, production=False)


def test_the_last_number_of_a_city(register: PsamRegister, path: Path) -> None:
    loaded(register)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE psams SET terminal = '990101999999'")
    database.close()
    with pytest.raises(GuardRefused, match="PSAM-NUMBERS-USED"):
        loaded(register, SERIALS[1])
