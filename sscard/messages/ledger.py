"""Texts of ``sscard ledger``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "多个工位共用的账本 (PostgreSQL): 建立、升级、查看工位。见 docs/ledger.md。",
        "The ledger that several stations share (PostgreSQL): make it, update it, see its stations; docs/ledger.md.",
    ),
    "help-show": (
        "账本在哪里、版本、人员摘要密钥的校验值, 以及每个工位: 是否有动静, 几张卡在制。",
        "Where the ledger is, its version, the check value of the person key; each station, whether it lives, its cards in work.",
    ),
    "help-prepare": (
        "在 [ledger] 的数据库里建立账本; 已有的升级到本版本 (先停下所有工位)。工作目录里原有的账本移入其中。",
        "Make the ledger in the database of [ledger], or bring it to this version (stop all stations first). "
        "A ledger that lies in the workspace is moved in.",
    ),
    "facts": (
        "{engine}, 版本 {version}: {place}   人员密钥 {key}",
        "{engine}, version {version}: {place}   person key {key}",
    ),
    "station": ("{station}{own}: 有动静; 在制 {work} 张", "{station}{own}: alive; {work} cards in work"),
    "station-silent": (
        "{station}{own}: 自 {since} 起没有动静; 在制 {work} 张",
        "{station}{own}: silent since {since}; {work} cards in work",
    ),
    "own": (" (本工位)", " (this one)"),
    "made": (
        "账本已建立: {place}, 版本 {version}。把 {key} 复制到其他工位的 keys/, 与账本分开备份。",
        "The ledger is made: {place}, version {version}. Copy {key} into keys/ of the other stations; back it up apart from the ledger.",
    ),
    "taken-over": (
        "{path} 里的 {count} 人和所有的卡已移入; 原文件改名保存。",
        "The {count} people of {path} and all cards were moved in; the file was renamed and stays.",
    ),
    "updated": (
        "账本已从版本 {before} 升级到 {version}: {place}",
        "The ledger was brought from version {before} to {version}: {place}",
    ),
    "current": ("账本已是版本 {version}, 无需改动: {place}", "The ledger is of version {version} already: {place}"),
}
