"""Profiles of the older generations and the informative annex against tables of our own, and differences as such."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from sscard.cos.model import Item, KeyKind, Profile, Structure
from sscard.cos.profile import directory_entry, load_profile, overlay_names, profile_names, read_profile
from sscard.errors import ProfileError
from sscard.keys.family import Algorithm

# First generation, written down from the code table: "tag type length", dec = decimal number in cn.
FIRST = {
    "SSSE EF05": "01 cn 10, 02 an 01, 03 an 04, 04 cn 0C, 05 cn 04, 06 cn 04, 07 an 09",
    "SSSE EF06": "08 an 12, 09 an 1E, 0A an 01, 0B cn 01, 0C cn 03, 0D cn 04",
    "DF01 EF05": "20 an 01, 21 an 3E, 22 an 12",
    "DF01 EF06": "25 an 3E, 26 an 12, 27 cn 03, 28 an 0F",
    "DF01 EF07": "29 an 01",
    "DF01 EF08": "2B an 01",
    "DF01 EF09": "2E an 3E, 2F an 08, 30 an 09, 31 an 01, 32 an 03",
    "DF01 EF0A": "37 dec 04, 38 dec 04, 39 cn 04",
    "DF02 EF05": "40 B-TLV 34 {57 an 03, 58 cn 03, 59 an 28}, 41 B-TLV 34 {57 an 03, 58 cn 03, 59 an 28}, 42 cn 03, "
    "43 B-TLV 1D {5A cn 07, 5B cn 01, 5C an 09, 5D cn 04}, 44 B-TLV 1D {5A cn 07, 5B cn 01, 5C an 09, 5D cn 04}",
    "DF02 EF06": "4B cn 04, 4C cn 04, 60 cn 04, 4D cn 04, 4F cn 04, 50 cn 04, 3A an 07",
    "DF02 EF08": "52 cn 0A, 53 an 3E, 94 an 08, 54 cn 04",
    "DF02 EF09": "55 cn 0A, 56 an 3E, 95 an 08, 96 cn 04, 97 cn 04",
    "DF03 EF05": "60 cn 04, 98 cn 04, 61 dec 04, 62 cn 04, 63 an 03, 64 an 03, 65 dec 03, 66 dec 03",
    "DF03 EF06": "67 cn 04, 68 an 3E, 69 an 3E, 6A an 10, 6B an 3C",
    "DF03 EF07": "6C cn 04, 6D dec 04, 6E cn 04, 6F cn 04, 70 an 03, 71 dec 04, 72 dec 04, 73 cn 04",
    "DF04 EF05": "80 cn 04, 81 an 3E, 82 an 08, 83 an 09, 84 an 3E, 85 an 08, 86 an 09, 87 an 3E, 88 an 08, 89 an 09, "
    "8A an 0F, 8B an 0A, 8C an 01, 8F an 01",
    "DF04 EF06": "90 dec 04, 92 dec 04, 93 dec 04",
}
FIRST_ACCESS = {
    "SSSE EF0B": ("free", "MKSSSE"),
    "SSSE EF05": ("free", "UKSSSE"),
    "SSSE EF06": ("free", "UKSSSE"),
    "SSSE EF07": ("free", "UKSSSE"),
    "DF01 EF05": ("PIN", "UK1DF01"),
    "DF01 EF06": ("PIN", "UK4DF01"),
    "DF01 EF07": ("PIN|UK2DF01", "UK2DF01"),
    "DF01 EF08": ("PIN", "UK3DF01"),
    "DF01 EF09": ("PIN|UK2DF01", "UK2DF01"),
    "DF01 EF0A": ("PIN", "UK5DF01"),
    "DF02 EF05": ("PIN|UK1DF02", "UK1DF02"),
    "DF02 EF06": ("PIN|UK2DF02", "UK2DF02"),
    "DF02 EF07": ("PIN|UK3DF02", "UK3DF02"),
    "DF02 EF08": ("PIN|UK4DF02", "UK4DF02"),
    "DF02 EF09": ("PIN|UK5DF02", "UK5DF02"),
    "DF03 EF05": ("PIN&RK2DF03", "UK1DF03"),
    "DF03 EF06": ("PIN", "UK2DF03"),
    "DF03 EF07": ("PIN&RK1DF03", "UK3DF03"),
    "DF04 EF05": ("PIN", "UK1DF04"),
    "DF04 EF06": ("PIN&RK1DF04", "UK2DF04"),
    "DF04 EF08": ("PIN", "never"),
}
FIRST_KEYS = {
    "SSSE": "PIN 00, IRK 00, STKSSSE 02, UKSSSE 04, BK 05, PUK 06",
    "DF01": "STKDF01 82, UK1DF01 83, UK2DF01 84, UK3DF01 85, UK4DF01 86, UK5DF01 87",
    "DF02": "STKDF02 82, UK1DF02 83, UK2DF02 84, UK3DF02 85, UK4DF02 86, UK5DF02 87",
    "DF03": "STKDF03 82, LKDF03 83, RK1DF03 84, RK2DF03 85, UK1DF03 86, UK2DF03 87, UK3DF03 88",
    "DF04": "STKDF04 82, LKDF04 83, RK1DF04 84, UK1DF04 85, UK2DF04 86, DSK 87, DLK 01, DPK 01, DTK 01",
}
# The informative annex: "tag type length", ×n where records repeat.
INFORMATIVE = {
    "DF05 EF05": "A0 an 01, A1 an 01, B9 an 01, A2 an 04, A9 cn 01, A3 B-TLV 18 ×5 {A5 an 10, A6 an 04}, "
    "A4 B-TLV 17 ×5 {A7 an 10, A8 an 03}, BA an 14, BB an 64, AA an 14, AB cn 04, "
    + "".join(f"{tag:02X} an 01, " for tag in (*range(0xAC, 0xB8), 0xBC))
    + "B8 an 28",
    "DF06 EF05": "C0 an 46, C2 an 09"
    + "".join(f", {tag} B-TLV 1A {{E3 cn 01, E4 cn 04, E5 cn 04, E6 cn 04, E7 cn 03}}" for tag in ("C3", "C4", "C5")),
    "DF06 EF06": "C6 an 46, C8 an 09, C9 cn 01, CA cn 04, CB cn 04, CC cn 04, CD cn 02, "
    "CE cn 01, CF cn 04, D0 cn 04, D1 cn 04, D2 cn 03, D3 cn 01, D4 cn 04, D5 cn 04, D6 cn 04, D7 cn 03, "
    "D8 cn 01, D9 cn 04, DA cn 04, DB cn 04, DC cn 04, DD cn 04, DE cn 04, DF cn 03, E0 cn 03, E1 cn 02, E2 cn 02",
}


def written(items: tuple[Item, ...], *, decimals: bool) -> str:
    parts = []
    for item in items:
        kind = "dec" if decimals and item.number and item.coding.value == "cn" else item.coding.value
        times = f" ×{item.count}" if item.count > 1 else ""
        members = f" {{{written(item.members, decimals=decimals)}}}" if item.members else ""
        parts.append(f"{item.tag:02X} {kind} {item.length:02X}{times}{members}")
    return ", ".join(parts)


def tables(profile: Profile, *, decimals: bool = True) -> dict[str, str]:
    return {
        f"{directory.name} {file.name}": written(file.items, decimals=decimals)
        for directory in profile.directories
        for file in directory.files
        if file.structure is Structure.VARIABLE
    }


def access(profile: Profile) -> dict[str, tuple[str, str]]:
    return {f"{d.name} {f.name}": (str(f.read), str(f.update)) for d in profile.directories for f in d.files}


def test_first_generation_items_are_all_there_and_no_others() -> None:
    assert tables(load_profile("ssc1-des")) == FIRST


def test_first_generation_rules() -> None:
    assert access(load_profile("ssc1-des")) == FIRST_ACCESS


def test_first_generation_other_files() -> None:
    profile = load_profile("ssc1-des")
    history, log = profile.directory("DF02").file("EF07"), profile.directory("DF04").file("EF08")
    assert (history.structure, history.size, history.record_length) == (Structure.CYCLIC, 4 * 0x55, 0x55)
    assert (log.structure, log.size, log.record_length) == (Structure.CYCLIC, 10 * 0x1C, 0x1C)
    assert profile.directory("SSSE").file("EF07").size == 0x300
    directory = profile.directory("SSSE").file("EF0B")
    assert (directory.structure, directory.sfi, len(directory.items)) == (Structure.DIRECTORY, 0x0B, 4)


def test_first_generation_keys() -> None:
    profile = load_profile("ssc1-des")
    found = {d.name: ", ".join(f"{slot.name} {slot.id:02X}" for slot in d.keys) for d in profile.directories}
    assert found == FIRST_KEYS


def test_continued_items_make_the_later_length() -> None:
    first, later = load_profile("ssc1-des"), load_profile("ssc3-sm4")
    pairs = {(0x21, 0x22): ("DF01", "EF05", 0x21), (0x25, 0x26): ("DF01", "EF06", 0x23)}
    pairs |= {(0x2E, 0x2F): ("DF01", "EF09", 0x2E), (0x56, 0x95): ("DF02", "EF09", 0x56)}
    lengths = {item.tag: item.length for d in first.directories for f in d.files for item in f.items}
    for tags, (directory, name, tag) in pairs.items():
        whole = next(item for item in later.directory(directory).file(name).items if item.tag == tag)
        assert sum(lengths[each] for each in tags) == whole.length


@pytest.mark.parametrize(("name", "version"), [("ssc1-des", "1.00"), ("ssc2-des", "2.00")])
def test_heads_of_the_des_generations(name: str, version: str) -> None:
    profile = load_profile(name)
    assert (profile.name, profile.generation, profile.constants["version"]) == (name, version, version)
    assert (profile.algorithm, profile.dialect) == (Algorithm.DES, "t514")
    assert profile.algorithm_in_fci is (name != "ssc1-des")
    lengths = {slot.kind: profile.key_length(slot) for d in profile.directories for slot in d.keys}
    assert lengths.pop(KeyKind.MAINTENANCE) == 8
    assert set(lengths.values()) == {16}


def test_second_generation_differs_in_one_rule_from_the_third() -> None:
    second, third = load_profile("ssc2-des"), load_profile("ssc3-sm4")
    assert tables(second) == tables(third)
    changed = {place for place, rule in access(second).items() if rule != access(third)[place]}
    assert changed == {"SSSE EF06"}
    assert access(second)["SSSE EF06"] == ("free", "UKSSSE")
    assert second.digest != third.digest


@pytest.mark.parametrize("base", ["ssc2-des", "ssc3-sm4"])
def test_the_informative_annex_on_a_profile(base: str) -> None:
    profile, plain = load_profile(f"{base}+overlay-informative"), load_profile(base)
    assert profile.name == f"{base}+overlay-informative"
    assert {
        place: table for place, table in tables(profile, decimals=False).items() if place not in tables(plain)
    } == INFORMATIVE
    added = {place: rule for place, rule in access(profile).items() if place not in access(plain)}
    assert added == {
        "DF05 EF05": ("free", "UK1DF05"),
        "DF06 EF05": ("RK1DF06", "UK1DF06"),
        "DF06 EF06": ("RK1DF06", "UK2DF06"),
    }
    df05 = profile.directory("DF05")
    assert (df05.aid, df05.fid) == (b"", 0xDF05)
    assert directory_entry(df05) == b"\x50\x10" + "生命与健康信息区".encode("gbk")
    entries = [item.source for item in profile.directory("SSSE").file("EF1E").items]
    assert entries == [f"directory:DF0{n}" for n in (1, 2, 3, 4, 7, 5, 6)]
    ids = {slot.name: slot.id for name in ("DF05", "DF06") for slot in profile.directory(name).keys}
    assert ids == {
        "STKDF05": 0x82, "UK1DF05": 0x83, "STKDF06": 0x82, "LKDF06": 0x8F, "RK1DF06": 0x83, "UK1DF06": 0x85,
        "UK2DF06": 0x86,
    }  # fmt: skip


def test_overlays_are_no_profiles() -> None:
    assert overlay_names() == ("overlay-informative", "overlay-pki")
    assert not set(overlay_names()) & set(profile_names())
    with pytest.raises(ProfileError) as caught:
        load_profile("overlay-informative")
    assert caught.value.key == "overlay-alone"
    with pytest.raises(ProfileError) as caught:
        load_profile("ssc2-des+ssc3-sm4")
    assert caught.value.key == "overlay-not-one"


def profile_at(folder: Path, text: str) -> Path:
    path = folder / "ours.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_difference_removes_replaces_and_adds(tmp_path: Path) -> None:
    path = profile_at(
        tmp_path,
        """
        extends = "ssc2-des"
        name = "ours"
        [constants]
        note = "x"
        [[remove]]
        at = ["DF01/EF15/40/59", "DF07/EF07", "DF07/RK3DF07"]
        [[remove]]
        at = "DF07/UK3DF07"
        [[replace]]
        at = "DF01/EF15/40"
        length = 0x0A
        [[add]]
        at = "DF01/EF05"
        after = "20"
        items = [{ tag = 0xEA, type = "an", length = 2, zh = "本地", en = "local" }]
        """,
    )
    profile = load_profile(path)
    degree = profile.directory("DF01").file("EF15").items[1]
    assert [member.tag for member in degree.members] == [0x57, 0x58]
    assert [item.tag for item in profile.directory("DF01").file("EF05").items] == [0x20, 0xEA, 0x21, 0x0E]
    assert [file.name for file in profile.directory("DF07").files] == ["EF05", "EF06"]
    assert "UK3DF07" not in {slot.name for slot in profile.directory("DF07").keys}
    assert profile.constants == {"card_class": "3", "version": "2.00", "note": "x"}
    assert profile.algorithm is Algorithm.DES


def test_a_difference_may_extend_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('extends = "ssc2-des"\nname = "base"\nchip_bytes = 100000\n', "utf-8")
    profile = load_profile(profile_at(tmp_path, 'extends = "base.toml"\nname = "ours"\n'))
    assert (profile.name, profile.chip_bytes, profile.algorithm) == ("ours", 100000, Algorithm.DES)


def test_the_digest_covers_every_file(tmp_path: Path) -> None:
    base = tmp_path / "base.toml"
    path = profile_at(tmp_path, 'extends = "base.toml"\nname = "ours"\n')
    base.write_text('extends = "ssc2-des"\nname = "base"\n', "utf-8")
    before = load_profile(path).digest
    base.write_text('extends = "ssc2-des"\nname = "base"\n# edited\n', "utf-8")
    assert load_profile(path).digest != before != hashlib.sha256(path.read_bytes()).hexdigest()


BROKEN = {
    "remove nothing": ('[[remove]]\nat = ["DF01/EF99"]', "overlay-absent", "DF01/EF99"),
    "replace nothing": ('[[replace]]\nat = "DF01/EF05/99"\nlength = 3', "overlay-absent", "DF01/EF05/99"),
    "add into nothing": ('[[add]]\nat = "DF09"\nkeys = []', "overlay-absent", "DF09"),
    "add behind nothing": ('[[add]]\nafter = "DF09"\ndirectory = []', "overlay-absent", "DF09"),
    "add what is there": ('[[add]]\nat = "DF02"\nfile = [{ name = "EF05" }]', "overlay-taken", "DF02/EF05"),
    "add an entry twice": ('[[add]]\nat = "SSSE/EF1E"\nentries = ["DF01"]', "overlay-taken", "SSSE/EF1E/DF01"),
    "add a value": ('[[add]]\nat = "DF02"\nfid = 3', "profile-unknown-value", "add[1]/fid"),
    "unknown value": ('[[replace]]\nat = "DF02"\nfidd = 3', "profile-unknown-value", "DF02/fidd"),
    "unknown step": ('[[change]]\nat = "DF02"', "profile-unknown-value", "change"),
    "no place": ("[[remove]]\nat = 3", "profile-kind", "remove[1]/at"),
    "no list": ("remove = 3", "profile-kind", "remove"),
    "a right that is gone": ('[[remove]]\nat = ["DF02/UK1DF02"]', "profile-right", "DF02/EF05/update"),
    "key length": ("key_lengths = { maintenance = 7 }", "profile-range", "key_lengths/maintenance"),
    "key kind": ("key_lengths = { updater = 8 }", "profile-choice", "key_lengths/updater"),
    "nameless DDF": ('[[replace]]\nat = "PSE"\naid = ""', "profile-range", "PSE/aid"),
    "nameless apart": (
        '[[add]]\nafter = "DF01"\n[[add.directory]]\nname = "X"\nkind = "ADF"\nparent = "PSE"\nfid = 0xDF0A\n'
        'label = "x"\n'
        'zh = "x"\nen = "x"\nmaster = { name = "MKX", id = 0, tries = 3, zh = "x", en = "x" }',
        "profile-label-only",
        "X",
    ),
    "extends itself": ('extends = "ours.toml"', "overlay-circle", ""),
    "extends nothing": ('extends = "ssc9"', "profile-unknown", ""),
    "extends an overlay": ('extends = "overlay-informative"', "overlay-alone", ""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_difference_is_refused_with_file_and_place(case: str, tmp_path: Path) -> None:
    text, rule, place = BROKEN[case]
    base = "" if "extends =" in text else 'extends = "ssc3-sm4"\n'
    with pytest.raises(ProfileError) as caught:
        load_profile(profile_at(tmp_path, f'name = "ours"\n{base}{text}\n'))
    assert (caught.value.key, caught.value.fields.get("place", "")) == (rule, place)
    if rule not in ("profile-unknown", "overlay-alone"):
        assert "ours.toml" in caught.value.parts("en")[0]
    assert all(caught.value.parts(lang)[1] for lang in ("zh", "en"))


def test_the_annex_does_not_go_on_the_first_generation() -> None:
    with pytest.raises(ProfileError) as caught:
        load_profile("ssc1-des+overlay-informative")
    assert (caught.value.key, caught.value.fields["place"]) == ("overlay-absent", "SSSE/EF1E")


def test_reading_leaves_contradictions_for_lint(tmp_path: Path) -> None:
    path = profile_at(tmp_path, 'extends = "ssc3-sm4"\nname = "ours"\nchip_bytes = 100\n')
    assert read_profile(path)[0].chip_bytes == 100
    with pytest.raises(ProfileError):
        load_profile(path)
