"""The catalogue against the two official lists, row by row, and against itself."""

import pytest

from sscard.cos.profile import load_profile
from sscard.errors import CustodyError
from sscard.keys import catalog
from sscard.keys.catalog import Evidence, Kind, Level

OFFICIAL = """
N1 IRK 鉴别发卡方 SSSE 00
N2 STKSSSE 发卡方应用维护 SSSE 02
N3 STKDF01 公共应用维护 DF01 82
N4 STKDF02 就业与失业应用维护 DF02 82
N5 STKDF03 社会保险应用维护 DF03 82
N6 STKDF04 医疗保险应用维护 DF04 82
N7 UK3DF01 婚姻状况信息更新 DF01 85
N8 UK4DF01 通讯信息更新 DF01 86
N9 UK1DF02 职业和专业技能信息更新 DF02 83
N10 UK4DF02 农村流动劳动力就业登记卡信息更新 DF02 86
N11 UK5DF02 农村流动劳动力就业证卡信息更新 DF02 87
N12 UK2DF03 丧失劳动能力鉴定信息更新 DF03 87
N13 UK2DF04 医疗保险账户信息更新（联网） DF04 86
N14 DPK 医疗消费交易过程密钥（脱网） DF04 -
N15 RK1DF03 养老保险信息读取 DF03 84
N16 RK2DF03 失业保险信息读取 DF03 85
N17 RK1DF04 医疗保险账户信息读取（联网） DF04 84
N18 RKSSSE 指纹信息读取 SSSE 0A
N19 RK1DF01 公共应用数据文件读取 DF01 88
N20 UK6DF01 学历信息更新 DF01 89
N21 UK7DF01 预留文件1更新 DF01 8A
N22 UK8DF01 预留文件2更新 DF01 8B
N23 UK9DF01 预留文件3更新 DF01 8C
N24 UKADF01 预留文件4更新 DF01 8D
N25 UKBDF01 预留文件5更新 DF01 8E
N26 RK1DF02 就业与失业数据文件读取 DF02 88
N27 UK6DF02 就业扶持政策享受信息更新 DF02 89
N28 UK4DF03 工伤保险信息更新 DF03 89
N29 UK5DF03 生育保险信息更新 DF03 8A
N30 UK6DF03 工伤认定信息更新 DF03 8B
N31 UK7DF03 供养亲属信息更新 DF03 8C
N32 UK8DF03 参保凭证信息更新 DF03 8D
N33 STKDF07 人事与人才应用维护 DF07 82
N34 RK1DF07 荣誉信息读取 DF07 83
N35 UK1DF07 荣誉信息更新 DF07 86
N36 RK2DF07 专家信息读取 DF07 84
N37 UK2DF07 专家信息更新 DF07 87
N38 RK3DF07 军队转业干部信息读取 DF07 85
N39 UK3DF07 军队转业干部信息更新 DF07 88
L1 PUK 个人密码解锁 SSSE 06
L2 BK 发卡方锁定卡片 SSSE 05
L3 LKDF03 社会保险应用锁定 DF03 83
L4 LKDF04 医疗保险应用锁定 DF04 83
L5 UKSSSE 基本信息更新 SSSE 04
L6 UK1DF01 户籍信息更新 DF01 83
L7 UK2DF01 个人状况、就业单位信息更新 DF01 84
L8 UK5DF01 国籍及政治面貌信息更新 DF01 87
L9 UK2DF02 就业和失业信息更新 DF02 84
L10 UK3DF02 就业记录更新 DF02 85
L11 UK1DF03 失业保险信息更新 DF03 86
L12 UK3DF03 养老保险信息更新 DF03 88
L13 UK1DF04 医疗保险基本信息更新 DF04 85
L14 DSK 年度起始日期更新 DF04 87
L15 DLK 账户划入过程密钥 DF04 -
L16 DTK 账户支付、个人自付、统筹基金支付TAC DF04 -
""".strip().splitlines()


@pytest.mark.parametrize("position", range(55))
def test_every_row(position: int) -> None:
    number, name, zh, directory, key_id = OFFICIAL[position].split()
    row = catalog.load()[position]
    assert (row.number, row.name, row.zh, row.directory) == (number, name, zh, directory)
    assert ("-" if row.key_id is None else f"{row.key_id:02X}") == key_id
    assert row.level is (Level.NATIONAL if number[0] == "N" else Level.LOCAL)
    assert catalog.find(name) is catalog.find(number) is row
    assert row.en.isascii()
    assert row.evidence
    assert (row.key_id is None) == (row.evidence == (Evidence.NONE,))


def test_thirty_nine_and_sixteen() -> None:
    rows = catalog.load()
    assert [row.number for row in rows] == [f"N{n}" for n in range(1, 40)] + [f"L{n}" for n in range(1, 17)]
    assert len({row.name for row in rows}) == 55


@pytest.mark.parametrize(("alias", "name"), [("STK", "STKSSSE"), ("UKMF", "UKSSSE")])
def test_aliases(alias: str, name: str) -> None:
    assert catalog.find(alias).name == catalog.canonical(alias) == name


def test_names_outside_the_catalogue() -> None:
    assert catalog.canonical("MKSSSE") == "MKSSSE"
    with pytest.raises(CustodyError) as caught:
        catalog.find("MKSSSE")
    assert caught.value.key == "key-unknown"


def test_kind_follows_the_name() -> None:
    prefixes = {"STK": Kind.MAINTENANCE, "UK": Kind.UPDATE, "RK": Kind.READ, "LK": Kind.BLOCK, "BK": Kind.BLOCK}
    singles = {"IRK": Kind.INTERNAL, "PUK": Kind.PIN, "DTK": Kind.TAC}
    for row in catalog.load():
        found = singles.get(row.name) or next((k for p, k in prefixes.items() if row.name.startswith(p)), None)
        assert row.kind is (found or Kind.TRANSACTION), row.name


def test_no_two_keys_share_a_place() -> None:
    rows = catalog.load()
    addresses = [start + group for row in rows for start in row.addresses for group in range(row.groups)]
    assert len(addresses) == len(set(addresses))
    psam = [(row.psam.classes[0], number) for row in rows for number in row.psam.ids]
    assert len(psam) == len(set(psam))
    ids = [(row.directory, row.key_id) for row in rows if row.key_id is not None]
    assert len(ids) == len(set(ids))


def test_classes_agree_with_the_usage_bytes() -> None:
    """The low five bits of a usage byte seen in the field are one of the classes; the rest is at most three levels."""
    for row in catalog.load():
        for usage in row.psam.usages:
            assert usage & 0x1F in row.psam.classes, row.name
            assert usage >> 5 <= 3


def test_three_versions_of_reading_update_and_transaction_keys_one_of_the_rest() -> None:
    grouped = {Kind.INTERNAL, Kind.READ, Kind.UPDATE, Kind.TRANSACTION, Kind.TAC}
    for row in catalog.load():
        assert row.versions == ((1, 2, 3) if row.kind in grouped else (1,)), row.name


def test_the_profile_names_only_known_keys_with_the_catalogue_s_ids() -> None:
    profile = load_profile("ssc3-sm4")
    masters = {profile.card_master.name, *(node.master.name for node in profile.directories)}
    assert masters <= set(catalog.ISSUER_MASTERS)
    for node in profile.directories:
        for slot in node.keys:
            if slot.name == catalog.PIN:
                continue
            row = catalog.find(slot.name)
            assert row.directory == node.name
            assert row.key_id in (None, slot.id), slot.name
            assert set(slot.versions) <= set(row.versions), slot.name
