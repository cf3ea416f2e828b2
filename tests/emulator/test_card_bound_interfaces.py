"""Rules that bind a file, a directory or the purse to one interface: enforced there, nowhere else, and kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sscard.apdu.atr import Interface
from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.cos.model import Profile
from sscard.cos.profile import parse_profile
from sscard.cos.profile_diff import changes
from sscard.emulator import SoftwareCard, image
from sscard.emulator.options import options_for
from sscard.errors import GuardRefused, ProfileError
from sscard.personalize.admission import require_blank
from sscard.personalize.sample import personalized_card
from sscard.terminal.identify import identify
from sscard.terminal.read import Outcome, read_files, targets
from sscard.terminal.session import CardSession

CONTACT, CONTACTLESS = Interface.CONTACT, Interface.CONTACTLESS


def rule(act: str, at: str, only: str = "contact") -> str:
    return f'[[bound]]\nact = "{act}"\nat = "{at}"\nonly = "{only}"\nevidence = "test"\n'


def profile_with(*rules: str, head: str = "") -> Profile:
    text = f'extends = "ssc3-sm4"\nname = "bound"\n{head}{"".join(rules)}'
    return parse_profile(text.encode(), "bound.toml")


def made(*rules: str, head: str = "") -> SoftwareCard:
    """A personalized card with these rules, as its image says."""
    options = options_for(profile_with(*rules, head=head))
    plain = personalized_card("ssc3-sm4+overlay-pki" if head else "ssc3-sm4")
    plain.chip.options = options
    return image.load(image.dump(plain))


def sw(card: SoftwareCard, *apdus: str) -> str:
    """Status of the last of some commands."""
    return [Channel(card).send(Command.parse(bytes.fromhex(apdu))) for apdu in apdus][-1].sw.to_bytes(2, "big").hex()


SSSE = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00"
DF01, DF04 = "00A4040006D1560000050000", "00A4040006D1560000050300"
READ_05, UPDATE_05 = "00B203280A", "00DC03080603043330303030"
PKI, CERTIFICATES = "00A404000C504B492EC9E7BBE1B1A3D5CF00", "00A404000C53532E434552542E4144463100"


@pytest.mark.parametrize(
    ("rules", "head", "apdus", "open_answer"),
    [
        ([rule("read", "SSSE/EF05")], "", [SSSE, "00B2032806"], "9000"),
        ([rule("update", "SSSE/EF05")], "", [SSSE, "00DC032C0603043330303030"], "6982"),
        ([rule("select", "DF04")], "", [SSSE, DF04], "9000"),
        ([rule("select", "SSSE")], "", [SSSE], "9000"),
        ([rule("select", "SSSE")], "", [DF01], "9000"),
        ([rule("purse", "DF04")], "", [DF04, "B026000104"], "6982"),
        ([rule("select", "PKI")], "pki_application = true\n", [PKI], "9000"),
        ([rule("select", "PKI")], "pki_application = true\n", [CERTIFICATES], "9000"),
    ],
)
def test_enforced_at_one_interface(rules: list[str], head: str, apdus: list[str], open_answer: str) -> None:
    bound, plain = made(*rules, head=head), made(head=head)
    for card, at, answer in (
        (bound, CONTACT, open_answer),
        (bound, CONTACTLESS, "6985"),
        (plain, CONTACT, open_answer),
        (plain, CONTACTLESS, open_answer),
        (bound, CONTACT, open_answer),
    ):
        card.present(at)
        assert sw(card, *apdus) == answer


def test_the_purse_may_be_bound_to_contactless() -> None:
    card = made(rule("purse", "DF04", "contactless"))
    assert sw(card, DF04, "B026000104") == "6985"
    card.present(CONTACTLESS)
    assert sw(card, DF04, "B026000104") == "6982"


def test_what_is_not_bound_is_as_before() -> None:
    card = made(rule("read", "SSSE/EF05"), rule("select", "DF04"))
    card.present(CONTACTLESS)
    assert sw(card, SSSE) == "9000"
    assert sw(card, SSSE, "00B2083412") == "6982"
    assert sw(card, DF01) == "9000"


def test_kept_in_an_image_and_absent_from_others() -> None:
    text = image.dump(made(rule("read", "SSSE/EF05")))
    assert image.dump(image.load(text)) == text
    assert '"3F00/DDF1/EF05"' in text
    assert "bound" not in image.dump(personalized_card())
    with pytest.raises(Exception, match="IMAGE-DAMAGED"):
        image.load(text.replace('"contact"\n', "1\n").replace('"read",', ""))


@pytest.mark.parametrize("interface", list(Interface))
def test_reading_at_the_counter_goes_on_without_the_file(interface: Interface) -> None:
    card = made(rule("read", "SSSE/EF05"))
    profile = profile_with(rule("read", "SSSE/EF05"))
    card.present(interface)
    channel = Channel(card)
    session = CardSession(channel, profile, identify(channel))
    outcomes = {result.file.name: result.outcome for result in read_files(session, targets(profile, ("SSSE",)))}
    assert outcomes["EF05"] is (Outcome.READ if interface is CONTACT else Outcome.DENIED)
    assert outcomes["EF1E"] is Outcome.READ


@pytest.mark.parametrize(
    ("rules", "refused"), [([rule("update", "SSSE/EF05")], True), ([rule("purse", "DF04")], False)]
)
def test_cards_are_made_over_their_contacts(rules: list[str], refused: bool) -> None:
    profile = profile_with(*rules)
    require_blank(Channel(SoftwareCard.blank(1, options=options_for(profile))), profile)
    channel = Channel(SoftwareCard.blank(1, options=options_for(profile), interface=CONTACTLESS))
    if not refused:
        require_blank(channel, profile)
        return
    with pytest.raises(GuardRefused) as error:
        require_blank(channel, profile)
    assert error.value.key == "card-contactless"
    assert error.value.fields["rules"] == "SSSE/EF05 update contact"


@pytest.mark.parametrize(
    ("rules", "key"),
    [
        ([rule("read", "SSSE/EF55")], "profile-bound-place"),
        ([rule("read", "SSSE")], "profile-bound-place"),
        ([rule("select", "SSSE/EF05")], "profile-bound-place"),
        ([rule("select", "DF99")], "profile-bound-place"),
        ([rule("read", "PKI")], "profile-bound-place"),
        ([rule("read", "SSSE/EF05"), rule("read", "SSSE/EF05")], "profile-bound-twice"),
        ([rule("read", "SSSE/EF05", "contactless")], "profile-bound-made"),
        ([rule("select", "DF04", "contactless")], "profile-bound-made"),
        ([rule("read", "SSSE/EF05").replace('evidence = "test"\n', "")], "profile-missing"),
        ([rule("write", "SSSE/EF05")], "profile-choice"),
        ([rule("select", "PKI")], "profile-bound-place"),
    ],
)
def test_rules_that_cannot_stand(rules: list[str], key: str) -> None:
    with pytest.raises(ProfileError) as error:
        profile_with(*rules)
    assert error.value.key == key
    assert error.value.parts("zh") != error.value.parts("en")


def test_a_difference_between_profiles_is_told() -> None:
    found = changes(profile_with(), profile_with(rule("read", "SSSE/EF05")))
    assert [(change.node.place, change.after) for change in found] == [("bound/SSSE/EF05/read", "only contact")]


def test_no_profile_of_the_toolkit_binds_anything() -> None:
    from sscard.cos.profile import load_profile, profile_names

    assert [name for name in profile_names() if load_profile(name).bounds] == []


@pytest.fixture
def personalize() -> Callable[[Profile], SoftwareCard]:
    """A card really made for a profile: plan, runner and proof over its contacts."""
    from sscard.cos.dialect import load_dialect
    from sscard.personalize.plan import compile_profile
    from sscard.personalize.runner import Runner
    from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog, sample_keys

    def make(profile: Profile) -> SoftwareCard:
        card = SoftwareCard.blank(7, area=REGION[:4], options=options_for(profile))
        channel, dialect = Channel(card), load_dialect(profile.dialect)
        plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
        Runner(channel, dialect, sample_keys(profile), channel.atr.card_factor).run(plan, NoLog())
        card.reset()
        return card

    return make


def test_a_bound_card_is_made_and_proved_over_its_contacts(personalize: Callable[[Profile], SoftwareCard]) -> None:
    card = personalize(profile_with(rule("update", "SSSE/EF05"), rule("select", "DF04")))
    assert sw(card, DF04) == "9000"
    card.present(CONTACTLESS)
    assert sw(card, DF04) == "6985"
