"""What every test shares: a private PC/SC service and a private PostgreSQL, started only when a test asks for them."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"
READERS = 4
# two test processes that look for free ports at the same moment must not find the same ones
_FIRST_PORT = 27000 + 500 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))

_WORK = Path(tempfile.mkdtemp(prefix="sscard-", dir="/tmp"))
atexit.register(shutil.rmtree, _WORK, ignore_errors=True)
# libpcsclite reads this once, at its first call: set here, no test can ever reach a real reader of this machine
os.environ["PCSCLITE_CSOCK_NAME"] = str(_WORK / "run" / "pcscd.comm")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "longest(seconds): how long a test over PC/SC may take (20 without it)")


@pytest.fixture(scope="session", autouse=True)
def cheap_passphrases() -> Iterator[None]:
    """Vaults and people made in this process cost the least scrypt the toolkit takes; commands in processes of their
    own make the usual ones (tests/keys/test_vault.py holds them to it)."""
    from sscard.keys.vault import Cost

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sscard.keys.vault.USUAL", Cost(n=1 << 14))
        yield


@pytest.fixture(params=["contact", "contactless"])
def each_interface(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Software cards made in the test answer at this interface, unless the test asks for one."""
    from sscard.apdu.atr import Interface
    from sscard.emulator import Rack, SoftwareCard
    from sscard.personalize.sample import personalized_card

    for maker in (SoftwareCard.blank.__func__, Rack.__init__, personalized_card):
        monkeypatch.setitem(maker.__kwdefaults__, "interface", Interface(request.param))
    return request.param


class Pcscd:
    """A private pcscd with ``READERS`` virtual readers; it can be killed and started again at the same socket."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.socket = work / "run" / "pcscd.comm"
        self.ports: tuple[int, ...] = ()

    @property
    def readers(self) -> tuple[str, ...]:
        """Reader names, in the order of ``ports``."""
        return tuple(f"Virtual PCD {number // 2} 00 {number % 2:02d}" for number in range(READERS))

    @property
    def pid(self) -> int:
        """Process id of the daemon that runs now."""
        return int((self.work / "pid").read_text())

    def start(self) -> None:
        """Start on the first free block of ports.  Raises RuntimeError with the script's words when it cannot."""
        last = self.ports[-1] + 1 if self.ports else _FIRST_PORT
        for base in range(last, 32000, 100):
            run = subprocess.run(
                [SCRIPTS / "pcscd-up", self.work, str(READERS), str(base)], capture_output=True, text=True, timeout=30
            )
            if run.returncode == 0:
                self.ports = tuple(range(base, base + READERS))
                return
            if run.returncode != 3:
                raise RuntimeError(run.stderr.strip())
        raise RuntimeError("no free block of ports below 32000")

    def stop(self) -> None:
        """Stop the daemon started here, and no other."""
        subprocess.run([SCRIPTS / "pcscd-down", self.work], check=True, timeout=30)


@pytest.fixture(scope="session")
def pcscd() -> Iterator[Pcscd]:
    """A running private pcscd.  A missing part fails in CI and for root (who can install it), else it skips.

    A guard waits on a pipe from this process, so that the daemon ends with the tests however they end.
    """
    service = Pcscd(_WORK)
    try:
        import smartcard.scard  # noqa: F401

        service.start()
    except (ImportError, RuntimeError) as error:
        if os.environ.get("CI") == "true" or os.geteuid() == 0:
            pytest.fail(f"the PC/SC stack is not complete: {error}", pytrace=False)
        pytest.skip(f"no PC/SC stack here: {error}")
    guard = subprocess.Popen(
        ["sh", "-c", 'read _; "$0" "$1"; rm -rf "$1"', SCRIPTS / "pcscd-down", _WORK], stdin=subprocess.PIPE
    )
    yield service
    guard.communicate()


class Server:
    """A private PostgreSQL; ``url`` is that of its first database."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.url = ""
        self._databases = 0

    def start(self) -> None:
        """Start it, for the first time or again.  Raises RuntimeError with the script's words when it cannot."""
        run = subprocess.run([SCRIPTS / "postgres-up", self.work], capture_output=True, text=True, timeout=90)
        if run.returncode:
            raise RuntimeError(run.stderr.strip())
        self.url = run.stdout.strip()

    def stop(self) -> None:
        """Let it go as in a power cut."""
        subprocess.run([SCRIPTS / "postgres-down", self.work], check=True, timeout=30)

    def database(self, options: str = "") -> str:
        """The URL of a new, empty database."""
        import psycopg

        self._databases += 1
        name = f"cards{self._databases}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return self.url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running private PostgreSQL.  A missing part fails in CI and for root (who can install it), else it skips.

    A guard waits on a pipe from this process, so that the server ends with the tests however they end.
    """
    work = Path(tempfile.mkdtemp(prefix="sscard-pg-", dir="/tmp"))
    server = Server(work)
    guard = subprocess.Popen(
        ["sh", "-c", 'read _; "$0" "$1"; rm -rf "$1"', SCRIPTS / "postgres-down", work], stdin=subprocess.PIPE
    )
    try:
        server.start()
    except RuntimeError as error:
        if os.environ.get("CI") == "true" or os.geteuid() == 0:
            pytest.fail(f"PostgreSQL is not there: {error}", pytrace=False)
        pytest.skip(f"no PostgreSQL here: {error}")
    yield server
    guard.communicate()


@pytest.fixture(scope="session")
def one_database(postgres: Server) -> str:
    """The URL of a PostgreSQL database that many tests use in turn."""
    return postgres.database()


@pytest.fixture
def database(one_database: str) -> str:
    """The URL of an empty PostgreSQL database to which nobody else is connected."""
    import psycopg

    others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database()"
    with psycopg.connect(one_database, autocommit=True) as connection:
        connection.execute(f"{others} AND pid <> pg_backend_pid()".encode())
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    return one_database


@dataclass(frozen=True, slots=True)
class Screen:
    """What a command left on a terminal, how it ended, and what others could see of its process meanwhile."""

    code: int
    shown: bytes
    seen: bytes


AtTerminal = Callable[..., Screen]
"""(folder, words, answers) → Screen; ``answers`` are what the terminal asks for and what a person types then.

A signal in place of what is typed is sent to the process, which may then write a core file of any size."""


@pytest.fixture(scope="session")
def at_terminal() -> AtTerminal:
    """Runs ``sscard`` at a real pseudo-terminal of its own, typing an answer whenever a prompt appears."""
    return _at_terminal


def _at_terminal(
    folder: Path, words: Sequence[str], answers: Sequence[tuple[str, str | signal.Signals]] = (), **more: str
) -> Screen:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sscard", *words]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **more},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509
    )
    os.close(theirs)
    shown, seen, read, waiting = b"", b"", 0, list(answers)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if waiting and process.poll() is None and (at := shown.find(waiting[0][0].encode(), read)) >= 0:
            read = at + len(waiting[0][0].encode())
            seen += _public_face(process.pid)
            answer = waiting.pop(0)[1]
            if isinstance(answer, signal.Signals):
                process.send_signal(answer)
            else:
                # a hidden prompt drops what was typed ahead: never type before it asks
                os.write(ours, answer.encode() + b"\n")
        elif select.select([ours], [], [], 0.2)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            shown += part
    os.close(ours)
    process.wait(timeout=30)
    assert not waiting, (waiting, shown)
    return Screen(process.returncode, shown, seen)


def _public_face(pid: int) -> bytes:
    """Command line and environment of a process, as far as this user may read them."""
    face = b""
    for name in ("cmdline", "environ"):
        with contextlib.suppress(PermissionError):
            face += Path(f"/proc/{pid}/{name}").read_bytes()
    return face


def _own_terminal() -> None:
    """In the new process: its standard input is its terminal, and core files have no limit to begin with."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
