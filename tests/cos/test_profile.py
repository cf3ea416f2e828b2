"""The packaged profile against the tables of the standard, and every way a profile file can be wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from sscard.cos import coding
from sscard.cos.model import Coding, File, Item, KeyKind, Profile, Structure
from sscard.cos.profile import directory_entry, load_profile, profile_names
from sscard.errors import Exit, ProfileError
from sscard.messages import text

SOURCE = (files("sscard.cos") / "profiles" / "ssc3-sm4.toml").read_text(encoding="utf-8")

# Written down from the tables of the standard, not from the profile: "directory file" and its records, as
# tag type length, ×n for records that repeat, {…} for the members of a B-TLV, all numbers hexadecimal.
TABLES = {
    "SSSE EF05": "01 cn 10, 02 an 01, 03 an 04, 04 cn 0C, 05 cn 04, 06 cn 04, 07 an 09",
    "SSSE EF06": "08 an 12, 09 an 1E, 4E an 14, 0A an 01, 0B cn 01, 0C cn 03, 0D cn 04",
    "DF01 EF05": "20 an 02, 21 an 50, 0E cn 03",
    "DF01 EF06": "23 an 50, 24 cn 03, 28 an 0F, 2C an 32, 2D an 0F",
    "DF01 EF07": "29 an 01",
    "DF01 EF08": "2B an 01",
    "DF01 EF09": "2E an 46, 30 an 09, 32 an 02",
    "DF01 EF0A": "37 an 03, 38 an 02, 39 cn 04",
    "DF01 EF15": "2A cn 01, 40 B-TLV 34 ×3 {57 an 03, 58 cn 03, 59 an 28}",
    "DF02 EF05": "42 an 03, 41 an 03, "
    "43 B-TLV 6C ×2 {5A an 07, 5B an 01, 5C an 46, 5D cn 04, 5E an 10}, "
    "44 B-TLV 65 ×2 {33 an 03, 34 an 46, 35 cn 04, 36 an 10}",
    # tag 60 stands here and therefore not in DF03 EF05
    "DF02 EF06": "4C cn 04, 4B an 05, 4D cn 03, 60 cn 04, 4F an 06, 50 cn 03, 3A an 07",
    "DF02 EF09": "55 an 10, 56 an 46, 96 cn 04, 97 cn 03",
    "DF02 EF15": "99 B-TLV 10 ×4 {10 an 03, 11 cn 04, 12 cn 03}, 0F cn 04, 1F cn 03",
    "DF03 EF05": "61 cn 03, 98 cn 04, 62 cn 04, 63 an 03, 64 an 03, 65 an 03, 66 an 03",
    "DF03 EF06": "45 an 14, 46 an 02, 47 an 02, 48 an 01, 49 an 01, 67 cn 04, 6B an 3C, "
    "4A B-TLV 61 ×3 {13 an 02, 14 an 01, 15 an 14, 16 cn 04, 17 an 3C}",
    "DF03 EF07": "70 an 03, 71 cn 03, 6E cn 04, 6C cn 04, 6F cn 04, 73 cn 04",
    "DF03 EF15": "7A cn 03, 7B cn 04, 7C cn 04",
    "DF03 EF16": "51 cn 03, 5F an 01",
    "DF03 EF17": "3B an 14, 3C an 46, 3D an 01, 3E cn 04, 3F an 3C",
    "DF03 EF18": "74 an 03, 75 cn 03, 76 cn 01, 77 cn 04, 78 cn 04",
    "DF03 EF19": "79 B-TLV 27 ×4 {18 an 03, 19 cn 03, 1A cn 04, 1B cn 04, 1C cn 04, 1D an 03, 1E cn 04}",
    "DF04 EF05": "81 an 08, 84 cn 03, 87 an 11, 8C cn 01, 80 cn 04, 8B an 1D, 8A an 0F, "
    "83 an 09, 86 an 09, 89 an 09, 7D an 09, 7E an 09, 7F an 09, 8D an 09, 8E an 09, 8F an 01",
    "DF04 EF06": "90 an 01, 92 cn 04, 93 an 02",
    "DF07 EF05": "F0 an 02, F1 an 01, F2 cn 04, F3 an 03, F4 cn 04",
    "DF07 EF06": "F5 an 03, F6 cn 04, F7 an 46",
    "DF07 EF07": "F8 cn 04, F9 an 01",
}
# records × length and the fields of cyclic files
CYCLIC = {
    "DF02 EF07": (4, 0x55, "an 07, cn 04, cn 04, an 46"),
    "DF02 EF16": (4, 0x12, "an 03, cn 04, cn 04, cn 04, cn 03"),
    "DF04 EF08": (30, 0x1C, "b 02, an 01, cn 06, cn 07, b 04, b 04, b 04"),
    "DF04 EF15": (8, 0x03, "b 02, an 01"),
}
TRANSPARENT = {
    "SSSE EF07": 0x300,
    "SSSE EF08": 0x1000,
    **{f"DF01 EF{n}": 0x128 for n in ("16", "17", "18", "19", "1A")},
}
RECORDS = {"DF01 EF15": 4, "DF02 EF05": 6, "DF02 EF15": 6, "DF03 EF06": 10, "DF03 EF19": 4, "DF04 EF05": 16}
ACCESS = {
    "SSSE EF1E": ("free", "MKSSSE"),
    "SSSE EF05": ("free", "UKSSSE"),
    "SSSE EF06": ("RKSSSE", "UKSSSE"),
    "SSSE EF07": ("RKSSSE", "UKSSSE"),
    "SSSE EF08": ("RKSSSE", "UKSSSE"),
    **{
        f"DF01 EF{file}": ("PIN|RK1DF01", f"UK{key}DF01")
        for file, key in (("05", 1), ("06", 4), ("07", 2), ("08", 3), ("09", 2), ("0A", 5), ("15", 6))
    },
    **{
        f"DF01 EF{file}": ("free", f"UK{key}DF01")
        for file, key in (("16", 7), ("17", 8), ("18", 9), ("19", "A"), ("1A", "B"))
    },
    **{
        f"DF02 EF{file}": ("PIN|RK1DF02", f"UK{key}DF02")
        for file, key in (("05", 1), ("06", 2), ("07", 3), ("09", 4), ("15", 5), ("16", 6))
    },
    "DF03 EF05": ("PIN|RK2DF03", "UK1DF03"),
    **{
        f"DF03 EF{file}": ("PIN|RK1DF03", f"UK{key}DF03")
        for file, key in (("06", 2), ("07", 3), ("15", 4), ("16", 5), ("17", 6), ("18", 7), ("19", 8))
    },
    "DF04 EF05": ("PIN|RK1DF04", "UK1DF04"),
    "DF04 EF06": ("PIN&RK1DF04", "UK2DF04"),
    "DF04 EF08": ("PIN", "never"),
    "DF04 EF15": ("PIN|RK1DF04", "UK2DF04"),
    **{f"DF07 EF0{n + 4}": (f"RK{n}DF07", f"UK{n}DF07") for n in (1, 2, 3)},
    "PSE EF01": ("free", "MKPSE"),
    "DEBIT EF01": ("free", "MKDEBIT"),
}
EXTERNAL_KEYS = {
    "SSSE": "UKSSSE 04, BK 05, PUK 06, RKSSSE 0A",
    "DF01": "UK1 83, UK2 84, UK3 85, UK4 86, UK5 87, RK1 88, UK6 89, UK7 8A, UK8 8B, UK9 8C, UKA 8D, UKB 8E",
    "DF02": "UK1 83, UK2 84, UK3 85, UK4 86, UK5 87, RK1 88, UK6 89",
    "DF03": "LK 83, RK1 84, RK2 85, UK1 86, UK2 87, UK3 88, UK4 89, UK5 8A, UK6 8B, UK7 8C, UK8 8D",
    "DF04": "LK 83, RK1 84, UK1 85, UK2 86, DSK 87",
    "DF07": "RK1 83, RK2 84, RK3 85, UK1 86, UK2 87, UK3 88",
}


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("ssc3-sm4")


def the_file(profile: Profile, place: str) -> File:
    directory, _, name = place.partition(" ")
    return profile.directory(directory).file(name)


def written(items: tuple[Item, ...]) -> str:
    """Items in the notation of the tables above."""
    parts = []
    for item in items:
        times = f" ×{item.count}" if item.count > 1 else ""
        members = f" {{{written(item.members)}}}" if item.members else ""
        parts.append(f"{item.tag:02X} {item.coding.value} {item.length:02X}{times}{members}")
    return ", ".join(parts)


@pytest.mark.parametrize("place", TABLES)
def test_every_item_of_the_standard_is_there(profile: Profile, place: str) -> None:
    assert written(the_file(profile, place).items) == TABLES[place]


@pytest.mark.parametrize("place", CYCLIC)
def test_cyclic_files(profile: Profile, place: str) -> None:
    records, length, fields = CYCLIC[place]
    file = the_file(profile, place)
    assert (file.size, file.record_length) == (records * length, length)
    assert ", ".join(f"{item.coding.value} {item.length:02X}" for item in file.items) == fields
    assert {item.tag for item in file.items} == {0}


@pytest.mark.parametrize("place", TRANSPARENT)
def test_transparent_files(profile: Profile, place: str) -> None:
    file = the_file(profile, place)
    assert file.size == TRANSPARENT[place] == file.items[0].length
    assert file.structure is Structure.TRANSPARENT


def test_the_tables_cover_the_whole_profile(profile: Profile) -> None:
    places = {f"{directory.name} {file.name}" for directory in profile.directories for file in directory.files}
    assert places == {*TABLES, *CYCLIC, *TRANSPARENT, "SSSE EF1E", "PSE EF01", "DEBIT EF01"}
    assert places == set(ACCESS)


@pytest.mark.parametrize("place", ACCESS)
def test_access_rules(profile: Profile, place: str) -> None:
    file = the_file(profile, place)
    assert (str(file.read), str(file.update)) == ACCESS[place]


@pytest.mark.parametrize("place", RECORDS)
def test_record_counts(profile: Profile, place: str) -> None:
    records = list(the_file(profile, place).records())
    assert len(records) == RECORDS[place]
    assert [number for number, _, _ in records] == list(range(1, RECORDS[place] + 1))


def test_sizes_add_up(profile: Profile) -> None:
    assert the_file(profile, "SSSE EF05").size == 0x40
    assert the_file(profile, "SSSE EF06").size == 0x5B
    assert the_file(profile, "DF02 EF05").size == 0x1B4
    for directory in profile.directories:
        for file in directory.files:
            if file.structure.is_tlv:
                assert file.size == sum(2 + item.length for _, _, item in file.records()), file.name
            for item in file.items:
                if item.members:
                    assert item.length == sum(2 + member.length for member in item.members)


def test_file_numbers_follow_the_name(profile: Profile) -> None:
    for directory in profile.directories:
        for file in directory.files:
            assert f"EF{file.sfi:02X}" == file.name
            assert f"{file.fid:04X}" == file.name


def test_all_55_keys_of_the_catalogue_and_the_masters(profile: Profile) -> None:
    slots = [slot for directory in profile.directories for slot in directory.keys]
    assert len({slot.name for slot in slots if slot.kind is not KeyKind.PIN}) == 55
    assert [slot.name for slot in slots if slot.kind is KeyKind.PIN] == ["PIN"]
    masters = {directory.name: directory.master.name for directory in profile.directories}
    assert masters == {name: f"MK{name}" for name in masters}
    assert profile.card_master.name == "MKCARD"


@pytest.mark.parametrize("directory", EXTERNAL_KEYS)
def test_ids_of_the_keys_for_external_authentication(profile: Profile, directory: str) -> None:
    found = {slot.name: slot.id for slot in profile.directory(directory).keys if slot.kind is KeyKind.EXTERNAL}
    expected = {}
    for entry in EXTERNAL_KEYS[directory].split(", "):
        name, number = entry.split()
        expected[name if directory == "SSSE" or name == "DSK" else name + directory] = int(number, 16)
    assert found == expected


def test_keys_that_are_not_for_external_authentication(profile: Profile) -> None:
    kinds = {
        slot.name: (slot.kind, slot.id)
        for d in profile.directories
        for slot in d.keys
        if slot.kind is not KeyKind.EXTERNAL
    }
    assert kinds == {
        "PIN": (KeyKind.PIN, 0),
        "IRK": (KeyKind.INTERNAL, 0),
        "STKSSSE": (KeyKind.MAINTENANCE, 2),
        **{f"STKDF0{n}": (KeyKind.MAINTENANCE, 0x82) for n in (1, 2, 3, 4, 7)},
        "DLK": (KeyKind.LOAD, 1),
        "DPK": (KeyKind.PURCHASE, 1),
        "DTK": (KeyKind.TAC, 1),
    }
    assert profile.key("DPK")[1].versions == (1, 2, 3)
    assert profile.key("PIN")[1].tries == 6
    assert {slot.tries for d in profile.directories for slot in d.keys if slot.name != "PIN"} == {3}


def test_directories(profile: Profile) -> None:
    facts = {d.name: (d.fid, d.aid.hex().upper(), d.parent, d.is_ddf, d.lock_key) for d in profile.directories}
    assert facts == {
        "SSSE": (0xDDF1, "7378312E73682EC9E7BBE1B1A3D5CF", "", True, "BK"),
        "DF01": (0xDF01, "D15600000500", "SSSE", False, ""),
        "DF02": (0xDF02, "D15600000501", "SSSE", False, ""),
        "DF03": (0xDF03, "D15600000502", "SSSE", False, "LKDF03"),
        "DF04": (0xDF04, "D15600000503", "SSSE", False, "LKDF04"),
        "DF07": (0xDF07, "D15600000504", "SSSE", False, ""),
        "PSE": (0xDDF2, b"1PAY.SYS.DDF01".hex().upper(), "", True, ""),
        "DEBIT": (0xADF1, "A000000333010101", "PSE", False, ""),
    }
    assert profile.directory("SSSE").aid == "sx1.sh.社会保障".encode("gbk")


def test_dir_files_list_the_applications(profile: Profile) -> None:
    entry = directory_entry(profile.directory("DF01"))
    assert entry.hex().upper() == "4F06D15600000500500E" + "公共应用信息区".encode("gbk").hex().upper()
    items = the_file(profile, "SSSE EF1E").items
    assert [item.source for item in items] == [f"directory:DF0{n}" for n in (1, 2, 3, 4, 7)]
    assert {item.tag for item in items} == {0x61}
    assert items[0].length == len(entry)
    payment = the_file(profile, "PSE EF01").items[0]
    assert (payment.tag, payment.members[0].tag, payment.members[0].source) == (0x70, 0x61, "directory:DEBIT")
    assert payment.length == 2 + len(directory_entry(profile.directory("DEBIT")))


def test_sources_and_people(profile: Profile) -> None:
    items = [item for d in profile.directories for file in d.files for item in (*file.items, *sum_members(file))]
    sources = Counter(item.source for item in items if item.source and not item.source.startswith("directory:"))
    assert set(sources) == {
        "card_id", "card_class", "version", "init_org", "issue_date", "expire_date", "card_no",
        "ssn", "name", "name_extension", "sex", "ethnic", "birthplace", "birth", "bank_pan",
    }  # fmt: skip
    assert set(sources.values()) == {1}
    person = {item.tag for item in items if item.person and item.tag}
    assert {0x08, 0x09, 0x4E, 0x0D, 0x21, 0x23, 0x28, 0x2C, 0x2D, 0x5A, 0x8A, 0x8B, 0x87} <= person
    assert not person & {0x01, 0x05, 0x07, 0x0A, 0x20, 0x81}
    assert profile.constants == {"card_class": "3", "version": "3.00"}


def sum_members(file: File) -> list[Item]:
    return [member for item in file.items for member in item.members]


def test_every_item_has_both_names(profile: Profile) -> None:
    for directory in profile.directories:
        for file in directory.files:
            for item in (*file.items, *sum_members(file)):
                assert item.zh
                assert item.en.isascii()
                assert len(coding.blank(item)) == item.length


def test_head_and_digest(profile: Profile) -> None:
    assert profile_names() == ("pboc-purse", "ssc1-des", "ssc2-des", "ssc3-sm4", "training-fmcos", "training-smartcos")
    assert profile.stages == (
        "transport", "card-key", "environments", "handover", "applications", "payment", "holder", "pin", "seal",
        "verify",
    )  # fmt: skip
    assert (profile.generation, profile.algorithm.name, profile.dialect) == ("3.00", "SM4", "t514")
    assert profile.digest == hashlib.sha256(SOURCE.encode("utf-8")).hexdigest()
    assert sum(file.size for d in profile.directories for file in d.files) < profile.chip_bytes == 81920


def test_a_vendor_of_a_known_dialect_is_under_60_lines_of_data() -> None:
    """The vendor's profile, and even the table of its dialect; a whole structure is longer."""

    def lines(place: str) -> int:
        text = (files("sscard.cos") / place).read_text(encoding="utf-8")
        return sum(1 for line in text.splitlines() if line and line[0] != "#")

    assert max(lines("profiles/training-smartcos.toml"), lines("dialects/smartcos.toml")) < 60
    assert lines("profiles/training-fmcos.toml") > 60


def test_a_profile_may_be_a_file(tmp_path: Path, profile: Profile) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(SOURCE, encoding="utf-8")
    assert load_profile(path) == load_profile(str(path)) == profile


BROKEN = {
    "unknown right": ('update = "UK6DF01"', 'update = "UK6DF02"', "profile-right", "DF01/EF15/update"),
    "PIN without a PIN": (
        'read = "free"\nupdate = "MKDEBIT"',
        'read = "PIN"\nupdate = "MKDEBIT"',
        "profile-right",
        "DEBIT/EF01/read",
    ),
    "mixed rule": ('"PIN&RK1DF04"', '"PIN&RK1DF04|UK1DF04"', "profile-access", "DF04/EF06/read"),
    "member too long": (
        'tag = 0x57, type = "an", length = 0x03',
        'tag = 0x57, type = "an", length = 0x04',
        "profile-sum",
        "DF01/EF15/40",
    ),
    "cyclic sum": ("record_length = 0x1C", "record_length = 0x1B", "profile-sum", "DF04/EF08"),
    "transparent sum": ("size = 0x1000", "size = 0x1001", "profile-sum", "SSSE/EF08"),
    "tag twice": ("tag = 0x93", "tag = 0x92", "profile-repeated", "DF04/EF06/92"),
    "key id twice": (
        'name = "BK", kind = "external", id = 0x05',
        'name = "BK", kind = "external", id = 0x04',
        "profile-repeated",
        "SSSE/BK",
    ),
    "key name twice": ('name = "RK3DF07"', 'name = "RK2DF07"', "profile-repeated", "DF07/RK2DF07"),
    "fid twice": ("fid = 0xEF0A", "fid = 0xEF09", "profile-repeated", "DF01/EF0A"),
    "sfi twice": ("sfi = 0x0A", "sfi = 0x09", "profile-repeated", "DF01/EF0A"),
    "aid twice": ('"D15600000504"', '"D15600000503"', "profile-repeated", "DF07"),
    "directory fid twice": ("fid = 0xDF07", "fid = 0xDF04", "profile-repeated", "DF07"),
    "misspelt name": ("person = true }]", "persn = true }]", "profile-unknown-value", "SSSE/EF07/items[1]/persn"),
    "missing name": ('en = "photo"\nstructure', "structure", "profile-missing", "SSSE/EF08/en"),
    "type": ('type = "b", length = 0x300', 'type = "bin", length = 0x300', "profile-choice", "SSSE/EF07/items[1]/type"),
    "number as text": ("fid = 0xEF1E", 'fid = "EF1E"', "profile-kind", "SSSE/EF1E/fid"),
    "sfi out of range": ("sfi = 0x1E", "sfi = 0x1F", "profile-range", "SSSE/EF1E/sfi"),
    "aid is no hex": ('"D15600000501"', '"D1560000050"', "profile-kind", "DF02/aid"),
    "aid too short": ('"D15600000501"', '"D1560000"', "profile-range", "DF02/aid"),
    "unknown entry": ('"DF04", "DF07"]', '"DF04", "DF08"]', "profile-unknown-directory", "SSSE/EF1E/entries"),
    "unknown parent": (
        'name = "DEBIT"\nkind = "ADF"\nparent = "PSE"',
        'name = "DEBIT"\nkind = "ADF"\nparent = "PPSE"',
        "profile-unknown-directory",
        "DEBIT/parent",
    ),
    "lock key": ('lock_key = "LKDF03"', 'lock_key = "LKDF04"', "profile-right", "DF03/lock_key"),
    "chip": ("chip_bytes = 81920", "chip_bytes = 8192", "profile-chip", "chip_bytes"),
    "stated size too small": (
        'structure = "fixed"',
        'structure = "fixed"\nsize = 3',
        "profile-range",
        "DF03/EF19/size",
    ),
    "unequal fixed records": (
        'structure = "variable"\nread = "PIN|RK1DF04"',
        'structure = "fixed"\nread = "PIN|RK1DF04"',
        "profile-fixed",
        "DF04/EF05",
    ),
    "members of a plain item": (
        'tag = 0x40, type = "B-TLV"',
        'tag = 0x40, type = "b"',
        "profile-members",
        "DF01/EF15/40",
    ),
    "B-TLV without members": (
        'tag = 0x2B, type = "an"',
        'tag = 0x2B, type = "B-TLV"',
        "profile-members",
        "DF01/EF08/2B",
    ),
    "stage list": ('"seal", "verify"]', '"seal", 7]', "profile-kind", "stages"),
    "version list": ("versions = [1, 2, 3]", "versions = [0]", "profile-kind", "DF04/DPK/versions"),
    "flag": ("number = true }", 'number = "yes" }', "profile-kind", "DF03/EF05/63/number"),
    "algorithm": ('algorithm = "SM4"', 'algorithm = "AES"', "profile-choice", "algorithm"),
    "no TOML": ("[constants]", "[constants", "profile-toml", ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_profile_is_refused_with_file_and_place(case: str, tmp_path: Path) -> None:
    old, new, rule, place = BROKEN[case]
    assert old in SOURCE
    path = tmp_path / "broken.toml"
    path.write_text(SOURCE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    error = caught.value
    assert (error.key, error.fields.get("place", "")) == (rule, place)
    assert error.exit_code is Exit.USAGE
    for lang in ("zh", "en"):
        what, remedy = error.parts(lang)
        assert "broken.toml" in what
        assert place in what
        assert remedy


def test_profiles_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"PROFILE-UNKNOWN.*ssc3-sm4"):
        load_profile("ssc9")
    with pytest.raises(ProfileError, match="PROFILE-FILE"):
        load_profile(tmp_path / "none.toml")


def test_all_error_texts_have_a_remedy_in_both_languages() -> None:
    from sscard.messages.errors_cos import TEXTS as COS
    from sscard.messages.errors_terminal import TEXTS as TERMINAL

    for key in (*COS, *TERMINAL):
        for lang in ("zh", "en"):
            what, bar, remedy = text(f"errors.{key}", lang).partition("|")
            assert what
            assert bar
            assert remedy


def test_codings_are_named_as_in_the_standard() -> None:
    assert [coding.value for coding in Coding] == ["cn", "an", "b", "B-TLV"]
