"""The bridge, against a small stand-in for vpcd, and the command that runs it."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from sscard.commands.emulate import command
from sscard.emulator import SoftwareCard, Tear, image
from sscard.emulator.vpcd import Bridge, Feeder, serve
from sscard.errors import ProfileError

CHALLENGE = bytes.fromhex("0084000008")
TRANSPORT = bytes.fromhex("80E0030008" + "FF" * 8)
SEAL = bytes.fromhex("80E0020000")


class Vpcd:
    """The server's side.  Length and body leave in two writes, as Debian's vpcd does it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(5)
        self.port = self.listener.getsockname()[1]
        self.connection = None

    def accept(self):
        if self.connection:
            self.connection.close()
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(5)
        return self

    def put(self, message):
        self.connection.sendall(len(message).to_bytes(2, "big"))
        if message:
            self.connection.sendall(message)

    def get(self):
        head = self._exactly(2)
        return None if head is None else self._exactly(int.from_bytes(head, "big"))

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                return None
            data += piece
        return data

    def ask(self, message):
        self.put(message)
        return self.get()

    def atr(self):
        return self.ask(b"\x04")

    def hang_up(self):
        self.connection.close()

    def close(self):
        if self.connection:
            self.connection.close()
        self.listener.close()


def until(holds):
    """Wait for what the bridge's thread does in its own time."""
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def vpcd():
    server = Vpcd()
    yield server
    server.close()


@pytest.fixture
def run(vpcd, monkeypatch):
    """Start a bridge over cards in a thread; returns (bridge, events)."""
    monkeypatch.setattr("sscard.emulator.vpcd.ABSENCE_SECONDS", 0.05)
    monkeypatch.setattr("sscard.emulator.vpcd.RETRY_SECONDS", 0.02)
    started = []

    def start(cards, *, replace=False, accept=True):
        events = []
        bridge = Bridge(
            Feeder(cards, replace=replace), "127.0.0.1", vpcd.port, lambda event, _card: events.append(event)
        )
        thread = threading.Thread(target=bridge.run)
        thread.start()
        started.append((bridge, thread))
        if accept:
            vpcd.accept()
        return bridge, events

    yield start
    for bridge, thread in started:
        bridge.stop()
        with contextlib.suppress(OSError):
            vpcd.close()
        thread.join(5)
        assert not thread.is_alive()


def test_commands_and_atr(run, vpcd):
    card = SoftwareCard.blank(1)
    run([card])
    vpcd.put(b"\x01")
    assert vpcd.atr() == card.atr
    assert vpcd.ask(CHALLENGE)[-2:] == b"\x90\x00"
    assert vpcd.ask(CHALLENGE) != vpcd.ask(CHALLENGE)


@pytest.mark.parametrize("apdu", [b"", b"\x09", b"\x00\xa4", b"\x00\xa4\x00"])
def test_short_commands_are_answered(run, vpcd, apdu):
    run([SoftwareCard.blank(1)])
    assert vpcd.ask(apdu) == b"\x67\x00"
    assert vpcd.ask(CHALLENGE)[-2:] == b"\x90\x00"


def test_asking_for_the_atr_is_no_reset_but_reset_and_power_are(run, vpcd):
    run([SoftwareCard.blank(1)])
    for control, answer in ((b"\x04", b"\x90\x00"), (b"\x02", b"\x69\x82"), (b"\x00", b"\x69\x82")):
        vpcd.put(b"\x01")
        assert vpcd.ask(TRANSPORT) == b"\x90\x00"
        if control == b"\x04":
            vpcd.atr()
        else:
            vpcd.put(control)
        sent = vpcd.ask(bytes.fromhex("80E00100100000000020EF05C4000500000000" + "0000"))
        assert sent == answer
        if answer == b"\x90\x00":
            assert vpcd.ask(bytes.fromhex("00A4020002EF05")) == answer
            vpcd.ask(bytes.fromhex("80E100000103"))


def test_a_restart_of_pcscd_is_a_removal_and_an_insertion(run, vpcd):
    card = SoftwareCard.blank(1)
    run([card])
    assert vpcd.ask(TRANSPORT) == b"\x90\x00"
    vpcd.hang_up()
    vpcd.accept()
    assert vpcd.atr() == card.atr
    assert vpcd.ask(SEAL) == b"\x69\x82"


def test_a_bridge_waits_for_pcscd_and_can_be_stopped(vpcd):
    vpcd.listener.close()
    events = []
    bridge = Bridge(
        Feeder([SoftwareCard.blank(1)], replace=False), "127.0.0.1", vpcd.port, lambda e, _c: events.append(e)
    )
    thread = threading.Thread(target=bridge.run)
    thread.start()
    until(lambda: bool(events))
    bridge.stop()
    thread.join(5)
    assert events == ["waiting"]


def test_half_a_message_ends_the_connection_only(run, vpcd):
    run([SoftwareCard.blank(1)])
    vpcd.connection.sendall(b"\x00\x05\x00")
    vpcd.hang_up()
    vpcd.accept()
    assert vpcd.ask(CHALLENGE)[-2:] == b"\x90\x00"


def test_any_bytes_are_answered(run, vpcd):
    run([SoftwareCard.blank(1)])
    for size in (4, 5, 100, 261, 5000, 65535):
        assert len(vpcd.ask(b"\x00\xb0" + bytes(size - 2))) >= 2


def test_a_torn_card_leaves_the_reader_and_comes_back(run, vpcd):
    card = SoftwareCard.blank(1)
    _, events = run([card])
    card.tear(2, Tear.BEFORE)
    vpcd.ask(CHALLENGE)
    assert vpcd.ask(CHALLENGE) is None
    vpcd.accept()
    assert vpcd.ask(CHALLENGE)[-2:] == b"\x90\x00"
    assert "torn" in events


class TestFeed:
    def test_the_next_card_comes_when_a_sealed_one_loses_power(self, run, vpcd):
        cards = [SoftwareCard.blank(serial) for serial in (1, 2)]
        _, events = run(iter(cards), replace=True)
        for card in cards:
            vpcd.put(b"\x01")
            assert vpcd.atr() == card.atr
            vpcd.put(b"\x00")
            vpcd.put(b"\x01")
            assert vpcd.atr() == card.atr
            vpcd.ask(TRANSPORT)
            assert vpcd.ask(SEAL) == b"\x90\x00"
            vpcd.put(b"\x00")
        assert vpcd.get() is None
        until(lambda: events[-1] == "ended")

    def test_the_first_reset_after_sealing_lets_the_host_prove_the_card(self, run, vpcd):
        cards = [SoftwareCard.blank(serial) for serial in (1, 2)]
        run(cards, replace=True)
        vpcd.ask(TRANSPORT)
        vpcd.ask(SEAL)
        vpcd.put(b"\x02")
        assert vpcd.atr() == cards[0].atr
        vpcd.put(b"\x02")
        assert vpcd.atr() == cards[1].atr

    def test_without_replacing_a_sealed_card_stays(self, run, vpcd):
        card = SoftwareCard.blank(1)
        run([card])
        vpcd.ask(TRANSPORT)
        vpcd.ask(SEAL)
        for control in (b"\x00", b"\x02", b"\x02"):
            vpcd.put(control)
        assert vpcd.atr() == card.atr

    def test_an_empty_box_serves_nothing(self, vpcd):
        serve(Feeder([], replace=True), "127.0.0.1", vpcd.port)


def test_no_command_waits_for_a_delayed_acknowledgement(run, vpcd):
    """Two writes by vpcd and a card without TCP_QUICKACK cost 44 ms a command."""
    run([SoftwareCard.blank(1)])
    times = []
    for _ in range(60):
        start = time.perf_counter()
        vpcd.ask(CHALLENGE)
        times.append(time.perf_counter() - start)
    assert sorted(times)[30] < 0.03


class TestCommand:
    def start(self, vpcd, *arguments):
        child = subprocess.Popen(
            [sys.executable, "-m", "sscard", "emulate", "--port", str(vpcd.port), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children.append(child)
        return child

    @pytest.fixture(autouse=True)
    def _children(self):
        self.children = []
        yield
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_saves_the_image(self, vpcd, tmp_path, number):
        path = tmp_path / "card.json"
        child = self.start(vpcd, "--image", str(path), "--serial", "5", "--json")
        vpcd.accept()
        assert vpcd.ask(TRANSPORT[:-1] + b"\x00") == b"\x63\xc2"
        child.send_signal(number)
        out, err = child.communicate(timeout=10)
        assert (child.returncode, err) == (0, "")
        events = [json.loads(line) for line in out.splitlines()]
        assert [event["event"] for event in events] == ["connected", "ended"]
        assert events[0]["atr"].endswith("00000005")
        assert image.read(path).chip.transport_code.tries == 2

    def test_a_kill_loses_nothing(self, vpcd, tmp_path):
        path = tmp_path / "card.json"
        for answer in (b"\x63\xc2", b"\x63\xc1"):
            child = self.start(vpcd, "--image", str(path), "--blank")
            vpcd.accept()
            assert vpcd.ask(TRANSPORT[:-1] + b"\x00") == answer
            child.kill()
            child.wait(10)
            vpcd.hang_up()

    def test_feed_ends_after_the_last_card(self, vpcd):
        child = self.start(vpcd, "--feed", "2", "--serial", "32")
        vpcd.accept()
        for serial in (0x20, 0x21):
            assert vpcd.atr()[-1] == serial
            vpcd.ask(TRANSPORT)
            vpcd.ask(SEAL)
            vpcd.put(b"\x00")
        assert vpcd.get() is None
        out, err = child.communicate(timeout=10)
        assert child.returncode == 0
        assert out == ""
        assert len(err.splitlines()) == 3

    def test_a_personalized_card_by_default(self, vpcd):
        child = self.start(vpcd)
        vpcd.accept()
        assert vpcd.ask(bytes.fromhex("00A404000F7378312E73682EC9E7BBE1B1A3D5CF")) == b"\x61\x1e"
        assert vpcd.ask(bytes.fromhex("80E0030008" + "FF" * 8)) == b"\x69\x85"
        child.terminate()
        assert child.wait(10) == 0

    @pytest.mark.parametrize(
        ("arguments", "atr"),
        [
            (["--system", "fmcos"], "3B8B8001209000"),
            (["--system", "fmcos", "--interface", "contact"], "3B6B0000209000"),
            (["--system", "smartcos"], "3B6C000200008600"),
        ],
    )
    def test_a_blank_card_of_another_system(self, vpcd, arguments, atr):
        child = self.start(vpcd, *arguments, "--serial", "7", "--tear", "2:during:3")
        vpcd.accept()
        assert vpcd.atr().hex().upper().startswith(atr + "0000990100000007")
        assert vpcd.ask(bytes.fromhex("00A40000023F00")) == b"\x6a\x81"
        vpcd.put(bytes.fromhex("80E03F000D38FFFFF0F001FFFFFFFFFFFFFF"))
        assert vpcd.get() is None
        child.terminate()
        assert child.wait(10) == 0

    def test_an_image_of_another_system_is_kept(self, vpcd, tmp_path):
        path = tmp_path / "card.json"
        child = self.start(vpcd, "--system", "fmcos", "--image", str(path))
        vpcd.accept()
        assert vpcd.ask(bytes.fromhex("80E03F000D38FFFFF0F001FFFFFFFFFFFFFF")) == b"\x90\x00"
        child.terminate()
        assert child.wait(10) == 0
        assert image.read(path).directories() == ("3F00",)

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--port", "1", "--system", "fmcos", "--profile", "ssc3-sm4"],
            ["--port", "1", "--system", "t514"],
            ["--port", "0"],
            ["--port", "1", "--feed", "0"],
            ["--port", "1", "--feed", "1", "--image", "x"],
        ],
    )
    def test_usage_errors(self, arguments):
        assert CliRunner().invoke(command, arguments).exit_code == 2

    @pytest.mark.parametrize("words", [["--feed", "1"], ["--blank"], []])
    def test_an_unknown_profile(self, words):
        result = CliRunner().invoke(command, ["--port", "1", "--profile", "x", *words])
        assert isinstance(result.exception, ProfileError)

    def test_help_has_an_example(self):
        result = CliRunner().invoke(command, ["--help"])
        assert result.exit_code == 0
        assert "sscard emulate --port 27000 --feed 10" in result.output

    def test_a_damaged_image_is_told(self, tmp_path):
        path = tmp_path / "card.json"
        path.write_text("{")
        done = subprocess.run(
            [sys.executable, "-m", "sscard", "--lang", "en", "emulate", "--port", "1", "--image", str(path)],
            capture_output=True,
            text=True,
            timeout=20,
        )
        assert done.returncode == 2
        assert "IMAGE-DAMAGED" in done.stderr
