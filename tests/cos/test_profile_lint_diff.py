"""Lint finds what it should and nothing on our own profiles; diff and sizes tell the whole change."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from sscard.cli import main
from sscard.cos.profile import load_profile, profile_names, read_profile
from sscard.cos.profile_diff import ChangeKind, changes, nodes, rooms
from sscard.cos.profile_lint import Severity, lint, require_sound
from sscard.errors import ProfileError


def findings(folder: Path, text: str) -> set[tuple[str, str, str]]:
    path = folder / "ours.toml"
    path.write_text(f'extends = "ssc3-sm4"\nname = "ours"\n{text}\n', encoding="utf-8")
    found = lint(*read_profile(path))
    for finding in found:
        assert all(all(finding.parts(lang)) for lang in ("zh", "en"))
        assert "ours.toml" in finding.parts("zh")[0]
    return {(finding.rule, finding.severity.value, finding.place) for finding in found}


@pytest.mark.parametrize("name", [*profile_names(), "ssc3-sm4+overlay-informative", "ssc2-des+overlay-informative"])
def test_our_own_profiles_are_clean(name: str) -> None:
    assert lint(*read_profile(name)) == ()


DIRECTORY = """
[[add]]
[[add.directory]]
name = "{name}"
kind = "ADF"
parent = "SSSE"
fid = {fid}
aid = "{aid}"
zh = "本地应用"
en = "local application"
master = {{ name = "MKLOCAL", id = 0, tries = 3, zh = "本地主控", en = "local master" }}
keys = [{{ name = "UKLOCAL", kind = "external", id = 0x83, tries = 3, zh = "本地更新", en = "local update" }}]
[[add.directory.file]]
name = "EF0C"
fid = 0xEF0C
sfi = 0x0C
zh = "本地文件"
en = "local file"
structure = "variable"
read = "free"
update = "UKLOCAL"
items = [{{ tag = {tag}, type = "an", length = 2, zh = "本地数据", en = "local data" }}]
"""
FILE = """
[[add]]
at = "DF04"
keys = [{{ name = "{key}", kind = "external", id = {id}, tries = 3, zh = "本地更新", en = "local update" }}]
[[add.file]]
name = "EF0X"
fid = {fid}
sfi = 0x0C
zh = "本地文件"
en = "local file"
structure = "variable"
read = "PIN"
update = "{key}"
items = [{{ tag = {tag}, type = "an", length = 2, zh = "本地", en = "local" }}]
"""
ITEM = """
[[add]]
at = "{at}"
items = [{{ tag = {tag}, type = "an", length = 2, zh = "本地", en = "local" }}]
"""


def directory(name: str = "DF0A", fid: str = "0xDF0A", aid: str = "D1560000990A", tag: str = "0xEA") -> str:
    return DIRECTORY.format(name=name, fid=fid, aid=aid, tag=tag)


def file(key: str = "UK6DF04", id: str = "0x88", fid: str = "0xEF0C", tag: str = "0xEB") -> str:
    return FILE.format(key=key, id=id, fid=fid, tag=tag)


def error(rule: str, place: str) -> tuple[str, str, str]:
    return rule, "error", place


CASES = {
    "a clean local directory": (directory(), set()),
    "a clean local file": (file(), set()),
    "a clean local item": (ITEM.format(at="DF01/EF05", tag="0xEC"), set()),
    "directory below DF0A": (directory("DF08", "0xDF08"), {error("lint-local-number", "DF08")}),
    "the informative FID": (
        directory("DFX", "0xDF05"),
        {error("lint-reused", "DFX"), error("lint-local-number", "DFX")},
    ),
    "the informative name": (
        directory("DF06"),
        {error("lint-reused", "DF06"), ("lint-id-unpublished", "warning", "DF06/UKLOCAL")},
    ),
    "a tag of the standard in a local directory": (
        directory(tag="0x57"),
        {error("lint-reused", "DF0A/EF0C/57")},
    ),
    "a tag of the informative annex": (directory(tag="0xA0"), {error("lint-reused", "DF0A/EF0C/A0")}),
    "file below EF0C": (file(fid="0xEF0B"), {error("lint-local-number", "DF04/EF0X")}),
    "a file of the standard": (
        '[[replace]]\nat = "DF04/EF15"\nzh = "本地记录"',
        {error("lint-reused", "DF04/EF15")},
    ),
    "a tag of the standard in a local file": (file(tag="0x21"), {error("lint-reused", "DF04/EF0X/21")}),
    "an alias of a national key": (file(key="UKMF"), {error("lint-reused", "DF04/UKMF")}),
    "a national key elsewhere": (
        file(key="UK1DF05"),
        {error("lint-reused", "DF04/UK1DF05")},
    ),
    "an id of the standard": (
        '[[remove]]\nat = ["DF04/EF15", "DF04/EF06", "DF04/UK2DF04"]' + file(id="0x86"),
        {error("lint-reused", "DF04/UK6DF04")},
    ),
    "an id of one province": (
        '[[remove]]\nat = ["DF04/DSK"]' + file(id="0x87"),
        {("lint-id-unpublished", "warning", "DF04/UK6DF04")},
    ),
    "an item in SSSE": (ITEM.format(at="SSSE/EF06", tag="0xEA"), {error("lint-closed-file", "SSSE/EF06/EA")}),
    "an item in a cyclic file": (
        '[[replace]]\nat = "DF04/EF15"\nrecord_length = 5\n[[add]]\nat = "DF04/EF15"\n'
        'items = [{ tag = 0, type = "b", length = 2, zh = "本地", en = "local" }]',
        {error("lint-closed-file", "DF04/EF15")},
    ),
    "another meaning": (
        '[[replace]]\nat = "DF01/EF07/29"\nzh = "本地状态"',
        {error("lint-reused", "DF01/EF07/29")},
    ),
    "another length": (
        '[[replace]]\nat = "DF01/EF07/29"\nlength = 2',
        {("lint-changed", "warning", "DF01/EF07/29")},
    ),
    "a file without a key": (
        '[[replace]]\nat = "DF01/EF07"\nupdate = "free"',
        {error("lint-file-without-key", "DF01/EF07")},
    ),
    "a file nobody writes": (
        '[[replace]]\nat = "DF01/EF07"\nupdate = "never"',
        {error("lint-file-without-key", "DF01/EF07")},
    ),
    "a key without a file": (
        '[[replace]]\nat = "DF01/EF08"\nupdate = "UK2DF01"',
        {("lint-key-without-file", "warning", "DF01/UK3DF01")},
    ),
    "a chip too small for its generation": ("chip_bytes = 65536", {error("lint-chip", "chip_bytes")}),
    "a chip too large": ("chip_bytes = 262144", {error("lint-chip", "chip_bytes")}),
    "files that do not fit": (
        "chip_bytes = 4096",
        {error("lint-chip", "chip_bytes"), error("profile-chip", "chip_bytes")},
    ),
    "an unpublished cipher": ('algorithm = "SM1"', {("lint-hsm-only", "warning", "algorithm")}),
    "a FID twice": ('[[replace]]\nat = "DF01/EF08"\nfid = 0xEF07', {error("profile-repeated", "DF01/EF08")}),
}


@pytest.mark.parametrize("case", CASES)
def test_lint(case: str, tmp_path: Path) -> None:
    text, expected = CASES[case]
    found = findings(tmp_path, text)
    if case == "a FID twice":
        assert expected <= found
    else:
        assert found == expected


def test_production_refuses_what_clashes_and_takes_what_only_warns(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    head = 'extends = "ssc3-sm4"\nname = "ours"\n'
    path.write_text(head + directory("DF08", "0xDF08"), "utf-8")
    with pytest.raises(ProfileError) as caught:
        require_sound(load_profile(path))
    assert (caught.value.key, caught.value.fields["place"]) == ("lint-local-number", "DF08")
    path.write_text(head + '[[replace]]\nat = "DF01/EF07/29"\nlength = 2', "utf-8")
    assert [finding.severity for finding in lint(*read_profile(path))] == [Severity.WARNING]
    require_sound(load_profile(path))


def test_a_profile_that_only_borrows_our_name_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('extends = "ssc3-sm4"\nname = "ssc3-sm4"\n' + directory("DF08", "0xDF08"), "utf-8")
    with pytest.raises(ProfileError):
        require_sound(load_profile(path))


def test_diff_of_the_second_and_third_generation() -> None:
    found = changes(load_profile("ssc2-des"), load_profile("ssc3-sm4"))
    told = [(change.kind.value, change.node.place, change.fact, change.before, change.after) for change in found]
    assert told == [
        ("changed", "", "generation", "2.00", "3.00"),
        ("changed", "", "algorithm", "DES", "SM4"),
        ("changed", "", "key_lengths", "maintenance 8", ""),
        ("changed", "constants/version", "value", "2.00", "3.00"),
        ("changed", "SSSE/EF06", "read", "free", "RKSSSE"),
    ]


@pytest.mark.parametrize("name", profile_names())
def test_no_difference_to_itself(name: str) -> None:
    assert changes(load_profile(name), load_profile(name)) == ()


def test_diff_is_whole_and_the_reverse_mirrors_it() -> None:
    old, new = load_profile("ssc1-des"), load_profile("ssc3-sm4+overlay-informative")
    found, back = changes(old, new), changes(new, old)
    places = [{node.place for node in nodes(profile)} for profile in (old, new)]
    assert {change.node.place for change in found if change.kind is ChangeKind.ADDED} == places[1] - places[0]
    assert {change.node.place for change in found if change.kind is ChangeKind.REMOVED} == places[0] - places[1]
    mirrored = {(change.node.place, change.fact, change.after, change.before) for change in back}
    assert {(change.node.place, change.fact, change.before, change.after) for change in found} == mirrored
    for change in found:
        assert change.node.zh
        assert change.before != change.after
    directories = [change.directory for change in found]
    assert len(list(dict.fromkeys(directories))) == 1 + sum(a != b for a, b in pairwise(directories))


def test_rooms_add_up_to_the_files() -> None:
    profile = load_profile("ssc2-des")
    found = {room.directory.name: room for room in rooms(profile)}
    assert sum(room.bytes for room in found.values()) == sum(f.size for d in profile.directories for f in d.files)
    assert (found["DF07"].files, found["DF07"].records, found["DF07"].keys) == (3, 10, 8)
    assert found["DF07"].bytes == (2 + 2) + (2 + 1) + (2 + 4) + (2 + 3) + (2 + 4) + (5 + 6 + 0x48) + (6 + 3)


def test_the_form_is_in_the_readers_language(capsys: pytest.CaptureFixture[str]) -> None:
    told = {}
    for lang in ("zh", "en"):
        assert main(["--lang", lang, "profile", "diff", "ssc1-des", "ssc3-sm4+overlay-informative"]) == 0
        told[lang] = capsys.readouterr().out
    assert "– → 种类 外部认证  标识 0A  重试次数 3" in told["zh"]
    assert "– → kind external  id 0A  tries 3" in told["en"]
    assert re.search(r"结构 目录  大小 [0-9]+  读 自由  改 MKSSSE", told["zh"])
    english = ("variable", "transparent", "external", "maintenance", "free", "true", "false", "length", "structure")
    assert not [word for word in english if re.search(rf"\b{word} ", told["zh"])]


def test_an_unpublished_cipher_is_said_where_a_profile_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('extends = "ssc3-sm4"\nname = "ours"\nalgorithm = "SM1"', "utf-8")
    assert main(["--lang", "en", "profile", "show", str(path)]) == 0
    assert "SM1 (HSM only)" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "html"])
def test_annex_4_has_every_change_both_digests_and_three_seals(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In Chinese for whoever reads it; the rows are those of the plain difference."""
    old, new = load_profile("ssc1-des"), load_profile("ssc3-sm4+overlay-informative")
    assert main(["--lang", "en", "profile", "diff", old.name, new.name, "--form", form]) == 0
    told = capsys.readouterr().out
    assert "变更审批表" in told
    assert "☑ 卡内文件结构" in told
    assert told.count("(盖章)") == 3
    assert all(profile.digest in told and f"{profile.name} 第" in told for profile in (old, new))
    found = changes(old, new)
    start, end = {"text": (r"(?m)^(\d+) \| ", " | "), "html": (r"<tr><td>(\d+)</td><td>", "</td><td>")}[form]
    assert [int(number) for number in re.findall(start, told)] == list(range(1, len(found) + 1))
    assert all(
        f"{change.node.place or '–'}{end}{change.node.zh.replace(chr(39), '&#x27;')}" in told for change in found
    )
    assert end.join(("修改", "配置", "–", new.title_zh, "算法", "DES", "SM4")) in told


def test_one_fault_is_told_once(tmp_path: Path) -> None:
    """Though every question to the dialect meets it."""
    path = tmp_path / "ours.toml"
    rule = '[[replace]]\nat = "SSSE/EF06"\nread = "PIN&RKSSSE"'
    path.write_text(f'extends = "training-fmcos"\nname = "ours"\n{rule}', "utf-8")
    (found,) = lint(*read_profile(path))
    assert found.rule == "dialect-access"
    assert "PIN&RKSSSE" in found.parts("en")[0]
