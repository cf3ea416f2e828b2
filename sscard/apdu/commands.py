"""What each command says it is: reads, writes, spends a retry counter, cannot be undone, carries a secret.

Guard, dry run, journal and trace mask all read this one table.  Rows are tried in order; the first that fits wins.
A command that no row knows is taken as writing and secret, the cautious reading.
Source: LD/T 32 draft, user-card commands; rows marked T514 are that vendor's administration commands,
rows marked PKI those of the PKI application (docs/pki.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from typing import Final


class Trait(Flag):
    """What sending a command means."""

    READS = auto()
    WRITES = auto()
    SPENDS_TRY = auto()
    IRREVERSIBLE = auto()
    SECRET = auto()
    PERSON = auto()


@dataclass(frozen=True, slots=True)
class CommandKind:
    """One row: which commands it covers and what they are called."""

    name: str
    zh: str
    traits: Trait
    ins: int
    cla: int | None = None
    p1: int | None = None

    def covers(self, command: bytes) -> bool:
        """Whether the row covers this command header."""
        return (
            self.ins == command[1]
            and (self.cla is None or self.cla == command[0] & 0xF0)
            and (self.p1 is None or self.p1 == command[2])
        )


_R, _W, _T, _I, _S, _P = (
    Trait.READS,
    Trait.WRITES,
    Trait.SPENDS_TRY,
    Trait.IRREVERSIBLE,
    Trait.SECRET,
    Trait.PERSON,
)

KINDS: Final[tuple[CommandKind, ...]] = (
    CommandKind("SELECT", "选择文件", _R, 0xA4),
    CommandKind("GET CHALLENGE", "取随机数", _R, 0x84),
    CommandKind("GET RESPONSE", "取响应", _R | _P, 0xC0),
    CommandKind("INTERNAL AUTHENTICATE", "内部认证", _R | _S, 0x88),
    CommandKind("EXTERNAL AUTHENTICATE", "外部认证", _T | _S, 0x82),
    CommandKind("VERIFY", "校验PIN", _T | _S, 0x20),
    CommandKind("CHANGE PIN", "修改PIN", _W | _T | _S, 0x5E),
    CommandKind("PIN CHANGE/UNBLOCK", "重装或解锁PIN", _W | _T | _S, 0x24, cla=0x80),
    CommandKind("UPDATE CAPP DATA CACHE", "更新复合应用数据缓存", _W | _P, 0xDC, cla=0x80),
    CommandKind("READ RECORD", "读记录", _R | _P, 0xB2),
    CommandKind("UPDATE RECORD", "写记录", _W | _P, 0xDC),
    CommandKind("READ BINARY", "读二进制", _R | _P, 0xB0),
    CommandKind("UPDATE BINARY", "写二进制", _W | _P, 0xD6),
    CommandKind("GET BALANCE", "查询余额", _R | _P, 0x26, cla=0xB0),
    CommandKind("INITIALIZE FOR LOAD", "帐户划入初始化", _W | _P, 0x28, cla=0xB0, p1=0),
    CommandKind("INITIALIZE FOR PURCHASE", "医疗消费初始化", _W | _P, 0x28, cla=0xB0, p1=1),
    CommandKind("CREDIT FOR LOAD", "帐户划入", _W | _P, 0x2A, cla=0xB0),
    CommandKind("DEBIT FOR PURCHASE", "医疗消费", _W | _P, 0x2C, cla=0xB0),
    CommandKind("GET TRANSACTION PROOF", "取交易认证码", _R | _P, 0x2E, cla=0xB0),
    CommandKind("UPDATE STARTING DAY", "更新年度起始日期", _W, 0x56, cla=0xB0, p1=0),
    CommandKind("GET STARTING DAY", "取年度起始日期", _R, 0x56, cla=0xB0, p1=1),
    CommandKind("GET BALANCE (PBOC)", "查询余额", _R | _P, 0x5C, cla=0x80),
    CommandKind("INITIALIZE FOR LOAD (PBOC)", "圈存初始化", _W | _P, 0x50, cla=0x80, p1=0),
    CommandKind("INITIALIZE FOR PURCHASE (PBOC)", "消费初始化", _W | _P, 0x50, cla=0x80, p1=1),
    CommandKind("INITIALIZE FOR CASH", "取现初始化", _W | _P, 0x50, cla=0x80, p1=2),
    CommandKind("INITIALIZE FOR CAPP PURCHASE", "复合应用消费初始化", _W | _P, 0x50, cla=0x80, p1=3),
    CommandKind("INITIALIZE FOR UPDATE", "修改透支限额初始化", _W | _P, 0x50, cla=0x80, p1=4),
    CommandKind("INITIALIZE FOR UNLOAD", "圈提初始化", _W | _P, 0x50, cla=0x80, p1=5),
    CommandKind("CREDIT FOR LOAD (PBOC)", "圈存", _W | _P, 0x52, cla=0x80),
    CommandKind("DEBIT FOR PURCHASE (PBOC)", "消费、取现", _W | _P, 0x54, cla=0x80, p1=1),
    CommandKind("DEBIT FOR UNLOAD", "圈提", _W | _P, 0x54, cla=0x80, p1=3),
    CommandKind("UPDATE OVERDRAFT LIMIT", "修改透支限额", _W | _P, 0x58, cla=0x80),
    CommandKind("GET TRANSACTION PROOF (PBOC)", "取交易认证码", _R | _P, 0x5A, cla=0x80),
    CommandKind("APPLICATION BLOCK", "锁定应用", _W | _I | _S, 0x1E, cla=0x80),
    CommandKind("CARD BLOCK", "锁定卡片", _W | _I | _S, 0x16, cla=0x80),
    CommandKind("VERIFY TRANSPORT CODE", "校验传输密钥 (T514)", _T | _S, 0xE0, cla=0x80, p1=3),
    CommandKind("CREATE FILE", "建立文件 (T514)", _W, 0xE0, cla=0x80, p1=1),
    CommandKind("END PRE-ISSUE", "结束预发卡 (T514)", _W | _I, 0xE0, cla=0x80, p1=2),
    CommandKind("DELETE FILE", "删除文件 (T514)", _W | _I, 0xE1, cla=0x80),
    CommandKind("INITIALIZE ENVIRONMENT", "初始化环境 (PSAM)", _R, 0xEC, cla=0xB0),
    CommandKind("DELIVERY SESSION KEY", "分散过程密钥 (PSAM)", _R | _S, 0xDE, cla=0xB0),
    CommandKind("CIPHER DATA", "通用加密 (PSAM)", _R | _S, 0xFA, cla=0x80),
    CommandKind("INIT SAM FOR PURCHASE", "消费初始化 (PSAM)", _W | _P, 0x70, cla=0x80),
    CommandKind("CREDIT SAM FOR PURCHASE", "消费确认 (PSAM)", _W, 0x72, cla=0x80),
    CommandKind("GENERATE KEY PAIR", "生成密钥对 (PKI)", _W | _I, 0x40, cla=0x80),
    CommandKind("EXPORT PUBLIC KEY", "读公钥 (PKI)", _R, 0xC9, cla=0x80),
    CommandKind("DIGEST", "计算SM3摘要 (PKI)", _R | _S, 0xC4, cla=0x80),
    CommandKind("OPEN ENVELOPE", "打开数字信封 (PKI)", _R | _S, 0x4E, cla=0x80),
    CommandKind("LOAD SESSION KEY", "装入会话密钥 (PKI)", _R | _S, 0x4A, cla=0x80),
    CommandKind("IMPORT KEY", "导入密钥 (PKI)", _W | _I | _S, 0xC2, cla=0x80),
    CommandKind("WRITE KEY", "写密钥", _W | _I | _S, 0xD4),
    CommandKind("CREATE FILE (PBOC)", "建立文件", _W | _S, 0xE0, cla=0x80),
    CommandKind("INSTALL KEY", "安装密钥 (SmartCOS)", _W | _I | _S, 0xE8, cla=0x80),
    CommandKind("ERASE DF", "擦除目录 (FMCOS)", _W | _I, 0x0E, cla=0x80),
    CommandKind("APPEND RECORD", "追加记录", _W | _P, 0xE2),
)

UNKNOWN: Final = CommandKind("UNKNOWN", "未知命令", _W | _I | _S, 0x00)


def describe(command: bytes) -> CommandKind:
    """The kind of a command (at least its first two bytes must be there to be known)."""
    if len(command) >= 4:
        for kind in KINDS:
            if kind.covers(command):
                return kind
    return UNKNOWN
