"""The outbox: sent at least once, one effect by key, nothing that was edited, whatever receiver and disk do."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.emulator import Rack
from sscard.errors import Exit, GuardRefused, WorkspaceError
from sscard.personalize import job as jobs
from sscard.personalize import outbox as outboxes
from sscard.personalize import post
from sscard.personalize.bookkeeping import open_ledger
from sscard.personalize.line import Kind, Line
from sscard.personalize.outbox import Outbox, Stage
from sscard.personalize.targets import FolderTarget, HttpTarget
from sscard.personalize.workspace import open_workspace

TOKEN = "testtoken990101"
RUN = ("--reader", "emulator:2", "--wait", "0.2")


@dataclass
class Receiver:
    """The stand-in process; every name is a receiver of its own."""

    port: int
    state: Path
    scheme: str = "http"

    def url(self, name: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/{name}"

    def order(self, name: str, *orders: str) -> None:
        (self.state / name).mkdir(parents=True, exist_ok=True)
        (self.state / name / "orders").write_text("".join(f"{order}\n" for order in orders))

    def effects(self, name: str) -> list[dict[str, Any]]:
        found = [json.loads(path.read_text()) for path in (self.state / name / "effects").glob("*")]
        return sorted(found, key=lambda each: (each["kind"], int(each["revision"])))

    def wait_for_effect(self, name: str) -> None:
        """The sender may have given up before the receiver, another process, has made the effect."""
        for _ in range(1000):
            if self.effects(name):
                return
            time.sleep(0.01)

    def requests(self, name: str) -> list[str]:
        path = self.state / name / "requests"
        return path.read_text().split() if path.exists() else []


def started(state: Path, *words: str) -> Iterator[Receiver]:
    script = Path(__file__).with_name("outbox_receiver.py")
    with subprocess.Popen([sys.executable, script, state, TOKEN, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Receiver(int(process.stdout.readline()), state, "https" if words else "http")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    yield from started(tmp_path_factory.mktemp("receiver"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outbox")
    assert main(["init", str(folder / "ws"), "--demo"]) == Exit.OK
    assert main(["people", "--count", "3", "--seed", "1", "--out", str(folder / "b.csv")]) == Exit.OK
    assert main(["personalize", str(folder / "b.csv"), "--workspace", str(folder / "ws"), *RUN]) == Exit.OK
    return folder / "ws"


@pytest.fixture
def ws(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "ws"))


def set_target(ws: Path, name: str, **items: object) -> None:
    (ws / "token").write_text(f"{TOKEN}\n")
    lines = [f"{item} = {json.dumps(value)}" for item, value in items.items()]
    with (ws / "sscard.toml").open("a") as file:
        file.write("\n".join((f"\n[outbox.{name}]", *lines, "")))


def post_to(ws: Path, receiver: Receiver, name: str, **items: object) -> None:
    chosen = {"sends": ["return"], "seconds": 5, "tries": 1} | items
    set_target(ws, "bank", kind="https", url=receiver.url(name), token="token", **chosen)


def command(capsys: pytest.CaptureFixture[str], ws: Path, *words: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = main(["outbox", *words, "--workspace", str(ws), "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def returned(ws: Path) -> Path:
    (path,) = (ws / "outbox").glob("*-return.csv")
    return path


def assert_settled(ws: Path, receiver: Receiver, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One effect with the very bytes, the receipt stored, nothing left to send, chain and outbox sound."""
    (effect,) = receiver.effects(name)
    assert bytes.fromhex(effect["body"]) == returned(ws).read_bytes()
    assert (effect["records"], effect["rows"], effect["good"], effect["spoiled"]) == ("3", "3", "3", "0")
    (item,) = command(capsys, ws, "list")[1]
    assert (item["stage"], item["key"]) == ("acknowledged", effect["key"])
    kept = json.loads((ws / "outbox" / f"{returned(ws).name}.r1.bank.ack").read_text())
    assert kept["receipt"]["key"] == kept["key"] == effect["key"]
    assert command(capsys, ws, "verify") == (Exit.OK, [{"summary": True, "findings": 0, "files": 2, "receipts": 1}])
    assert main(["audit", "verify", "--workspace", str(ws)]) == Exit.OK
    before = receiver.requests(name)
    assert command(capsys, ws, "send") == (Exit.OK, [{"summary": True, "acknowledged": 0, "open": 0}])
    assert receiver.requests(name) == before
    assert set(before) == {effect["key"]}


def test_a_file_goes_out_once(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    post_to(ws, receiver, "plain")
    assert [line["stage"] for line in command(capsys, ws, "list")[1]] == ["waiting"]
    code, (sent, summary) = command(capsys, ws, "send")
    assert (code, sent["effect"], sent["note"], summary["open"]) == (Exit.OK, "applied", "R-1", 0)
    assert_settled(ws, receiver, "plain", capsys)


AFTER = ("lose-after", "error-after", "twice", "late", "drip")
WRONG = ("wrong-key", "wrong-digest", "wrong-records", "wrong-effect", "wrong-note", "a-list")
BROKEN = ("garbage", "empty", "huge", "torn", "not-http")
BEFORE = ("lose-before", "half", "error-before", "busy", "later")


@pytest.mark.parametrize("order", [*AFTER, *WRONG, *BROKEN, *BEFORE])
def test_whatever_the_receiver_does_there_is_one_effect(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    """The first exchange goes wrong; the file stays; the next one settles it."""
    post_to(ws, receiver, order, seconds=0.4 if order in ("late", "drip") else 5)
    receiver.order(order, order)
    code, lines = command(capsys, ws, "send")
    if order == "twice":
        assert code == Exit.OK
    else:
        assert (code, lines[-1]["open"]) == (Exit.PARTLY, 1)
        assert lines[0]["error"] in ("OUTBOX-UNREACHABLE", "OUTBOX-LATER", "OUTBOX-ANSWER")
        if order not in BEFORE:
            receiver.wait_for_effect(order)
        assert len(receiver.effects(order)) == (0 if order in BEFORE else 1)
        settings = (ws / "sscard.toml").read_text()
        (ws / "sscard.toml").write_text(settings.replace("seconds = 0.4", "seconds = 5"))
        assert [line["stage"] for line in command(capsys, ws, "list")[1]] == ["sent"]
        assert list((ws / "outbox").glob("*.ack")) == []
        code, lines = command(capsys, ws, "send")
        assert (code, lines[0]["effect"]) == (Exit.OK, "applied" if order in BEFORE else "repeated")
    assert_settled(ws, receiver, order, capsys)


def test_one_call_tries_again(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(outboxes.time, "sleep", pauses.append)
    post_to(ws, receiver, "stubborn", tries=4)
    receiver.order("stubborn", "lose-after", "error-after", "wrong-key")
    opened = open_workspace(ws)
    ledger = open_ledger(opened)
    box = Outbox(opened, ledger)
    with box.hold():
        receipt = box.send(box.items()[0], pause=pauses.append)
    ledger.close()
    assert (receipt.effect.value, pauses) == ("repeated", [1.0, 2.0, 4.0])
    assert len(receiver.requests("stubborn")) == 4
    assert_settled(ws, receiver, "stubborn", capsys)


@pytest.mark.parametrize("order", ["refused", "moved"])
def test_a_receiver_that_says_no_is_not_asked_twice(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str], order: str
) -> None:
    post_to(ws, receiver, f"no-{order}", tries=3)
    receiver.order(f"no-{order}", order, order, order)
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.FAILED, "OUTBOX-REFUSED")
    assert len(receiver.requests(f"no-{order}")) == 1


def test_nobody_listens(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    set_target(ws, "bank", kind="https", url=f"http://127.0.0.1:{port}/", tries=1, sends=["return"])
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.PARTLY, "OUTBOX-UNREACHABLE")


def test_an_edited_file_is_refused_before_anything_is_sent(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    post_to(ws, receiver, "edited")
    path = returned(ws)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b",good,", b",fine,", 1))
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.REFUSED, "OUTBOX-EDITED")
    assert "改动" in lines[0]["message_zh"]
    assert receiver.requests("edited") == []
    code, lines = command(capsys, ws, "verify")
    assert (code, lines[0]["kind"]) == (Exit.FAILED, "edited")
    batch = ws / "b.csv"
    assert main(["people", "--count", "3", "--seed", "1", "--out", str(batch)]) == Exit.OK
    assert main(["personalize", str(batch), "--workspace", str(ws), *RUN]) == Exit.OK, "the remedy"
    assert path.read_bytes() == whole
    assert command(capsys, ws, "send")[0] == Exit.OK
    assert_settled(ws, receiver, "edited", capsys)
    assert main(["personalize", str(batch), "--workspace", str(ws), *RUN]) == Exit.REFUSED


def test_a_lost_file_and_a_damaged_chain_are_refused(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    post_to(ws, receiver, "lost")
    returned(ws).unlink()
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.REFUSED, "OUTBOX-MISSING")
    (chain,) = (ws / "chain").iterdir()
    chain.write_bytes(chain.read_bytes().replace(b'"rows":3', b'"rows":4', 1))
    assert command(capsys, ws, "send")[1][0]["error"] == "CHAIN-DAMAGED"
    assert receiver.requests("lost") == []


def test_receipts_are_held_against_the_chain(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    post_to(ws, receiver, "receipts")
    assert command(capsys, ws, "send")[0] == Exit.OK
    (ack,) = (ws / "outbox").glob("*.ack")
    other = ack.with_name(ack.name.replace(".r1.", ".r9."))
    ack.rename(other)
    found = command(capsys, ws, "verify")[1]
    assert [(line["kind"], line["file"]) for line in found[:-1]] == [
        ("ack-missing", ack.name),
        ("ack-unknown", other.name),
    ]
    other.rename(ack)
    ack.write_bytes(ack.read_bytes().replace(b"R-1", b"R-2"))
    assert [line.get("kind") for line in command(capsys, ws, "verify")[1]] == ["ack-edited", None]


def test_a_newer_file_supersedes(
    make_bureau: Callable[[int], Any], receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    """One card, return file, send with a lost answer; two more cards, return file: stale, then sent under a new key."""
    bureau, rack = make_bureau(3), Rack()
    ws = bureau.place.root
    post_to(ws, receiver, "newer")
    production = bureau.open()
    line = Line(production.work, [rack.slot(1)], patience=0.2)
    for event in line.run():
        if event.kind is Kind.GOOD:
            line.drain()
    first, _ = production.returns()
    old = first.read_bytes()
    production.close()
    receiver.order("newer", "lose-after")
    assert command(capsys, ws, "send")[0] == Exit.PARTLY
    production = bureau.run([rack.slot(1)])
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.REFUSED, "OUTBOX-STALE")
    production.returns()
    new = first.read_bytes()
    production.close()
    first.write_bytes(old)
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.REFUSED, "OUTBOX-OLDER")
    first.write_bytes(new)
    assert command(capsys, ws, "send")[0] == Exit.OK
    one, two = receiver.effects("newer")
    assert [(each["revision"], each["rows"]) for each in (one, two)] == [("1", "3"), ("2", "3")]
    assert int(one["good"]) < int(two["good"]) == 3
    assert (one["supersedes"], two["supersedes"], one["key"] == two["key"]) == ("", one["key"], False)
    assert (bytes.fromhex(one["body"]), bytes.fromhex(two["body"])) == (old, new)


# --- the disk and the process


class Fuse:
    """Counts what reaches disk and wire; at the n-th the process is killed, or the disk is full from then on."""

    EVENTS = frozenset(
        {"open", "os.rename", "os.remove", "os.chmod", "fcntl.flock", "socket.connect", "http.client.send"}
    )

    def __init__(self, at: int, *, full: bool) -> None:
        self.left, self.full = at, full
        write, sync = os.write, os.fsync
        os.write = lambda handle, data: self.around(write, handle, data)
        os.fsync = lambda handle: self.around(sync, handle)
        sys.addaudithook(self.event)

    def around(self, call: Callable[..., Any], *arguments: Any) -> Any:
        self.tick(writes=True)
        result = call(*arguments)
        self.tick()
        return result

    def event(self, name: str, words: tuple[Any, ...]) -> None:
        if name in self.EVENTS and not str(words[0]).endswith((".py", ".pyc")):
            opened = name == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR)
            self.tick(writes=bool(opened) or name == "os.rename")

    def tick(self, *, writes: bool = False) -> None:
        self.left -= 1
        if self.full and self.left <= 0 and writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if not self.full and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def send_with(fuse_at: int, ws: Path, *, full: bool) -> int:
    """``sscard outbox send`` in a process of its own behind a fuse; its exit code, negative when it was killed."""
    child = os.fork()
    if not child:
        try:
            Fuse(fuse_at, full=full)
            code = int(main(["outbox", "send", "--workspace", str(ws), "--json"]))
        except BaseException:
            code = 99
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_at_any_point_there_is_one_effect(
    finished: Path, tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    at, killed, stages = 0, 0, set()
    while True:
        at += 1
        ws = Path(shutil.copytree(finished, tmp_path / f"k{at}"))
        post_to(ws, receiver, f"k{at}")
        code = send_with(at, ws, full=False)
        assert code in (-signal.SIGKILL, Exit.OK)
        killed += code == -signal.SIGKILL
        (item,) = command(capsys, ws, "list")[1]
        stages.add((item["stage"], len(receiver.effects(f"k{at}"))))
        assert command(capsys, ws, "send")[0] == Exit.OK
        if at % 5 == 0 or code == Exit.OK:
            assert_settled(ws, receiver, f"k{at}", capsys)
        assert len(receiver.effects(f"k{at}")) == 1
        assert not [path for path in (ws / "outbox").iterdir() if path.name.endswith(".part")]
        if code == Exit.OK:
            break
        shutil.rmtree(ws)
    assert killed > 25
    assert {("waiting", 0), ("sent", 0), ("sent", 1), ("acknowledged", 1)} <= stages


def write_with(fuse_at: int, words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """A run in a process of its own that is killed while it writes its return files."""
    child = os.fork()
    if not child:
        real = jobs.write_returns
        monkeypatch.setattr(jobs, "write_returns", lambda *a, **k: (Fuse(fuse_at, full=False), real(*a, **k))[1])
        with suppress(BaseException):
            os._exit(main(words))
        os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_killed_while_return_files_are_written_the_same_command_mends_it(
    finished: Path,
    tmp_path: Path,
    receiver: Receiver,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the chain and the disk hold then, the batch run again leaves files that can be sent."""
    at, codes, again = 1, [], set()
    while Exit.OK not in codes:
        ws = Path(shutil.copytree(finished, tmp_path / f"w{at}"))
        post_to(ws, receiver, f"w{at}")
        whole = returned(ws).read_bytes()
        for path in (ws / "outbox").iterdir():
            path.write_bytes(b"edited")
        words = ["personalize", str(finished.parent / "b.csv"), "--workspace", str(ws), *RUN]
        codes.append(write_with(at, words, monkeypatch))
        again.add(main(words))
        assert returned(ws).read_bytes() == whole
        assert command(capsys, ws, "send")[0] == Exit.OK
        assert_settled(ws, receiver, f"w{at}", capsys)
        at += 6
    assert codes == [-signal.SIGKILL] * (len(codes) - 1) + [Exit.OK]
    assert len(codes) > 4
    assert again == {Exit.OK, Exit.REFUSED}, "written anew, or found whole"


def test_on_a_full_disk_there_is_one_effect(
    finished: Path, tmp_path: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    at, codes = 0, set()
    while Exit.OK not in codes:
        at += 4
        ws = Path(shutil.copytree(finished, tmp_path / f"f{at}"))
        post_to(ws, receiver, f"f{at}")
        codes.add(send_with(at, ws, full=True))
        assert command(capsys, ws, "send")[0] == Exit.OK
        assert_settled(ws, receiver, f"f{at}", capsys)
        shutil.rmtree(ws)
    assert codes == {Exit.OK, Exit.FAILED}


def test_two_senders_do_not_meet(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    post_to(ws, receiver, "two")
    opened = open_workspace(ws)
    ledger = open_ledger(opened)
    with Outbox(opened, ledger).hold():
        code, lines = command(capsys, ws, "send")
    ledger.close()
    assert (code, lines[0]["error"]) == (Exit.REFUSED, "OUTBOX-RUNNING")
    assert command(capsys, ws, "send")[0] == Exit.OK


# --- TLS and tokens


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for this machine, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("ca")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "测试收件方")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_over_tls(ws: Path, tmp_path: Path, authority: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A receiver nobody vouches for gets nothing; with its authority it does."""
    for receiver in started(tmp_path / "tls", *map(str, authority)):
        settings = (ws / "sscard.toml").read_text()
        post_to(ws, receiver, "tls")
        code, lines = command(capsys, ws, "send")
        assert (code, lines[0]["error"]) == (Exit.PARTLY, "OUTBOX-UNREACHABLE")
        assert receiver.requests("tls") == []
        (ws / "sscard.toml").write_text(settings)
        post_to(ws, receiver, "tls", ca=str(authority[0]))
        assert command(capsys, ws, "send")[0] == Exit.OK
        assert_settled(ws, receiver, "tls", capsys)


@pytest.mark.parametrize(
    ("token", "error"),
    [
        (None, "OUTBOX-TOKEN"),
        ("", "OUTBOX-TOKEN"),
        ("a\nb", "OUTBOX-TOKEN"),
        ("密", "OUTBOX-TOKEN"),
        ("x", "OUTBOX-REFUSED"),
    ],
)
def test_tokens(
    ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str], token: str | None, error: str
) -> None:
    post_to(ws, receiver, "token")
    (ws / "token").unlink()
    if token is not None:
        (ws / "token").write_text(token)
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.FAILED, error)
    assert receiver.effects("token") == []


def test_an_unusable_authority(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    set_target(ws, "bank", kind="https", url="https://127.0.0.1:1/", ca="token", sends=["return"])
    code, lines = command(capsys, ws, "send")
    assert (code, lines[0]["error"]) == (Exit.FAILED, "OUTBOX-CA")


# --- drop boxes


def test_a_drop_box(ws: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drop = tmp_path / "drop"
    set_target(ws, "bank", kind="folder", path=str(drop))
    code, lines = command(capsys, ws, "send")
    assert (code, {line.get("error") for line in lines[:-1]}) == (Exit.PARTLY, {"OUTBOX-FOLDER"})
    drop.mkdir()
    code, lines = command(capsys, ws, "send")
    assert (code, {line.get("error") for line in lines[:-1]}) == (Exit.PARTLY, {"OUTBOX-WAITING"})
    slips = {path: json.loads(path.read_text()) for path in sorted(drop.glob("*.slip.json"))}
    assert [slip["kind"] for slip in slips.values()] == ["return", "spoiled"]
    for path, slip in slips.items():
        file = path.with_name(path.name.removesuffix(".slip.json"))
        assert file.read_bytes() == (ws / "outbox" / slip["file"]).read_bytes()
        assert file.stat().st_mode & 0o777 == 0o640
    before = {path.name: path.stat().st_mtime_ns for path in drop.iterdir()}
    assert command(capsys, ws, "send")[0] == Exit.PARTLY
    assert {path.name: path.stat().st_mtime_ns for path in drop.iterdir()} == before, "nothing is put twice"
    for path, slip in slips.items():
        answer = {"key": slip["key"], "sha256": slip["sha256"], "records": slip["records"], "effect": "applied"}
        receipt = path.with_name(path.name.replace(".slip.", ".receipt."))
        receipt.write_text(json.dumps(answer | {"records": 99}))
        assert command(capsys, ws, "send")[1][0]["error"] == "OUTBOX-ANSWER"
        receipt.write_text(json.dumps(answer))
        path.unlink()
        path.with_name(path.name.removesuffix(".slip.json")).unlink()
        command(capsys, ws, "send")
    assert [line["stage"] for line in command(capsys, ws, "list")[1]] == ["acknowledged"] * 2
    assert command(capsys, ws, "verify")[0] == Exit.OK
    assert list(drop.glob("*.csv")) == [], "what was acknowledged is not put again"


# --- settings, texts


@pytest.mark.parametrize(
    "items",
    [
        {"kind": "mail"},
        {"kind": "folder"},
        {"kind": "folder", "path": ""},
        {"kind": "folder", "path": "x", "url": "https://a.example/"},
        {"kind": "folder", "path": "x", "sends": []},
        {"kind": "folder", "path": "x", "sends": ["all"]},
        {"kind": "https"},
        {"kind": "https", "url": "http://a.example/"},
        {"kind": "https", "url": "ftp://127.0.0.1/"},
        {"kind": "https", "url": "https://user:secret@a.example/"},
        {"kind": "https", "url": "https://a.example:x/"},
        {"kind": "https", "url": "https://a.example/ b"},
        {"kind": "https", "url": "https://a.example/", "seconds": 0},
        {"kind": "https", "url": "https://a.example/", "seconds": True},
        {"kind": "https", "url": "https://a.example/", "tries": 1.5},
        {"kind": "https", "url": "https://a.example/", "token": 7},
        {"kind": "https", "url": "https://a.example/", "password": "x"},
    ],
    ids=str,
)
def test_wrong_settings_are_named(ws: Path, items: dict[str, object]) -> None:
    set_target(ws, "bank", **items)
    with pytest.raises(WorkspaceError) as caught:
        open_workspace(ws)
    assert caught.value.key == "workspace-target"
    assert "secret" not in "".join(caught.value.parts("en"))


def test_settings_are_read(ws: Path) -> None:
    set_target(ws, "bank", kind="https", url="https://a.example/in?x=1", ca="ca.pem", seconds=2)
    set_target(ws, "province", kind="folder", path="drop", sends=["return"])
    bank, province = open_workspace(ws).targets
    kinds = ("return", "spoiled")
    assert bank == HttpTarget("bank", kinds, "a.example", 443, "/in?x=1", True, ws / "ca.pem", None, 2.0)
    assert province == FolderTarget("province", ("return",), ws / "drop")


def test_what_a_person_sees(ws: Path, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    def shown(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["--lang", "zh", "outbox", *words, "--workspace", str(ws)])
        both = capsys.readouterr()
        return code, both.out + both.err

    assert shown("list") == (Exit.OK, "没有设置收件方: 在 sscard.toml 中加 [outbox.名称] (docs/outbox.md)。\n")
    assert shown("send")[0] == Exit.REFUSED
    post_to(ws, receiver, "person")
    assert "待发" in shown("list")[1]
    returned(ws).unlink()
    batch = str(ws.parent / "b.csv")
    assert main(["people", "--count", "3", "--seed", "1", "--out", batch]) == Exit.OK
    assert main(["--lang", "zh", "personalize", batch, "--workspace", str(ws), *RUN]) == Exit.OK
    assert f"发给收件方: sscard outbox send --workspace {ws}" in capsys.readouterr().out
    assert shown("send", "--target", "nobody")[0] == Exit.REFUSED
    assert shown("send", "--job", "nobody")[0] == Exit.REFUSED
    code, text = shown("send", "--target", "bank")
    assert (code, "已接收 ✓" in text, "回执 1, 未送达 0" in text) == (Exit.OK, True, True)
    assert "都有回执" in shown("send")[1]
    assert "一致: 2 个文件, 1 份回执" in shown("verify")[1]
    assert TOKEN not in text


def test_a_parcel_is_not_made_of_a_stranger(ws: Path, receiver: Receiver) -> None:
    post_to(ws, receiver, "stranger")
    opened = open_workspace(ws)
    ledger = open_ledger(opened)
    box = Outbox(opened, ledger)
    (item,) = box.items()
    assert item.stage is Stage.WAITING
    assert box.parcel(item.revision).content == returned(ws).read_bytes()
    assert "990101" not in repr(box.parcel(item.revision)).replace(item.revision.job, "")
    returned(ws).write_bytes(b"")
    with pytest.raises(GuardRefused) as caught:
        box.parcel(item.revision)
    assert caught.value.key == "outbox-edited"
    ledger.close()
    assert post.deliver.__module__ == "sscard.personalize.post"
