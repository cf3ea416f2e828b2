"""The audit: what is untouched fits together; every way of tampering is found, here and by the bundle's checker."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.errors import Exit, JournalError
from sscard.personalize.chain import Chain, Place

ROOT = Path(__file__).parents[2]
Tamper = Callable[[Path], None]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two finished jobs; the first was run once more, and refused."""
    folder = tmp_path_factory.mktemp("audit")
    run = ("--workspace", str(folder / "ws"), "--reader", "emulator:2", "--wait", "0.2")
    assert main(["init", str(folder / "ws"), "--demo"]) == Exit.OK
    for name, seed in (("a", 1), ("b", 2)):
        batch = str(folder / f"{name}.csv")
        assert main(["people", "--count", "3", "--seed", str(seed), "--out", batch]) == Exit.OK
        assert main(["personalize", batch, *run]) == Exit.OK
    assert main(["personalize", str(folder / "a.csv"), *run]) == Exit.REFUSED
    return folder / "ws"


@pytest.fixture
def ws(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "ws"))


def verify(ws: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    """Exit code and kinds of findings."""
    capsys.readouterr()
    code = main(["audit", "verify", "--workspace", str(ws), *words, "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, [line["kind"] for line in lines if "kind" in line]


def chain_of(ws: Path) -> Path:
    (path,) = (ws / "chain").iterdir()
    return path


def journals_of(ws: Path) -> list[Path]:
    return sorted(path for job in (ws / "jobs").iterdir() for path in job.glob("*.j*rn*l"))


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def ledger(ws: Path, sql: str, *values: object) -> None:
    """Edit the ledger as somebody does who first takes out the triggers that would not let him."""
    with sqlite3.connect(ws / "ledger.sqlite") as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        assert db.execute(sql, values).rowcount > 0


def edit(path: Path, line: int, old: bytes, new: bytes) -> None:
    lines = lines_of(path)
    assert old in lines[line]
    lines[line] = lines[line].replace(old, new, 1)
    path.write_bytes(b"".join(lines))


def edited_journal(ws: Path) -> None:
    path = journals_of(ws)[0]
    edit(path, len(lines_of(path)) - 1, b'"verdict":"good"', b'"verdict":"gone"')


def edited_chain(ws: Path) -> None:
    edit(chain_of(ws), 0, b'"rows":3', b'"rows":4')


def line_out_of_the_middle(ws: Path) -> None:
    path = journals_of(ws)[0]
    lines = lines_of(path)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))


def lines_moved(ws: Path) -> None:
    path = chain_of(ws)
    one, two, *rest = lines_of(path)
    path.write_bytes(b"".join((two, one, *rest)))


def journal_cut(ws: Path) -> None:
    path = journals_of(ws)[0]
    path.write_bytes(b"".join(lines_of(path)[:-1]))


def journal_torn(ws: Path) -> None:
    path = journals_of(ws)[0]
    path.write_bytes(path.read_bytes()[:-5])


def chain_cut(ws: Path) -> None:
    path = chain_of(ws)
    path.write_bytes(b"".join(lines_of(path)[:-2]))


def chain_gone(ws: Path) -> None:
    shutil.rmtree(ws / "chain")


def journal_gone(ws: Path) -> None:
    journals_of(ws)[0].unlink()


def journal_of_another_station(ws: Path) -> None:
    path = journals_of(ws)[0]
    shutil.copy(path, path.with_name("00000000000000000999-1.journal"))


def journal_of_another_job(ws: Path) -> None:
    first, *_, last = journals_of(ws)
    assert first.parent != last.parent
    shutil.copy(last, first)


def ledger_edited(ws: Path) -> None:
    ledger(ws, "UPDATE cards SET state = 'spoiled', reason = 'x' WHERE seq = 2")


def ledger_row_gone(ws: Path) -> None:
    ledger(ws, "DELETE FROM cards WHERE seq = 2")


def ledger_row_invented(ws: Path) -> None:
    sql = "INSERT INTO cards SELECT '00', job, 99, head, state, '', started, ended, station, '' FROM cards LIMIT 1"
    ledger(ws, sql)


def declared_lost_by_hand(ws: Path) -> None:
    ledger(ws, "UPDATE cards SET state = 'lost' WHERE seq = 1")


def lost_at_another_station(ws: Path) -> None:
    ledger(ws, "UPDATE cards SET state = 'lost', decided = 'station-9' WHERE seq = 1")


def given_to_another_station(ws: Path) -> None:
    ledger(ws, "UPDATE cards SET station = 'station-9' WHERE seq = 1")


def return_file_edited(ws: Path) -> None:
    path = next((ws / "outbox").glob("*-return.csv"))
    path.write_bytes(path.read_bytes().replace(b"good", b"fine", 1))


def chain_replaced(ws: Path) -> None:
    """A chain that is sound in itself: made anew with the same entries."""
    path = chain_of(ws)
    entries = [json.loads(line) for line in lines_of(path)]
    path.unlink()
    chain = Chain(path)
    for entry in entries:
        fields = {name: value for name, value in entry.items() if name not in ("n", "t", "kind", "prev", "hash")}
        chain.append(entry["kind"], **fields)


def cards_of_two_people_swapped(ws: Path) -> None:
    for old, new in ((1, 99), (2, 1), (99, 2)):
        ledger(ws, "UPDATE cards SET seq = ? WHERE seq = ?", new, old)


def person_queued_again(ws: Path) -> None:
    ledger(ws, "UPDATE rows SET state = 'queued' WHERE seq = 2")


def person_taken_out(ws: Path) -> None:
    ledger(ws, "DELETE FROM rows WHERE seq = 2")


def person_exchanged(ws: Path) -> None:
    ledger(ws, "UPDATE rows SET person = ? WHERE seq = 2 AND job = (SELECT MIN(job) FROM jobs)", bytes(16))


def card_number_changed(ws: Path) -> None:
    ledger(ws, "UPDATE rows SET card_no = 'T99999999' WHERE seq = 2 AND job = (SELECT MIN(job) FROM jobs)")


def job_taken_out(ws: Path) -> None:
    ledger(ws, "DELETE FROM jobs")


TAMPERED = [
    (edited_journal, {"edited", "verdict"}),
    (edited_chain, {"edited", "foreign"}),
    (line_out_of_the_middle, {"order", "verdict"}),
    (lines_moved, {"order", "foreign"}),
    (journal_cut, {"closed", "verdict"}),
    (journal_torn, {"closed", "verdict"}),
    (chain_cut, {"truncated"}),
    (chain_gone, {"truncated", "foreign"}),
    (journal_gone, {"missing", "unmade-card"}),
    (journal_of_another_station, {"foreign"}),
    (journal_of_another_job, {"closed", "job"}),
    (ledger_edited, {"verdict"}),
    (ledger_row_gone, {"unknown-card"}),
    (ledger_row_invented, {"unmade-card"}),
    (declared_lost_by_hand, {"verdict"}),
    (lost_at_another_station, {"verdict"}),
    (given_to_another_station, {"verdict"}),
    (return_file_edited, {"return"}),
    (chain_replaced, {"pin"}),
    (cards_of_two_people_swapped, {"verdict"}),
    (person_queued_again, {"totals"}),
    (person_taken_out, {"totals"}),
    (job_taken_out, {"totals"}),
    (person_exchanged, {"people"}),
    (card_number_changed, {"people"}),
]


def test_an_untouched_workspace_fits(ws: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(ws, capsys) == (Exit.OK, [])
    assert len(journals_of(ws)) >= 2
    assert main(["--lang", "zh", "audit", "verify", "--workspace", str(ws)]) == Exit.OK
    assert "一致: 1 条链" in capsys.readouterr().out


@pytest.mark.parametrize(("tamper", "kinds"), TAMPERED, ids=[tamper.__name__ for tamper, _ in TAMPERED])
def test_tampering_is_found(
    ws: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], tamper: Tamper, kinds: set[str]
) -> None:
    tamper(ws)
    code, found = verify(ws, capsys)
    assert code == Exit.FAILED
    assert kinds <= set(found), found
    assert "".join(found) != ""
    bundle, folder = tmp_path / "evidence.zip", tmp_path / "bundle"
    assert main(["audit", "export", str(bundle), "--workspace", str(ws)]) == Exit.OK
    with zipfile.ZipFile(bundle) as packed:
        packed.extractall(folder)
    alone = subprocess.run(
        [sys.executable, "-I", "-W", "error", "verify.py"], cwd=folder, capture_output=True, text=True
    )
    shown = [
        kind for kind in found if kind not in ("totals", "people")
    ]  # people are rows of the ledger, and none is in the bundle
    assert alone.returncode == int(bool(shown))
    assert sorted(line.split()[1] for line in alone.stdout.splitlines()[:-1]) == sorted(shown)


def test_a_cut_end_of_everything_shows_against_a_place_written_down(
    ws: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Chain and ledger cut together fit each other; only what was noted elsewhere tells."""
    capsys.readouterr()
    assert main(["audit", "head", "--workspace", str(ws), "--json"]) == Exit.OK
    noted = json.loads(capsys.readouterr().out)
    chain_cut(ws)
    last = json.loads(lines_of(chain_of(ws))[-1])
    ledger(ws, "UPDATE meta SET value = ? WHERE name LIKE 'chain:%'", f"{last['n']}:{last['hash']}")
    assert "truncated" not in verify(ws, capsys)[1]
    assert verify(ws, capsys, "--head", f"{noted['number']}:{noted['hash']}")[1].count("truncated") == 1
    assert main(["audit", "verify", "--workspace", str(ws), "--head", "12"]) == Exit.USAGE


def test_one_job_alone(ws: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, *_, last = journals_of(ws)
    last.unlink()
    assert verify(ws, capsys, "--job", first.parent.name) == (Exit.OK, [])
    assert verify(ws, capsys, "--job", last.parent.name)[0] == Exit.FAILED
    assert verify(ws, capsys, "--job", "nobody")[0] == Exit.REFUSED
    out = tmp_path / "e.zip"
    assert main(["audit", "export", str(out), "--workspace", str(ws), "--job", first.parent.name]) == Exit.OK
    assert main(["audit", "export", str(out), "--workspace", str(ws)]) == Exit.REFUSED


def test_the_bundle_is_the_same_and_holds_nobody(ws: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "1.zip", tmp_path / "2.zip"
    for path in (one, two):
        assert main(["audit", "export", str(path), "--workspace", str(ws)]) == Exit.OK
    assert one.read_bytes() == two.read_bytes()
    people = (ws.parent / "ws" / "outbox").glob("*-return.csv")
    values = {
        value for path in people for line in path.read_text("utf-8").splitlines()[1:] for value in line.split(",")[2:5]
    }
    assert len(values) > 10
    with zipfile.ZipFile(one) as packed:
        text = "".join(packed.read(name).decode() for name in packed.namelist())
        sums = dict(reversed(line.split("  ")) for line in packed.read("SHA256SUMS").decode().splitlines())
    assert [value for value in values if value in text] == []
    assert set(sums) == set(packed.namelist()) - {"SHA256SUMS"}


def test_the_checker_is_short_and_needs_nothing() -> None:
    lines = (ROOT / "sscard/personalize/evidence_check.py").read_text("utf-8").splitlines()
    assert len(lines) < 200
    imported = {line.split()[1].partition(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= sys.stdlib_module_names | {"__future__"}


def test_a_torn_last_line_is_cut_off_and_said(tmp_path: Path) -> None:
    chain = Chain(tmp_path / "s.chain")
    first = chain.append("run", job="a")
    with chain.path.open("ab") as file:
        file.write(b'{"n":2,"t":1')
    place = chain.append("run", job="b")
    entries = [json.loads(line) for line in lines_of(chain.path)]
    assert [(entry["n"], entry["kind"]) for entry in entries] == [(1, "run"), (2, "torn"), (3, "run")]
    assert entries[1]["prev"] == first.hash
    assert (place, chain.last()) == (Place(3, entries[2]["hash"]), place)


def test_a_damaged_last_line_stops_everything(tmp_path: Path) -> None:
    chain = Chain(tmp_path / "s.chain")
    chain.append("run", job="a")
    edit(chain.path, 0, b'"job":"a"', b'"job":"b"')
    with pytest.raises(JournalError) as caught:
        chain.append("run", job="c")
    assert caught.value.key == "chain-damaged"


def test_many_writers_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "s.chain"
    code = "import sys; from pathlib import Path; from sscard.personalize.chain import Chain\n"
    code += "for n in range(25): Chain(Path(sys.argv[1])).append('run', job='x')"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT) for _ in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    entries = [json.loads(line) for line in lines_of(path)]
    assert [entry["n"] for entry in entries] == list(range(1, 101))
    hashes = [entry["hash"] for entry in entries]
    assert [entry["prev"] for entry in entries] == ["0" * 64, *hashes[:-1]]
