"""A transcript in words that a person without a computer's training can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from sscard.messages import current, text

if TYPE_CHECKING:
    from sscard.keys.ceremony.story import Story
    from sscard.keys.ceremony.transcript import Entry

_CHINA: Final = timezone(timedelta(hours=8))


def grouped(value: str) -> str:
    """A check value in groups of four, as it is read aloud."""
    return " ".join(value[start : start + 4] for start in range(0, len(value), 4))


def tell(story: Story) -> Iterator[str]:
    """The whole transcript, entry by entry."""
    opening = story.opening
    for words, value in [(each["words"], each["value"]) for each in opening["parameters"].values()]:
        yield f"  {own_words(words)}: {value}"
    for role, name in opening["cast"].items():
        yield f"  {own_words(opening['roles'][role])}: {name}"
    for entry in story.entries:
        time = datetime.fromisoformat(entry.time).astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
        yield f"{entry.n:3}  {time}  {_headline(entry)}"
        yield from (f"       {line}" for line in result_lines(entry))


def _headline(entry: Entry) -> str:
    facts = entry.facts
    if entry.kind == "done":
        signed = text("ceremony.signed-by", names="、".join(entry.signed_by)) if entry.signed_by else ""
        return f"{own_words(facts['what'])}  ✓ {signed}".rstrip()
    name = facts.get("name") or "–"
    known = {"step": facts.get("step", ""), "code": str(facts.get("code", "")).upper(), "name": name}
    return text(f"ceremony.entry-{entry.kind}", reason=facts.get("reason", ""), **known)


def result_lines(entry: Entry) -> Iterator[str]:
    """What an entry says beside its headline, a line a fact."""
    facts = entry.facts
    for each in facts.get("answers", {}).values():
        yield f"{own_words(each['words'])}: {each['value']}"
    if "heard" in facts:
        value = facts["read"] if isinstance(facts["read"], str) else ""
        yield text("ceremony.result-read", speaker=facts["by"][0], listener=facts["by"][1], value=grouped(value) or "✓")
    if "set_check" in facts:
        yield text("ceremony.result-keys", count=facts["count"], check=grouped(facts["set_check"]))
    for carrier in facts.get("carriers", ()):
        item = text(f"forms.item-{carrier['item']}")
        yield text("ceremony.result-carrier", item=item, copy=carrier["copy"], serial=carrier["serial"])
    for row in facts.get("counted", {}).values():
        yield f"{own_words(row['words'])}: {row['count']}  {' '.join(row['serials'])}"
    for seal in facts.get("seals", ()):
        item = text(f"forms.item-{seal['item']}")
        yield text("ceremony.result-seal", item=item, serial=seal["serial"] or "–", seal=seal["seal"])
    if "exposed" in facts:
        yield from _exposed(facts["exposed"])


def _exposed(facts: Mapping[str, Any]) -> Iterator[str]:
    counts = {"batches": len(facts["batches"]), "cards": facts["cards"], "psams": len(facts["psams"])}
    yield text("ceremony.result-exposed", listing=facts["listing"], **counts)
    for batch in facts["batches"]:
        yield text("ceremony.result-batch", job=batch["job"], batch=batch["batch"], cards=batch["cards"])
    for terminal in facts["psams"]:
        yield f"PSAM {terminal}"
    if not facts["psam_register"]:
        yield text("ceremony.result-no-register")


def own_words(words: list[str]) -> str:
    """Of ``[Chinese, English]`` the one in use."""
    return words[0 if current() == "zh" else 1]
