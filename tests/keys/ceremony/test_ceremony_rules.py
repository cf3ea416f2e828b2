"""What a ceremony refuses: another order, one person alone, twice, wrong words, wrong counts; and how it goes on."""

from __future__ import annotations

import fcntl
from collections.abc import Callable

import pytest

from sscard.errors import CustodyError, GuardRefused, ScriptError
from sscard.keys.ceremony.conductor import ATTEMPTS
from sscard.keys.ceremony.people import Person
from sscard.keys.ceremony.run import abandon
from sscard.keys.ceremony.script import load
from sscard.keys.secret import Secret
from sscard.keys.vault import Cost

LOSS = {"incident": "INC-001", "key": "STKDF04:v1", "region": "99"}


class PowerCut(Exception):
    """The process is gone."""


def refused(key: str, work: Callable[[], object]) -> GuardRefused:
    with pytest.raises(GuardRefused) as raised:
        work()
    assert raised.value.key == key
    assert "{" not in str(raised.value)
    return raised.value


def test_a_step_out_of_order_is_refused(hall) -> None:
    run = hall.begin("loss", LOSS)
    everyone = {role: hall.signer(person.name) for role, person in run.cast.items()}
    refused("ceremony-order", lambda: run.act("freeze", everyone, lambda _again: {}))
    refused("ceremony-order", lambda: run.conclude("sign", everyone, {}))
    assert run.open_step.name == "report"


def test_an_action_cannot_be_concluded_without_being_done(hall) -> None:
    run = hall.begin("loss", LOSS)
    everyone = {role: hall.signer(person.name) for role, person in run.cast.items()}
    run.conclude("report", {}, {})
    refused("ceremony-order", lambda: run.conclude("freeze", everyone, {}))


def test_nobody_is_alone(hall) -> None:
    refused("ceremony-alone", lambda: hall.begin("loss", LOSS, ("测试甲", "测试甲")))
    assert hall.place.runs() == []


def test_a_role_without_a_person_and_a_stranger_in_a_role_are_refused(hall) -> None:
    run = hall.begin("loss", LOSS)
    run.conclude("report", {}, {})
    first, stranger = hall.signer("测试甲"), hall.signer("测试丙")
    refused("ceremony-role", lambda: run.act("freeze", {"custodian": first}, lambda _again: {}))
    both = {"custodian": first, "officer": stranger}
    refused("ceremony-other", lambda: run.act("freeze", both, lambda _again: {}))
    assert not run.story.begun


def test_the_same_ceremony_is_not_held_twice(hall) -> None:
    hall.hold("loss", **LOSS)
    refused("ceremony-done", lambda: hall.hold("loss", **LOSS))
    assert hall.hold("loss", **(LOSS | {"incident": "INC-002"})).finished


def test_an_open_ceremony_is_taken_up_not_begun_again(hall) -> None:
    run = hall.begin("loss", LOSS)
    refused("ceremony-open", lambda: hall.begin("loss", LOSS))
    assert hall.place.going_on(run.script, {}) == run.folder.name
    assert hall.place.going_on(run.script, {"incident": "INC-009"}) is None
    hall.begin("loss", LOSS | {"incident": "INC-002"})
    refused("ceremony-which", lambda: hall.place.going_on(run.script, {}))


@pytest.mark.parametrize("step", ["room", "generate", "check", "cards", "prove", "count", "seal", "sign"])
def test_stopped_before_any_step_it_goes_on_at_that_step(hall, step: str) -> None:
    def stop() -> None:
        raise PowerCut

    hall.people.before[step] = stop
    run = hall.begin("generate-local", {"region": "99", "version": "5"})
    with pytest.raises(PowerCut):
        hall.conduct(run)
    hall.people.steps.clear()
    story = hall.conduct(hall.go_on())
    assert hall.people.steps[0][0] == step
    assert story.finished
    assert [entry.facts["step"] for entry in story.entries if entry.kind == "resume"] == [step]
    assert len([entry for entry in hall.vault() if entry.version == 5]) == 16


def test_a_wrong_passphrase_is_written_down_and_the_third_ends_it(hall) -> None:
    run = hall.begin("loss", LOSS)
    hall.people.passphrases["测试乙"] = ["wrong passphrase"] * ATTEMPTS
    with pytest.raises(CustodyError) as raised:
        hall.conduct(run)
    assert raised.value.key == "person-passphrase"
    told = [entry.facts for entry in hall.story(run.folder.name).entries if entry.kind == "refused"]
    assert [facts["code"] for facts in told] == ["person-passphrase"] * ATTEMPTS
    assert told[0]["name"] == "测试乙"
    assert not hall.story(run.folder.name).begun
    assert hall.conduct(hall.go_on()).finished


def test_a_value_heard_wrong_is_asked_again_and_the_third_time_stops(hall) -> None:
    run = hall.begin("loss", LOSS)
    hall.people.hears = ["0000 0000"]
    story = hall.conduct(run)
    assert hall.people.refusals == ["ceremony-heard"]
    assert story.finished
    hall.people.hears = ["0000 0000"] * ATTEMPTS
    refused("ceremony-heard", lambda: hall.hold("loss", **(LOSS | {"incident": "INC-002"})))


def test_words_without_a_value_must_be_confirmed(hall) -> None:
    hall.people.hears = ["no", "maybe", "?"]
    refused("ceremony-not-confirmed", lambda: hall.hold("generate-local", region="99", version="5"))


@pytest.mark.parametrize(
    ("serials", "key"),
    [
        ("1111 2222 3333", "ceremony-count"),
        ("1111", "ceremony-count"),
        ("1111 1111", "ceremony-serial-twice"),
        ("1111 2222", "ceremony-serial-other"),
    ],
)
def test_counts_that_differ_from_what_was_done_stop_the_ceremony(hall, serials: str, key: str) -> None:
    hall.people.counts["mother-card"] = [serials] * ATTEMPTS
    refused(key, lambda: hall.hold("issue-keys", to="99", owner="local", version="1"))
    assert hall.story(hall.running).open_step == "count"


def test_a_slip_in_counting_or_sealing_costs_its_own_piece_only(hall, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    numbers = iter(("SEAL-1", "SEAL-1", "x", "SEAL-2", "SEAL-3", "SEAL-4"))
    serials = hall.people.serials
    monkeypatch.setattr(hall.people, "serials", lambda item, count: asked.append(item.name) or serials(item, count))
    monkeypatch.setattr(hall.people, "seal_number", lambda item, _serial: asked.append(item) or next(numbers))
    hall.people.counts["transport-card"] = ["1111"]
    hall.hold("issue-keys", to="99", owner="local", version="1")
    mother, transport = "mother-card", "transport-card"
    assert asked == [mother, transport, transport, mother, mother, mother, mother, transport, transport]
    assert hall.people.refusals == ["ceremony-count", "ceremony-seal-twice", "ceremony-seal"]


def test_a_seal_is_used_once(hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall.people, "seal_number", lambda _item, _serial: "SEAL-1")
    refused("ceremony-seal-twice", lambda: hall.hold("issue-keys", to="99", owner="local", version="1"))


def test_another_ceremony_in_the_same_workspace_waits(hall) -> None:
    with hall.place.locked():
        refused("ceremony-busy", lambda: hall.place.locked().__enter__())
    with hall.place.locked(), (hall.place.root / "lock").open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_two_people_give_a_run_up_and_it_can_then_be_held(hall) -> None:
    run = hall.begin("loss", LOSS)
    name = run.folder.name
    refused("ceremony-alone", lambda: abandon(hall.place, name, "ill", [hall.signer("测试甲")]))
    refused("ceremony-alone", lambda: abandon(hall.place, name, "ill", [hall.signer("测试甲"), hall.signer("测试丙")]))
    assert abandon(hall.place, name, "ill", [hall.signer("测试甲"), hall.signer("测试乙")]).abandoned
    refused("ceremony-abandoned", hall.go_on)
    assert hall.hold("loss", **LOSS).run == f"{name}.2"


def test_a_script_changed_on_the_way_is_refused(hall, tmp_path) -> None:
    text = 'name="own"\nzh="自备"\nen="own"\n' + "".join(
        f'[[role]]\nname="{role}"\nzh="{role}"\nen="{role}"\n' for role in ("a", "b")
    )
    step = '[[step]]\nname="sign"\nkind="sign"\nroles=["a","b"]\nzh="签"\nen="sign"\n'
    path = tmp_path / "own.toml"
    path.write_text(text + step)
    script = load(str(path), frozenset())
    signers = {"a": hall.signer("测试甲"), "b": hall.signer("测试乙")}
    run = type(hall.begin("loss", LOSS)).begin(hall.place, script, {}, signers)
    path.write_text(text + step.replace("签", "签字"))
    changed = load(str(path), frozenset())
    refused("ceremony-script", lambda: type(run).resume(hall.place, run.folder.name, changed))


def test_one_person_is_not_enrolled_under_two_names(hall) -> None:
    register = hall.place.register()
    again = Secret(b"passphrase of " + "测试甲".encode())
    refused("person-same", lambda: register.enrol("测试戊", again, hall.signer("测试乙"), Cost(n=1 << 14)))
    refused("person-witness", lambda: register.enrol("测试戊", Secret(b"quite another"), None, Cost(n=1 << 14)))
    refused("person-known", lambda: register.enrol("测试甲", Secret(b"quite another"), hall.signer("测试乙")))


def test_a_register_that_was_edited_is_refused(hall) -> None:
    text = hall.place.people_path.read_text()
    hall.place.people_path.write_text(text.replace('"witness": "测试甲"', '"witness": ""', 1))
    with pytest.raises(Exception, match="PEOPLE-DAMAGED"):
        hall.place.register()


def test_a_person_whose_enrolment_was_exchanged_cannot_go_on(hall) -> None:
    run = hall.begin("loss", LOSS)
    register = hall.place.register()
    hall.place.people_path.unlink()
    fresh = hall.place.register()
    for person in register:
        witness = hall.signer("测试甲") if len(fresh) else None
        fresh.enrol(person.name, Secret(f"passphrase of {person.name}".encode()), witness, Cost(n=1 << 14))
    refused("ceremony-people", hall.go_on)
    assert isinstance(run.cast["custodian"], Person)


def script_text(**changes: str) -> str:
    rows = {
        "head": 'name="own"\nzh="自备"\nen="own"',
        "roles": '[[role]]\nname="a"\nzh="甲"\nen="A"\n[[role]]\nname="b"\nzh="乙"\nen="B"',
        "steps": "",
        "sign": '[[step]]\nname="sign"\nkind="sign"\nroles=["a","b"]\nzh="签"\nen="sign"',
    } | changes
    return "\n".join(rows.values())


STEP = '[[step]]\nname="one"\nzh="一"\nen="one"\n'


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"roles": '[[role]]\nname="a"\nzh="甲"\nen="A"'}, "role"),
        ({"sign": ""}, "step"),
        ({"sign": '[[step]]\nname="sign"\nkind="sign"\nroles=["a"]\nzh="签"\nen="sign"'}, "sign"),
        ({"steps": STEP + 'kind="act"\nroles=["a","b"]\naction="burn"'}, "one"),
        ({"steps": STEP + 'kind="act"\nroles=["a","a"]\naction="thaw"'}, "one"),
        ({"steps": STEP + 'kind="read"\nspeaker="a"\nlistener="a"'}, "one"),
        ({"steps": STEP + 'kind="read"\nspeaker="a"\nlistener="b"\nvalue="later.check"'}, "one"),
        ({"steps": STEP + 'kind="act"\nroles=["a","b"]\naction="thaw"\nwith={incident="{x}"}'}, "one"),
        ({"steps": STEP + 'kind="dance"'}, "one"),
        ({"steps": STEP + 'kind="ask"'}, "one"),
        ({"steps": STEP + 'kind="ask"\nwhat=1'}, "one"),
        ({"head": 'name="own"\nzh="自备"'}, "script"),
        ({"head": 'name="own"\nzh="自备"\nen="own"\nforms=["delegation"]'}, "forms"),
    ],
)
def test_a_script_that_lets_people_off_is_refused(tmp_path, changes: dict[str, str], place: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(script_text())
    assert load(str(path), frozenset(("thaw",))).name == "own"
    path.write_text(script_text(**changes))
    with pytest.raises(ScriptError) as raised:
        load(str(path), frozenset(("thaw",)))
    assert raised.value.key == "script-wrong"
    assert raised.value.fields["place"] == place
