"""Texts of ``sscard audit``."""

TEXTS: dict[str, tuple[str, str]] = {
    "finding-approval": ("没有名册中的人这样签名", "nobody of the register signed this"),
    "help": (
        "审计: 核对站点链、日志、账本与回盘文件是否仍然一致; 导出可独立核验的证据包。",
        "Whether chain, journals, ledger and return files still fit together; evidence that can be checked elsewhere.",
    ),
    "help-verify": (
        "核对全部证据: 发现改动、删除、调换、截断和外来条目时逐条列出, 退出码为 1。",
        "Check all evidence: every edit, deletion, change of order, cut end and foreign entry is listed; exit code 1.",
    ),
    "help-head": (
        "显示站点链的末端位置。每天抄到站点以外的地方, 以后用 --head 核对, 截断即可发现。",
        "Show where the station's chain ends. Write it down outside the station every day; --head checks it later, so "
        "that a cut end shows.",
    ),
    "help-export": (
        "把证据打成 ZIP: 站点链、日志、账本中的卡、校验和, 以及不需要 sscard 的核验程序 verify.py。不含个人信息。",
        "Pack the evidence into a ZIP: chain, journals, the ledger's cards, checksums, and verify.py, a checker that "
        "needs no sscard. Nobody's data is in it.",
    ),
    "option-job": ("只取这个任务", "this job only"),
    "option-head": ("以前抄下的末端位置", "a place written down earlier"),
    "sound": (
        "一致: {chains} 条链, {journals} 份日志, {cards} 张卡。",
        "All fits: {chains} chains, {journals} journals, {cards} cards.",
    ),
    "found": (
        "{count} 处不符 ({chains} 条链, {journals} 份日志, {cards} 张卡)。保留全部文件, 通知管理员。",
        "{count} findings ({chains} chains, {journals} journals, {cards} cards). Keep all files and tell the supervisor.",
    ),
    "exported": (
        "已写出 {path} ({count} 个文件)。核验: 解压后 python3 verify.py",
        "Written to {path} ({count} files). To check: unpack, then python3 verify.py",
    ),
    "finding-edited": ("内容被改动", "a line was changed"),
    "finding-order": ("次序不连续: 有行被删、插入或调换", "lines were removed, put in or moved"),
    "finding-torn": ("末行不完整", "the last line is not whole"),
    "finding-truncated": ("链尾被截断", "the end of the chain was cut"),
    "finding-pin": ("链与抄下的位置不符", "the chain is not what was known at this place"),
    "finding-missing": ("链中记载的日志不见了", "a journal the chain names is gone"),
    "finding-foreign": ("链中没有记载的日志", "a journal the chain does not name"),
    "finding-closed": ("关闭后的日志有变", "the journal differs from what it was when it was closed"),
    "finding-job": ("条目属于另一任务", "an entry belongs to another job"),
    "finding-verdict": ("日志与账本对卡的结论不一致", "journal and ledger disagree about a card"),
    "finding-unknown-card": ("账本不知道日志中的卡", "the ledger does not know a card of the journals"),
    "finding-unmade-card": ("账本中的卡没有日志", "no journal tells of a card of the ledger"),
    "finding-people": ("账本中的人或卡号被改动", "a person or card number of the ledger was changed"),
    "finding-totals": ("账本中的人或卡与任务的总数不符", "people or cards of the ledger are not what the job had"),
    "finding-return": ("回盘文件与写出时不同", "the return file differs from what was written"),
}
