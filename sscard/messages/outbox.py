"""Texts of ``sscard outbox``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "发件箱: 把回盘文件送到收件方, 至少送达一次, 只生效一次; 保存回执。收件方在 sscard.toml 中设置 (docs/outbox.md)。",
        "Send return files to their receivers, at least once and with one effect, and keep the receipts. Receivers are "
        "set up in sscard.toml (docs/outbox.md).",
    ),
    "help-list": (
        "列出每个回盘文件和它到各收件方的进度。",
        "Each return file and how far it is on its way to each receiver.",
    ),
    "help-send": (
        "发送还没有回执的文件。随时可以再运行: 同一文件用同一个键, 重发不会重复生效。改动过的文件不发送。",
        "Send what has no receipt yet. May be run again at any time: a file keeps its key, so sending it again has no "
        "second effect. A changed file is not sent.",
    ),
    "help-verify": (
        "核对回盘文件和回执与站点链是否一致; 不一致时逐条列出, 退出码为 1。",
        "Check return files and receipts against the chain; what does not fit is listed, with exit code 1.",
    ),
    "option-job": ("只取这个任务", "this job only"),
    "option-target": ("只发给这个收件方, 可多次给出", "this receiver only; may be given several times"),
    "next": (
        "发给收件方: sscard outbox send --workspace {workspace}",
        "To send it: sscard outbox send --workspace {workspace}",
    ),
    "empty": ("发件箱是空的。", "The outbox is empty."),
    "no-targets": (
        "没有设置收件方: 在 sscard.toml 中加 [outbox.名称] (docs/outbox.md)。",
        "No receiver is set up: add [outbox.NAME] to sscard.toml (docs/outbox.md).",
    ),
    "stage-waiting": ("待发", "to send"),
    "stage-sent": ("已发, 无回执", "sent, no receipt"),
    "stage-acknowledged": ("已回执 ✓", "acknowledged ✓"),
    "line": (
        "{file}  第 {revision} 版  {records} 条  → {target}  {stage}",
        "{file}  revision {revision}  {records} records  → {target}  {stage}",
    ),
    "effect-applied": ("已接收", "taken"),
    "effect-repeated": ("以前已接收", "taken before"),
    "effect-superseded": ("对方已有更新的一版", "the receiver has a later one"),
    "sent": (
        "{file}  第 {revision} 版  {records} 条  → {target}  {effect} ✓  {note}",
        "{file}  revision {revision}  {records} records  → {target}  {effect} ✓  {note}",
    ),
    "summary": (
        "回执 {acknowledged}, 未送达 {open}。",
        "{acknowledged} acknowledged, {open} still to be delivered.",
    ),
    "nothing": ("没有要发送的文件, 都有回执。", "Nothing to send: every file has its receipt."),
    "sound": ("一致: {files} 个文件, {receipts} 份回执。", "All fits: {files} files, {receipts} receipts."),
    "found": (
        "{count} 处不符。保留文件, 通知管理员。",
        "{count} findings. Keep the files and tell the supervisor.",
    ),
    "finding-edited": ("回盘文件写出后被改动", "the return file was changed after it was written"),
    "finding-older": ("是较早的一版, 不是最后写出的", "is an earlier state, not the last one written"),
    "finding-missing": ("链中记载的回盘文件不见了", "the return file the chain tells of is gone"),
    "finding-unknown": ("链中没有记载的回盘文件", "a return file the chain does not tell of"),
    "finding-ack-edited": ("回执被改动", "the receipt was changed"),
    "finding-ack-missing": ("链中记载的回执不见了", "the receipt the chain tells of is gone"),
    "finding-ack-unknown": (
        "链中没有记载的回执 (发送中断时会有; 再运行 sscard outbox send)",
        "a receipt the chain does not tell of (left by an interrupted send: run sscard outbox send again)",
    ),
}
