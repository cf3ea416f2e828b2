"""Images, determinism, tearing, cards that outlive the program, the rack."""

import gc
import json
import signal
import subprocess
import sys
import threading
import weakref

import pytest

from sscard.emulator import CardOptions, PersistentCard, Rack, SoftwareCard, Tear, image, open_card
from sscard.errors import CardRemoved, CustodyError, WorkspaceError
from sscard.keys.family import Algorithm


def tell(error):
    return error.value.key


class TestImage:
    def test_round_trip(self, desk):
        desk.enter(desk.aid1)
        desk.verify("111111")
        desk.ok("00DC0154030101AA")
        desk.gain(0x84, "DF01 UK1")
        desk.ok("00DC003B0400000001")
        desk.authenticate(0x88, desk.key("wrong"))
        text = image.dump(desk.card)
        again = image.load(text)
        assert image.dump(again) == text
        assert again.atr == desk.card.atr
        assert again.directories() == desk.card.directories()

    def test_a_loaded_card_goes_on_like_the_first(self, desk):
        twin = type(desk)(image.load(image.dump(desk.card)))
        for one in (desk, twin):
            one.enter(one.aid1)
            one.gain(0x84, "DF01 UK1")
            one.ok("00DC003B0400000001")
            one.verify("111111")
        assert image.dump(twin.card) == image.dump(desk.card)

    def test_security_state_is_not_kept(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        twin = type(desk)(image.load(image.dump(desk.card)))
        twin.enter(twin.ssse)
        assert twin.send("00DC012C030101AA") == "6982"

    def test_blocks_and_seal_are_kept(self, desk):
        desk.transport()
        desk.ok("80E0020000")
        desk.enter(desk.aid1)
        desk.gain(0x83, "DF01 LK")
        desk.ok(desk.secure("841E0001", desk.key("DF01 STK")))
        twin = type(desk)(image.load(image.dump(desk.card)))
        assert twin.card.sealed
        assert twin.send("00A4040006D15600000500") == "9303"

    def test_same_seed_same_card(self, desk, furnished):
        twin = type(desk)(SoftwareCard.blank(0x17))
        furnished(twin)
        assert image.dump(twin.card) == image.dump(desk.card)
        other = type(desk)(SoftwareCard.blank(0x17, seed=1))
        assert other.challenge() != type(desk)(SoftwareCard.blank(0x17)).challenge()
        assert type(desk)(SoftwareCard.blank(0x18)).challenge() != type(desk)(SoftwareCard.blank(0x17)).challenge()

    def test_challenges_go_on_across_blocks_of_randomness(self):
        card = SoftwareCard.blank(1)
        drawn = [card.transmit(bytes.fromhex("0084000008")) for _ in range(1500)]
        twin = SoftwareCard.blank(1)
        for expected in drawn[:900]:
            assert twin.transmit(bytes.fromhex("0084000008")) == expected
        twin = image.load(image.dump(twin))
        for expected in drawn[900:]:
            assert twin.transmit(bytes.fromhex("0084000008")) == expected

    def test_options_travel(self):
        options = CardOptions(zero_le_gives_data=True, chip_bytes=5000)
        assert image.load(image.dump(SoftwareCard.blank(1, options=options))).chip.options == options

    @pytest.mark.parametrize("part", [0, 1, 10, 500, -2, -40])
    def test_a_truncated_image_is_told(self, desk, part):
        text = image.dump(desk.card)
        with pytest.raises(WorkspaceError) as error:
            image.load(text[:part])
        assert tell(error) == "image-damaged"

    @pytest.mark.parametrize(
        ("name", "value", "key"),
        [
            ("version", 3, "image-newer"),
            ("version", 0, "image-damaged"),
            ("version", True, "image-damaged"),
            ("version", None, "image-damaged"),
            ("system", ["t514"], "image-system"),
            ("format", "other", "image-damaged"),
            ("algorithm", "AES", "image-damaged"),
            ("historical", "0", "image-damaged"),
            ("options", {"unknown": 1}, "image-damaged"),
            ("root", None, "image-damaged"),
            ("transport_code", {}, "image-damaged"),
            ("seed", "x", "image-damaged"),
            ("root", {"fid": "3F00"}, "image-damaged"),
        ],
    )
    def test_another_value_is_told(self, desk, name, value, key):
        tree = json.loads(image.dump(desk.card))
        tree[name] = value
        with pytest.raises(WorkspaceError) as error:
            image.load(json.dumps(tree))
        assert tell(error) == key
        assert str(error.value)

    @pytest.mark.parametrize("text", ["[]", "1", "null", "{}", '"x"'])
    def test_other_json_is_told(self, text):
        with pytest.raises(WorkspaceError):
            image.load(text)

    def test_files(self, tmp_path, desk):
        path = tmp_path / "card.json"
        image.save(desk.card, path)
        assert image.dump(image.read(path)) == image.dump(desk.card)
        assert path.stat().st_mode & 0o077 == 0
        assert [entry.name for entry in tmp_path.iterdir()] == ["card.json"]
        with pytest.raises(WorkspaceError) as error:
            image.read(tmp_path / "none.json")
        assert tell(error) == "image-missing"
        path.write_bytes(b"\xff\xfe")
        with pytest.raises(WorkspaceError):
            image.read(path)

    def test_a_failed_save_leaves_the_old_file(self, tmp_path, desk, monkeypatch):
        path = tmp_path / "card.json"
        image.save(desk.card, path)
        before = path.read_bytes()

        def broken(_card):
            raise OSError("disk full")

        monkeypatch.setattr(image, "dump", broken)
        with pytest.raises(OSError, match="disk full"):
            image.save(desk.card, path)
        assert path.read_bytes() == before
        assert len(list(tmp_path.iterdir())) == 1


def test_an_unpublished_algorithm_has_no_card():
    with pytest.raises(CustodyError):
        SoftwareCard.blank(1, algorithm=Algorithm.SSF33)


class TestTear:
    def test_before_nothing_was_done(self, desk):
        desk.enter(desk.aid1)
        desk.card.tear(1, Tear.BEFORE)
        with pytest.raises(CardRemoved):
            desk.send("00DC0154030101AA")
        assert desk.card.file("DF01/EF0A").records == []

    def test_after_all_was_done_but_nobody_knows(self, desk):
        desk.enter(desk.aid1)
        desk.card.tear(1, Tear.AFTER)
        with pytest.raises(CardRemoved):
            desk.send("00DC0154030101AA")
        assert desk.card.file("DF01/EF0A").records == [bytes.fromhex("0101AA")]

    def test_it_stays_out_until_put_back(self, desk):
        desk.enter(desk.aid1)
        desk.verify()
        desk.card.tear(3, Tear.BEFORE)
        desk.challenge()
        desk.challenge()
        for _ in range(3):
            with pytest.raises(CardRemoved) as error:
                desk.challenge()
            assert tell(error) == "card-removed"
            assert not desk.card.powered
        assert desk.card.reset() == desk.card.atr
        desk.challenge()
        desk.enter(desk.aid1)
        assert desk.send("00B2015C08") == "6982"

    def test_counts_from_one(self, desk):
        with pytest.raises(ValueError, match="from 1"):
            desk.card.tear(0, Tear.BEFORE)

    def test_closed_and_switched_off_cards_are_mute(self, desk):
        for end in (desk.card.power_off, desk.card.close):
            end()
            with pytest.raises(CardRemoved):
                desk.challenge()
            desk.card.reset()
            desk.challenge()

    def test_the_count_of_commands(self, blank):
        blank.challenge()
        blank.send("")
        blank.card.tear(1, Tear.BEFORE)
        with pytest.raises(CardRemoved):
            blank.challenge()
        assert blank.card.commands == 2


CHILD = """
import os, sys
from pathlib import Path
from sscard.emulator import PersistentCard, SoftwareCard
card = PersistentCard(Path(sys.argv[1]), lambda: SoftwareCard.blank(5))
for command in sys.argv[2:]:
    if command == "reset":
        card.reset()
    else:
        print(card.transmit(bytes.fromhex(command)).hex(), flush=True)
print("ready", flush=True)
sys.stdin.read()
"""
LIFE = ["80E0030008" + "00" * 8, "80E0030008" + "FF" * 8, "80E00100100000000020EF05C4000500000000" + "0000"]


def killed(path, *commands):
    """Run a card in another process and kill it after its last command."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), *commands], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    answers = []
    for line in child.stdout:
        if line == "ready\n":
            break
        answers.append(line.strip())
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    return answers


class TestPersistentCard:
    def test_everything_survives_a_kill(self, tmp_path):
        path = tmp_path / "card.json"
        assert killed(path, *LIFE, "0084000008")[:3] == ["63c2", "9000", "9000"]
        with open_card(path) as card:
            assert card.inside.file("EF05").size == 0x20
            assert card.chip.transport_code.tries == 3
            assert card.transmit(bytes.fromhex("80E0020000")) == b"\x69\x82"
        twin = SoftwareCard.blank(5)
        for command in (*LIFE, "0084000008"):
            twin.transmit(bytes.fromhex(command))
        twin.reset()
        twin.transmit(bytes.fromhex("80E0020000"))
        assert path.read_text() == image.dump(twin)

    def test_resets_are_part_of_the_life(self, tmp_path):
        path = tmp_path / "card.json"
        assert killed(path, LIFE[1], "reset", LIFE[2]) == ["9000", "6982"]
        with open_card(path) as card, pytest.raises(KeyError):
            card.inside.file("EF05")

    def test_killed_again_and_again(self, tmp_path):
        path = tmp_path / "card.json"
        assert killed(path, LIFE[0]) == ["63c2"]
        assert killed(path, LIFE[0]) == ["63c1"]
        assert killed(path, LIFE[0]) == ["63c0"]
        assert killed(path, LIFE[0]) == ["6983"]

    def test_a_clean_end_leaves_an_image_and_an_empty_log(self, tmp_path):
        path = tmp_path / "card.json"
        card = PersistentCard(path, lambda: SoftwareCard.blank(5))
        card.transmit(bytes.fromhex(LIFE[0]))
        card.close()
        card.close()
        assert image.read(path).chip.transport_code.tries == 2
        assert path.with_name("card.json.log").read_text() == "sscard-card-log 1 1\n"
        with pytest.raises(CardRemoved):
            card.transmit(b"")
        with pytest.raises(CardRemoved):
            card.reset()

    def test_a_half_written_last_line_was_never_executed(self, tmp_path):
        path = tmp_path / "card.json"
        killed(path, LIFE[0])
        with path.with_name("card.json.log").open("a") as log:
            log.write(LIFE[0][:10])
        with open_card(path) as card:
            assert card.chip.transport_code.tries == 2

    def test_a_log_the_image_already_contains_is_not_played_again(self, tmp_path):
        path = tmp_path / "card.json"
        killed(path, LIFE[0])
        log = path.with_name("card.json.log")
        stale = log.read_bytes()
        open_card(path).close()
        log.write_bytes(stale)
        with open_card(path) as card:
            assert card.chip.transport_code.tries == 2

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("sscard-card-log 1 99\n", "image-log"),
            ("nonsense\n", "image-damaged"),
            ("sscard-card-log 1 0\nXY\n", "image-damaged"),
        ],
    )
    def test_a_log_of_another_image_is_told(self, tmp_path, text, key):
        path = tmp_path / "card.json"
        PersistentCard(path, lambda: SoftwareCard.blank(5)).close()
        path.with_name("card.json.log").write_text(text)
        with pytest.raises(WorkspaceError) as error:
            open_card(path)
        assert tell(error) == key

    def test_one_owner_at_a_time(self, tmp_path):
        path = tmp_path / "card.json"
        with PersistentCard(path, lambda: SoftwareCard.blank(5)):
            with pytest.raises(WorkspaceError) as error:
                open_card(path)
            assert tell(error) == "image-in-use"
        open_card(path).close()

    def test_missing(self, tmp_path):
        with pytest.raises(WorkspaceError) as error:
            open_card(tmp_path / "none.json")
        assert tell(error) == "image-missing"
        with pytest.raises(WorkspaceError):
            PersistentCard(tmp_path / "none.json")

    @pytest.mark.parametrize(("when", "tries"), [(Tear.BEFORE, 3), (Tear.AFTER, 2)])
    def test_tearing_is_kept_as_it_happened(self, tmp_path, when, tries):
        path = tmp_path / "card.json"
        card = PersistentCard(path, lambda: SoftwareCard.blank(5))
        card.tear(1, when)
        with pytest.raises(CardRemoved):
            card.transmit(bytes.fromhex(LIFE[0]))
        log = path.with_name("card.json.log").read_text()
        assert (LIFE[0].lower() in log) is (when is Tear.AFTER)
        card.close()
        assert image.read(path).chip.transport_code.tries == tries

    def test_a_long_log_becomes_an_image_at_a_reset(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sscard.emulator.persistent._COMPACT_AT", 200)
        path = tmp_path / "card.json"
        with PersistentCard(path, lambda: SoftwareCard.blank(5)) as card:
            for _ in range(30):
                card.transmit(bytes.fromhex("0084000008"))
            card.reset()
            assert path.with_name("card.json.log").read_text() == "sscard-card-log 1 30\n"
            assert image.read(path).commands == 30


class TestRack:
    def test_one_head(self):
        rack = Rack(count=2, first_serial=7)
        slot = rack.slot(1)
        assert slot.name == "emulator:1"
        first = slot.next_card(0)
        assert (first.serial, first.name) == (7, "emulator:1")
        first.transmit(bytes.fromhex(LIFE[1]))
        assert slot.next_card(0) is first
        assert first.transmit(bytes.fromhex("80E0020000")) == b"\x69\x82"
        slot.release()
        assert slot.next_card(0).serial == 8
        slot.release()
        assert slot.next_card(0.5) is None
        slot.release()
        assert [card.serial for card in rack.drawer] == [7, 8]

    def test_a_rack_that_keeps_nothing_lets_finished_cards_go(self):
        rack = Rack(count=2, keep=False)
        slot = rack.slot(1)
        gone = weakref.ref(slot.next_card(0))
        slot.release()
        gc.collect()
        assert gone() is None
        assert slot.next_card(0).serial == 2
        assert rack.drawer == ()

    def test_a_card_in_work_is_offered_again(self):
        rack = Rack(count=2)
        card = rack.slot(1).next_card(0)
        rack.close()
        assert rack.slot(1).next_card(0) is card

    def test_a_closed_head_gives_nothing(self):
        slot = Rack().slot(1)
        slot.close()
        slot.close()
        assert slot.next_card(0) is None

    def test_torn_cards(self):
        rack = Rack(tear={1: (2, Tear.AFTER)})
        slot = rack.slot(1)
        for number in range(3):
            card = slot.next_card(0)
            card.transmit(b"")
            if number == 1:
                with pytest.raises(CardRemoved):
                    card.transmit(b"")
                assert slot.next_card(0) is card
            card.transmit(b"")
            slot.release()

    def test_many_heads_share_one_box(self):
        rack = Rack(count=200)
        serials, lock = [], threading.Lock()

        def work(index):
            slot = rack.slot(index)
            while (card := slot.next_card(0)) is not None:
                with lock:
                    serials.append(card.serial)
                slot.release()

        threads = [threading.Thread(target=work, args=(index,)) for index in (1, 2, 3, 4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(serials) == list(range(1, 201))

    def test_a_folder_outlives_the_rack(self, tmp_path):
        rack = Rack(tmp_path / "cards", count=3)
        slot = rack.slot(1)
        slot.next_card(0).transmit(bytes.fromhex(LIFE[0]))
        slot.release()
        slot.next_card(0).transmit(bytes.fromhex(LIFE[0]))
        rack.close()
        assert sorted(path.name for path in (tmp_path / "cards" / "drawer").iterdir()) == ["card-00000001.json"]
        rack = Rack(tmp_path / "cards", count=3)
        again = rack.slot(1).next_card(0)
        assert again.serial == 2
        assert again.chip.transport_code.tries == 2
        rack.slot(1).release()
        assert rack.slot(1).next_card(0).serial == 3
        rack.slot(1).release()
        assert rack.slot(1).next_card(0) is None
        rack.close()
        assert len(list((tmp_path / "cards" / "drawer").iterdir())) == 3
