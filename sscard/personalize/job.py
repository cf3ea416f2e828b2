"""Opens a batch for production: check, compile, look for every key, enter the ledger, settle what a crash left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sscard._version import VERSION
from sscard.cos.dialect import Dialect, load_dialect
from sscard.cos.mark import factor_of
from sscard.cos.model import Profile
from sscard.cos.passes import WHOLE, Pass
from sscard.cos.profile import load_profile
from sscard.cos.profile_lint import require_sound
from sscard.errors import CustodyError, GuardRefused, PlanError
from sscard.keys.catalog import PIN, TRANSPORT
from sscard.keys.ceremony.people import Signer
from sscard.keys.service import KeyService
from sscard.personalize import journal as journals
from sscard.personalize.ahead import Ahead, KeysAhead
from sscard.personalize.approval import approve, require_people
from sscard.personalize.arrival import Arrival, compile_arrival
from sscard.personalize.batch import Batch
from sscard.personalize.bookkeeping import open_ledger, take_seat
from sscard.personalize.chain import Chain
from sscard.personalize.clock import clock_behind
from sscard.personalize.exchange.model import Format
from sscard.personalize.heads import Tracer, Work, no_trace
from sscard.personalize.jobkeys import hold_to_keys
from sscard.personalize.joblock import JobLock
from sscard.personalize.ledger import CardEntry, Job, Ledger, Standing, State
from sscard.personalize.linkage import Admission, ByFeedback, ByItem, Linkage, NextRow
from sscard.personalize.order import BlankOrder, digest, entered
from sscard.personalize.plan import Template, compile_profile
from sscard.personalize.register import read_register
from sscard.personalize.returns import return_path, return_sheet, write_returns
from sscard.personalize.runner import Certifier
from sscard.personalize.stages import CERTIFICATE_STAGE
from sscard.personalize.workspace import Workspace, guard_mode


@dataclass(frozen=True, slots=True)
class Production:
    """An opened job.  ``waiting``: cards an earlier run left in work, which must come back or be declared lost.

    ``behind``: seconds by which the clock is behind the station's last entry, 0 where it is not.
    """

    workspace: Workspace
    batch: Batch | BlankOrder
    job: Job
    work: Work
    waiting: tuple[CardEntry, ...]
    lock: JobLock
    layout: Format | None = None
    behind: int = 0

    def close(self) -> None:
        """Let go of ledger and job."""
        self.work.ledger.close()
        self.lock.release()

    def returns(self) -> tuple[Path, Path]:
        """Write the return file and the list of spoiled plastics into the outbox."""
        job, ledger = self.job, self.work.ledger
        account = ledger.account(job.job)
        balance = account.balance
        register = read_register(self.workspace.chain_path.parent)

        def note(files: dict[str, str]) -> None:
            numbers = register.number(ledger, job.job, files)
            totals = {"rows": job.rows, "good": balance.good, "spoiled": balance.spoiled}
            self.work.note("returns", files=files, **numbers, **totals)

        return write_returns(
            self.workspace.outbox_path,
            account,
            job,
            self.batch.records(),
            region=self.workspace.region,
            note=note,
            version=self.work.template.profile.constants.get("version", ""),
            layout=self.layout,
            batch_id=self.batch.batch_id,
        )


def pass_of(profile: Profile, name: str) -> Pass:
    """The pass of that name.  Raises PlanError("pass-unknown")."""
    try:
        return profile.pass_named(name)
    except KeyError:
        known = ", ".join(each.name for each in (profile.whole, *profile.passes))
        raise PlanError("pass-unknown", name=name, profile=profile.name, known=known) from None


def compile_pass(
    workspace: Workspace, profile: Profile, pass_: Pass | None = None, link: str = ""
) -> tuple[Template, Dialect, Arrival]:
    """Template, dialect and arrival for a pass of a workspace's cards; no key is asked for.  Raises PlanError."""
    dialect = load_dialect(profile.dialect)
    template = compile_profile(profile, dialect, workspace.region, workspace.init_org, pass_)
    return template, dialect, compile_arrival(template, dialect, link)


def compile_for(
    workspace: Workspace, service: KeyService, profile: Profile, pass_: Pass | None = None, link: str = ""
) -> tuple[Template, Dialect, Arrival]:
    """Template, dialect and arrival for a pass of a workspace's cards, every key looked for before any card is touched.

    Raises CustodyError for a key that is missing or of another algorithm and for what the back end cannot calculate,
    GuardRefused for demo keys in production, ProfileError for a profile that clashes with the standard.
    """
    guard_mode(workspace, service)
    require_sound(profile)
    service.require(profile.algorithm)
    template, dialect, arrival = compile_pass(workspace, profile, pass_, link)
    for ref in sorted(template.key_refs() | arrival.key_refs(), key=str):
        algorithm = service.algorithm(ref)
        if ref.name not in (PIN, TRANSPORT) and algorithm is not profile.algorithm:
            raise CustodyError("key-algorithm", key=str(ref), found=algorithm.name, wanted=profile.algorithm.name)
    return template, dialect, arrival


def open_production(
    workspace: Workspace,
    service: KeyService,
    batch: Batch | BlankOrder,
    *,
    profile: Profile | None = None,
    pass_: Pass | None = None,
    link: str = "",
    feedback: Mapping[str, int] | None = None,
    certifier: Certifier | None = None,
    tracer: Tracer = no_trace,
    layout: Format | None = None,
    signers: Sequence[Signer] = (),
) -> Production:
    """Open a checked batch, a new one or one that was interrupted.  ``layout`` is the format of its return file.

    ``signers`` are the people who open it, as many as the workspace asks for; their word is for this session only.
    ``pass_`` is what is made of each card, by default the whole; its cards find their rows by the item ``link``, by
    default that of the pass, or by ``feedback``, historical bytes to rows.  ``certifier`` serves a certificate stage.

    Raises what :func:`compile_for` raises, GuardRefused for a person, number or batch the ledger refuses and for keys
    or a profile other than the job was begun with, FormatError for a format without return files, and JournalError
    when journal or ledger cannot be read or written.
    """
    require_people(workspace, signers)
    sheet = return_sheet(layout)
    profile = profile or load_profile(workspace.profile)
    pass_ = pass_ or profile.whole
    if CERTIFICATE_STAGE in pass_.stages and certifier is None:
        raise GuardRefused("ca-needed", name=pass_.name)
    link = "" if feedback is not None or not pass_.link else link or pass_.link
    template, dialect, arrival = compile_for(workspace, service, profile, pass_, link)
    with ExitStack() as undo:
        ledger = open_ledger(workspace)
        undo.callback(ledger.close)
        take_seat(workspace, ledger)
        job = _enter(ledger, batch, profile, pass_)
        require_open(ledger, job.job)
        folder = workspace.jobs_path / job.job
        lock = JobLock(folder, job.job)
        undo.callback(lock.release)
        ledger.work_on(job.job)
        hold_to_keys(folder, job.job, template, service, ledger)
        note = job_note(workspace, ledger, job)
        behind = clock_behind(workspace)
        late = {"behind": behind} if behind else {}
        people = ledger.people_digest(job.job)
        note("run", rows=job.rows, people=people, batch=job.digest, profile=job.profile_digest, tool=VERSION, **late)
        approve(workspace, job, signers, note)
        open_cards = settle(ledger, job, folder, note)
        waiting = tuple(ledger.own_work(job.job))
        returned = return_path(workspace.outbox_path, sheet, job)
        balance = ledger.balance(job.job)
        whole = read_register(workspace.chain_path.parent).stands(workspace.outbox_path, job.job, balance)
        if whole and returned.exists() and balance.complete:
            raise GuardRefused("batch-done", job=job.job, rows=job.rows, path=str(returned))
        undo.pop_all()
    linkage: Linkage = NextRow()
    if feedback is not None:
        linkage = ByFeedback(feedback)
    elif link:
        linkage = ByItem(ledger, job.job, pass_, link)
    admission = Admission(template, dialect, service, arrival, linkage, batch)
    work = Work(
        job.job,
        template,
        dialect,
        service,
        ledger,
        Ahead(batch, template),
        KeysAhead(service, template.key_refs() | arrival.key_refs(), _told_of(ledger, pass_, feedback or {})),
        admission,
        folder,
        open_cards,
        note,
        tracer,
        certifier,
    )
    return Production(workspace, batch, job, work, waiting, lock, layout, behind)


def _told_of(ledger: Ledger, pass_: Pass, feedback: Iterable[str]) -> Iterator[bytes]:
    """Factors of the cards of a return file that the ledger does not know yet."""
    for card in feedback:
        if ledger.card(pass_.book.entry(card)) is None:
            yield factor_of(bytes.fromhex(card))


def _enter(ledger: Ledger, batch: Batch | BlankOrder, profile: Profile, pass_: Pass) -> Job:
    """The job of a pass of a batch, entered now where it is new; refused where its id tells of another file."""
    suffix = "" if pass_.name == WHOLE else f"/{pass_.name}"
    told = f"{batch.batch_id}{suffix}" if batch.batch_id else ""
    job = ledger.find_job(digest(batch.sha256, pass_)) or _enter_new(ledger, batch, profile, pass_, told)
    if told not in ("", job.batch):
        raise GuardRefused("batch-other-id", batch=told, known=job.batch, job=job.job)
    if job.profile_digest != profile.digest:
        raise GuardRefused("job-other-profile", job=job.job, profile=job.profile)
    return job


def _enter_new(ledger: Ledger, batch: Batch | BlankOrder, profile: Profile, pass_: Pass, told: str) -> Job:
    """Enter a batch; where another station or process did so a moment ago, that one's job."""
    other = ledger.find_batch(told) if told else None
    if other is not None:
        key = "order-same-name" if isinstance(batch, BlankOrder) else "batch-same-id"
        raise GuardRefused(key, batch=told, job=other.job)
    sha256, whole = digest(batch.sha256, pass_), pass_.name == WHOLE
    name = f"{batch.path.stem}{'' if whole else f'-{pass_.name}'}-{sha256[:8]}"
    label = told or f"{batch.path.name}{'' if whole else f'/{pass_.name}'}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    job = Job(name, label, sha256, profile.name, profile.digest, len(batch), now)
    if ledger.open_job(job, entered(batch.records(), pass_, name)):
        return job
    known = ledger.find_job(sha256)
    if known is None:
        raise GuardRefused("job-running", job=name)
    return known


def require_open(ledger: Ledger, job: str) -> None:
    """Pass only a job that may take cards.  Raises GuardRefused: "job-paused", "job-closed"."""
    standing = ledger.standing(job)
    if standing is not Standing.OPEN:
        raise GuardRefused(f"job-{standing}", job=job)


def declare_lost(workspace: Workspace, ledger: Ledger, seq: int, job_id: str | None = None) -> CardEntry:
    """Give up the card of row ``seq`` that stopped in work; the row is queued again.  Returns what is given up.

    Another station's card is given up only when that station was silent for longer than its lease.  Raises
    GuardRefused when no such card is in work, when the journal proves it good, or several jobs have one.
    """
    jobs = [job for job in ledger.jobs() if job_id in (None, job.job)]
    if not jobs and job_id is not None:
        raise GuardRefused("job-unknown", job=job_id)
    with ExitStack() as held:  # no run may take the card up between the look and the word
        stopped: list[CardEntry] = []
        for job in jobs:
            if any(entry.seq == seq for entry in ledger.own_work(job.job)):
                folder = workspace.jobs_path / job.job
                held.callback(JobLock(folder, job.job).release)
                settle(ledger, job, folder, job_note(workspace, ledger, job))
            stopped += [entry for entry in ledger.cards(job.job, State.WORK) if entry.seq == seq]
        if not stopped and any(ledger.good_card(job.job, seq) for job in jobs):
            raise GuardRefused("lose-is-good", seq=seq)
        if not stopped:
            raise GuardRefused("lose-not-in-work", seq=seq)
        if len(stopped) > 1:
            raise GuardRefused("lose-which-job", seq=seq, count=len(stopped))
        (entry,) = stopped
        ledger.require_silent(entry)
        job_note(workspace, ledger, entry)("lost", card=entry.card, row=seq)
        ledger.lose(entry, "declared-lost")
        return entry


def job_note(workspace: Workspace, ledger: Ledger, job: Job | CardEntry) -> journals.Note:
    """Takes the station's seat; the note writes entries about a job into its chain, and pins its end in the ledger."""
    take_seat(workspace, ledger)
    chain = Chain(workspace.chain_path)

    def note(kind: str, **fields: object) -> None:
        ledger.pin(workspace.station, str(chain.append(kind, job=job.job, **fields)))

    return note


def settle(ledger: Ledger, job: Job, folder: Path, note: journals.Note) -> dict[str, journals.CardState]:
    """Bring the ledger up to what this station's journals know of its own cards; returns those still in work."""
    working = {entry.card for entry in ledger.own_work(job.job)}
    states = journals.card_states(folder, working) if working else {}
    for card in working:
        state = states.get(card)
        if state is None or not state.touched:
            ledger.release(card)
            states.pop(card, None)
        elif state.verdict == journals.GOOD:
            ledger.finish(card)
            del states[card]
        elif state.verdict == journals.SPOILED:
            ledger.spoil(card, state.reason)
            del states[card]
    if not states:
        journals.retire(folder, note)
    return states
