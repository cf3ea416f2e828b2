"""Load lists, loading and its breaks, advice, forms."""

from __future__ import annotations

from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.apdu.transport import Channel
from sscard.cos.psam import ApplicationInfo, Authority, PsamType
from sscard.emulator import image
from sscard.emulator.powered import PoweredCard
from sscard.emulator.psam.chip import PsamChip
from sscard.emulator.tearing import Tear
from sscard.errors import CardRemoved, CustodyError, GuardRefused, ProfileError, StatusError
from sscard.keys import catalog
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import DemoKey, memory_service
from sscard.psam.advice import advise, least_list
from sscard.psam.entries import Decision, PsamEntry, Request, State
from sscard.psam.forms import list_form, render_html, render_text, request_form
from sscard.psam.loader import LoadOrder, load_psam
from sscard.psam.loadlist import official_keys, parse_list, read_list
from sscard.psam.reader import Psam, fold_mac
from sscard.psam.uses import declared, needed
from tests.psam.conftest import REGION, TERMINAL, blank, full, load, load_list, user_card, vault

OWN_KEY = """
format = 1
authority = "city"
city = "990101"
algorithm = "SM4"
purpose = "自助终端"
count = 1
supplier = "测试供应商"
services = []
start = "20260101"
end = "20301231"

[[key]]
name = "UKMFEF0D"
class = 8
id = 0x1A
level = "city"
load = true
"""


def psam(card: PoweredCard[Any], algorithm: Algorithm = Algorithm.SM4) -> Psam:
    return Psam(Channel(card), algorithm)


def test_exactly_the_listed_keys_are_loaded(algorithm: Algorithm) -> None:
    card = blank(algorithm)
    load(card, load_list(Authority.NATIONAL, algorithm, ["purchase"]))
    found = {(key.name, str(key.place)) for key in psam(card, algorithm).present()}
    assert found == {("IRK", "67/08"), ("RK1DF04", "67/2D"), ("UK2DF04", "67/2A"), ("DPK", "62/01")}
    facts = psam(card, algorithm).facts()
    assert (facts.terminal, facts.public.type, facts.public.issuer) == (TERMINAL, PsamType.ORDINARY, 1)
    assert facts.information == {Authority.NATIONAL: ApplicationInfo(1, 1, "20260101", "20301231")}
    assert [facts.valid(day) for day in ("20251231", "20260101", "20301231", "20310101")] == [False, True, True, False]
    load(card, load_list(Authority.PROVINCE, algorithm, ["pin-service"]))
    assert {key.name for key in psam(card, algorithm).present()} == {"IRK", "RK1DF04", "UK2DF04", "DPK", "PUK"}


def test_a_key_that_is_there_is_refused_and_nothing_is_written(algorithm: Algorithm) -> None:
    card = blank(algorithm)
    load(card, load_list(Authority.NATIONAL, algorithm, ["purchase"]))
    before = [list(stored) for stored in card.chip.environments[-1].keys.values()]
    state = dict(card.chip.cells())
    with pytest.raises(GuardRefused, match="PSAM-KEY-THERE"):
        load(card, load_list(Authority.NATIONAL, algorithm, ["read-insurance"]))
    assert state == dict(card.chip.cells())
    assert before == [list(stored) for stored in card.chip.environments[-1].keys.values()]


def test_a_key_is_replaced_by_an_explicit_word_only() -> None:
    card = blank(Algorithm.SM4)
    load(card, load_list(Authority.NATIONAL, Algorithm.SM4, ["identify"]))
    key = card.chip.environments[2].keys[0x11][0]
    key.value = b"an older value.."
    order = load_list(Authority.NATIONAL, Algorithm.SM4, ["identify"])
    with pytest.raises(GuardRefused, match="PSAM-NOTHING-TO-REPLACE"):
        load(card, order, replace=frozenset({"IRK", "DPK"}))
    assert key.value == b"an older value.."
    load(card, order, replace=frozenset({"IRK"}))
    assert key.value != b"an older value.."


@pytest.mark.parametrize("when", list(Tear))
def test_a_loading_broken_off_anywhere_ends_like_one_that_was_not(when: Tear) -> None:
    order = load_list(Authority.NATIONAL, Algorithm.SM4, ["purchase"])
    whole = blank(Algorithm.SM4)
    load(whole, order)
    wanted = dict(whole.chip.cells())
    torn = 0
    for after in range(1, whole.commands + 1, 2):
        card = blank(Algorithm.SM4)
        begun: list[bool] = []
        card.tear(after, when, 3)
        try:
            load_psam(psam(card), vault(Algorithm.SM4), LoadOrder(order, TERMINAL), partial(begun.append, True))
        except CardRemoved:
            torn += 1
        card.reset()
        card = image.load(image.dump(card))
        if torn:
            resumed = LoadOrder(order, TERMINAL, resumed=bool(begun))
            load_psam(psam(card), vault(Algorithm.SM4), resumed, lambda: None)
        got = dict(card.chip.cells())
        assert got.pop("counter") >= wanted["counter"]
        assert got == {place: value for place, value in wanted.items() if place != "counter"}
    assert torn > 20


def test_other_keys_do_not_open_a_psam() -> None:
    card = blank(Algorithm.SM4)
    order = LoadOrder(load_list(Authority.NATIONAL, Algorithm.SM4, ["identify"]), TERMINAL)
    with pytest.raises(Exception, match="WRONG-SECRET"):
        load_psam(psam(card), memory_service(seed=5), order, lambda: None)
    assert not list(psam(card).present())


def test_a_proof_that_fails_is_told() -> None:
    card = blank(Algorithm.SM4)
    keys, order = vault(Algorithm.SM4), LoadOrder(load_list(Authority.NATIONAL, Algorithm.SM4, ["purchase"]), TERMINAL)
    reset = card.reset

    def damaged() -> bytes:
        card.chip.environments[2].keys[0x11][0].value = bytes(16)
        return reset()

    card.reset = damaged  # type: ignore[method-assign]
    with pytest.raises(GuardRefused, match="PSAM-PROOF"):
        load_psam(psam(card), keys, order, lambda: None)


def test_number_and_cipher_are_checked_first(algorithm: Algorithm) -> None:
    card = blank(algorithm)
    with pytest.raises(GuardRefused, match="PSAM-NUMBERLESS"):
        load(card, load_list(Authority.PROVINCE, algorithm, ["pin-service"]))
    load(card, load_list(Authority.NATIONAL, algorithm, ["identify"]))
    order = LoadOrder(load_list(Authority.NATIONAL, algorithm, ["read-medical"]), "990101999999")
    with pytest.raises(GuardRefused, match="PSAM-NUMBER-OTHER"):
        load_psam(psam(card, algorithm), vault(algorithm), order, lambda: None)
    other = Algorithm.DES if algorithm is Algorithm.SM4 else Algorithm.SM4
    wrong = LoadOrder(load_list(Authority.NATIONAL, other, ["read-medical"]), TERMINAL)
    with pytest.raises(GuardRefused, match="PSAM-ALGORITHM-LIST"):
        load_psam(psam(card, algorithm), vault(algorithm), wrong, lambda: None)
    with pytest.raises(CustodyError, match="KEY-MISSING"):
        load(card, parse_list(OWN_KEY.replace("SM4", algorithm.name), "own.toml"))


def test_a_key_of_the_citys_own() -> None:
    card = blank(Algorithm.SM4)
    load(card, load_list(Authority.NATIONAL, Algorithm.SM4, ["identify"]))
    keys = memory_service(REGION, extra=[DemoKey("UKMFEF0D", catalog.Level.LOCAL, 1, 16)])
    load_psam(psam(card), keys, LoadOrder(parse_list(OWN_KEY, "own.toml"), TERMINAL), lambda: None)
    (key,) = card.chip.environments[2].keys[0x13]
    assert (key.usage.byte, key.id) == (0x28, 0x1A)


def replaced(old: str, new: str) -> str:
    text = least_list(
        Authority.NATIONAL, ["identify"], city=REGION, algorithm=Algorithm.SM4, start="20260101", end="20301231"
    )
    assert old in text
    return text.replace(old, new, 1)


LINES = {line for line in replaced("", "").splitlines() if " = " in line and "[" not in line.partition(" = ")[0]}


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ('city = "990101"', 'city = "9901"', "PSAM-LIST-FORM", "city"),
        ('end = "20301231"', 'end = "20301331"', "PSAM-LIST-FORM", "end"),
        ('end = "20301231"', 'end = "20201231"', "PSAM-LIST-PERIOD", "end"),
        ('name = "IRK"', 'name = "PUK"', "PSAM-LIST-AUTHORITY", "PUK"),
        ('name = "IRK"', 'name = "OURS1"', "PROFILE-MISSING", "OURS1"),
        ('name = "IRK"', 'name = "STKDF01"', "PSAM-LIST-TWICE", "STKDF01"),
        ("load = true", "load = false", "PSAM-LIST-EMPTY", "key"),
        ("load = true", "load = true\nclass = 6", "PSAM-LIST-CLASS", "IRK"),
        ("load = true", "load = true\nversion = 2", "PSAM-LIST-VERSION", "IRK"),
        ("load = true", "load = true\nfree = 1", "PROFILE-UNKNOWN-VALUE", "IRK"),
        ('services = ["identify"]', 'services = ["all"]', "PROFILE-CHOICE", "services"),
        ('authority = "national"', 'authority = "bank"', "PROFILE-CHOICE", "authority"),
        ("format = 1", "format = 2", "PROFILE-RANGE", "format"),
        ("format = 1", "format 1", "PSAM-LIST-TOML", ""),
    ],
)
def test_lists_that_are_refused(old: str, new: str, code: str, place: str) -> None:
    with pytest.raises(ProfileError) as refused:
        parse_list(replaced(old, new), "annex11.toml")
    assert refused.value.code == code
    assert refused.value.fields["file"] == "annex11.toml"
    assert place in str(refused.value.fields.get("place", ""))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("id = 0x1A", "id = 0x2D", "PSAM-LIST-ID"),
        ('level = "city"', 'level = "nation"', "PSAM-LIST-ID"),
        ("class = 8", "class = 2", "PSAM-LIST-CLASS"),
        ("class = 8", "class = 5", "PSAM-LIST-CLASS"),
    ],
)
def test_own_keys_that_are_refused(old: str, new: str, code: str) -> None:
    with pytest.raises(ProfileError, match=code):
        parse_list(OWN_KEY.replace(old, new), "own.toml")


def test_a_local_key_has_no_national_root() -> None:
    text = least_list(
        Authority.PROVINCE, ["pin-service"], city=REGION, algorithm=Algorithm.SM4, start="20260101", end="20301231"
    )
    with pytest.raises(ProfileError, match="PSAM-LIST-LEVEL"):
        parse_list(text.replace('level = "province"', 'level = "nation"', 1), "x")


def test_a_full_list_must_say_that_it_is_for_debugging(tmp_path: Any) -> None:
    text = least_list(
        Authority.NATIONAL, [], city=REGION, algorithm=Algorithm.SM4, start="20260101", end="20301231", debug=True
    )
    order = parse_list(text, "x")
    assert (order.full, order.debug, sum(1 for _ in order.chosen())) == (True, True, 41)
    with pytest.raises(ProfileError, match="PSAM-LIST-FULL"):
        parse_list(text.replace("debug = true", "debug = false"), "x")
    path = tmp_path / "list.toml"
    path.write_bytes(text.encode("gb18030"))
    with pytest.raises(ProfileError, match="PSAM-LIST-TOML"):
        read_list(path)


def test_every_key_of_the_55_serves_a_use_and_every_use_lets_the_card_prove_itself() -> None:
    names = {row.name for row in catalog.load()}
    assert needed(use.name for use in declared()) == names
    assert all("IRK" in use.keys for use in declared())
    assert len({use.name for use in declared()}) == len(declared())
    assert len(official_keys(Authority.NATIONAL)) == 39
    assert len(official_keys(Authority.PROVINCE)) == 16


def test_advice_names_what_a_pharmacy_does_not_need() -> None:
    text = replaced('services = ["identify"]', 'services = ["purchase"]')
    row = text.index('name = "STKDF02"')
    text = text[:row] + text[row:].replace("load = false", "load = true", 1)
    advice = advise(parse_list(text, "x"))
    assert advice.surplus == ("STKDF02",)
    assert advice.lacking == ("UK2DF04", "DPK", "RK1DF04")
    assert not advice.fits
    for authority in (Authority.NATIONAL, Authority.PROVINCE):
        assert advise(load_list(authority, Algorithm.SM4, ["pin-service"])).fits
    with pytest.raises(ValueError, match="authority"):
        least_list(Authority.CITY, [], city=REGION, algorithm=Algorithm.SM4, start="20260101", end="20301231")


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.cells.append(data)


def test_annex_11_has_the_39_rows_in_their_order() -> None:
    form = list_form(load_list(Authority.NATIONAL, Algorithm.SM4, ["purchase"]))
    assert [row[0] for row in form.rows if row[3] == "1"] == [f"N{number}" for number in range(1, 40)]
    text = render_text(form)
    assert text.splitlines()[0] == "附件11 PSAM卡密钥加载清单"
    assert "N17   RK1DF04   医疗保险和医疗费用结算信息读取  1     国家  是" in text
    page = Cells()
    page.feed(render_html(form))
    assert page.open == []
    assert [cell for cell in page.cells if cell.startswith("N")] == [row[0] for row in form.rows]
    own = list_form(parse_list(OWN_KEY, "x"))
    assert own.rows == (("自行扩充", "UKMFEF0D", "", "1", "市", "是"),)


def test_annex_10_has_its_three_parts_and_escapes_what_people_wrote() -> None:
    request = Request(
        7, "national", REGION, "<药店>", 2, "测试供应商", "", "d1", "甲", "2026-01-02T03:04:05+00:00",
        Decision.APPROVED, "乙", "2026-01-05T00:00:00+00:00", "", 1,
    )  # fmt: skip
    blank_facts = dict.fromkeys(PsamEntry.__dataclass_fields__, "")
    facts = {"terminal": TERMINAL, "serial": "9" * 20, "issued": "2026-02-03T00:00:00+00:00", "keeper": "丁"}
    entry = PsamEntry(**(blank_facts | facts | {"request": 7, "debug": False, "state": State.ISSUED}))
    form = request_form(request, [entry])
    text = render_text(form)
    for word in (
        "申请单位及经办人  990101 甲",
        "省级审核意见      同意",
        "审核人            乙",
        TERMINAL,
        "2026-02-03",
    ):
        assert word in text
    assert "<药店>" in text
    assert "&lt;药店&gt;" in render_html(form)
    assert "<药店>" not in render_html(form)


def test_reading_a_psam_spends_no_try(algorithm: Algorithm) -> None:
    card = full(algorithm)
    before = dict(card.chip.cells())
    reader = psam(card, algorithm)
    reader.facts()
    assert len(list(reader.present())) == 57
    assert dict(card.chip.cells()) == before


def test_what_is_no_psam() -> None:
    with pytest.raises(GuardRefused, match="PSAM-ENVIRONMENT"):
        psam(user_card(Algorithm.SM4), Algorithm.SM4)
    with pytest.raises(GuardRefused, match="PSAM-NONE"):
        psam(user_card(Algorithm.DES), Algorithm.DES)
    card = full(Algorithm.SM4)
    card.chip.environments[2].contents[0x001A] = bytes.fromhex("0101") + b"\x99" * 8
    with pytest.raises(GuardRefused, match="PSAM-CONTENT"):
        psam(card).facts()
    card.chip.environments[2].own.clear()
    assert psam(card).holds(next(psam(full(Algorithm.SM4)).present()).place)


def test_macs_of_any_length_a_psam_may_answer() -> None:
    assert fold_mac(bytes.fromhex("01020304")).hex() == "01020304"
    assert fold_mac(bytes.fromhex("0102030405060708")).hex() == "01020304"
    assert fold_mac(bytes(12) + b"\1\2\3\4").hex() == "01020304"
    with pytest.raises(CustodyError, match="PSAM-ANSWER"):
        fold_mac(bytes(5))


def test_a_probe_that_tells_nothing_is_an_error() -> None:
    card = full(Algorithm.SM4)
    reader = psam(card)
    place = next(reader.present()).place
    card.chip.enter(card.chip.environments[1], inside=True)
    with pytest.raises(StatusError, match="6A81"):
        reader.holds(place)


def test_an_application_that_answers_to_its_fid_only() -> None:
    card = full(Algorithm.SM4)
    respond = card.respond

    def without_name(chip: PsamChip, apdu: bytes) -> bytes:
        named = apdu[:5] == bytes.fromhex("00A4040006")
        return bytes.fromhex("6A82") if named else respond(chip, apdu)

    card.respond = without_name
    assert psam(card).facts().terminal == TERMINAL


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_a_told_mistake(text: str) -> None:
    with pytest.raises(ProfileError):
        parse_list(text, "any.toml")


VALUES = ['""', "0", "-1", "true", '"nation"', "[]", "{}", '"99"', "999"]


@given(st.sampled_from(sorted(LINES)), st.sampled_from(VALUES))
def test_any_value_in_any_line_is_taken_or_told(line: str, value: str) -> None:
    name = line.partition(" = ")[0]
    text = replaced(line, f"{name} = {value}")
    try:
        taken = parse_list(text, "any.toml")
    except ProfileError as error:
        told = error.fields["file"]
    else:
        told = "any.toml" if list(taken.chosen()) else ""
    assert told == "any.toml"
