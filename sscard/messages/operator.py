"""Texts of what the people at the line decide and are told: spoiled cards, pauses, closing, approvals, feeders."""

TEXTS: dict[str, tuple[str, str]] = {
    "help-spoil": (
        "登记第 SEQ 行已制好的卡作废 (如印刷坏了); 此人重新排队",
        "declare the finished card of row SEQ spoiled (bad print); the person is queued again",
    ),
    "help-reason": (
        "原因, 最多 40 字, 不含证件号或卡号",
        "why, up to 40 characters, without numbers of people or cards",
    ),
    "help-pause": (
        "暂停任务: 做完手中的卡, 不再取新卡",
        "pause a job: cards in work are finished, no other is taken",
    ),
    "help-continue": ("结束暂停", "end the pause of a job"),
    "help-close": (
        "关闭任务: 空白卡必须等于 良 + 废 + 剩",
        "close a job: blanks must equal good + spoiled + left",
    ),
    "help-blanks": ("领用的空白卡数", "how many blanks were handed out for it"),
    "help-left": ("现在点到的剩余空白卡数", "how many blanks are left, counted now"),
    "help-give-up": (
        "还没有卡的人离开这个任务, 可进另一批次",
        "people without a card leave the job and may come in another batch",
    ),
    "spoiled": (
        "第 {seq} 行的卡 {card} 已登记作废, 放入废卡盒; 此人重新排队。再运行同一条制卡命令: 另做一张, 并重写回盘。",
        "Card {card} of row {seq} is spoiled: reject box. The person is queued again; run the same personalize command again for another card and a new return file.",
    ),
    "standing-paused": (
        "任务 {job} 已暂停: 做完手中的卡, 不再取新卡。继续: sscard jobs continue {job}",
        "Job {job} is paused: cards in work are finished, no other is taken. To go on: sscard jobs continue {job}",
    ),
    "standing-open": ("任务 {job} 继续。", "Job {job} goes on."),
    "closed": (
        "任务 {job} 已关闭: 空白卡 {blanks} = 良 {good} + 废 {spoiled} + 剩 {left} ✓  无卡 {unmade} 人",
        "Job {job} is closed: blanks {blanks} = good {good} + spoiled {spoiled} + left {left} ✓  people without a card {unmade}",
    ),
    "mark-open": ("", ""),
    "mark-paused": ("  已暂停", "  paused"),
    "mark-closed": ("  已关闭", "  closed"),
    "help-feeder": (
        "每个读头一个送卡机程序 (协议见 docs/feeder.md)",
        "a card feeder program for each head (protocol: docs/feeder.md)",
    ),
    "help-feeder-limit": ("等送卡机回答的秒数", "seconds to wait for each answer of a feeder"),
    "help-approval": (
        "开启任务的人和其口令文件 (仅本人可读, 也可用 /dev/fd/N); 可重复",
        "a person who opens the job, and a private file with their passphrase (/dev/fd/N too); repeatable",
    ),
    "approve": (
        "开启任务: {batch}, {rows} 张, SHA-256 {digest}… 每个人输入姓名和自己的口令。",
        "Opening the job: {batch}, {rows} cards, SHA-256 {digest}… Each person types their name and passphrase.",
    ),
    "people": ("操作 {names}", "by {names}"),
    "next-over": ("已停。总数和下一步见下面。", "Stopped. Totals and what is next stand below."),
    "approve-erasure": (
        "删除任务 {job} ({rows} 人) 的文件。每个人输入姓名和自己的口令。",
        "Erasing the files of job {job} ({rows} people). Each person types their name and passphrase.",
    ),
    "ask-name": ("第 {number} 人 (共 {count} 人) 姓名", "Name of person {number} of {count}"),
    "ask-passphrase": ("{name} 的口令", "Passphrase of {name}"),
    "help-accept-clock": (
        "时钟比本站最后一条记录慢, 但现在是对的: 照此开始 (写入链)",
        "the clock is behind this station's last entry and is right now: begin all the same (the chain tells)",
    ),
    "help-bell": (
        "需要人处理时响铃: 一声为注意, 三声为停止",
        "ring the bell: once when a head wants a hand, three times when one stops",
    ),
    "paused": (
        "已暂停: 不取新卡。另一终端: sscard jobs continue",
        "Paused: no card is taken. From another terminal: sscard jobs continue",
    ),
    "stage-paused": ("已暂停", "paused"),
    "next-blanks": ("插空白卡: {heads} 号头", "Insert blanks: head {heads}"),
    "next-nothing": ("制卡中, 不用做什么。", "Cards are being made; nothing to do."),
    "sits-empty": ("{head}号头: 空。", "head {head}: empty."),
    "sits-in-work": (
        "{head}号头: 第 {seq} 行停在中途的卡 ({card_no})。不要取出, 将从断点继续。",
        "head {head}: the card of row {seq} ({card_no}) that stopped in work. Leave it; it goes on where it stopped.",
    ),
    "sits-unknown": (
        "{head}号头: 账本不认识的卡, 空白卡就会使用。",
        "head {head}: a card the ledger does not know; used if it is blank.",
    ),
    "sits-good": (
        "{head}号头: 第 {seq} 行已制好的卡 ({card_no})。取出, 放入良卡盒。",
        "head {head}: the finished card of row {seq} ({card_no}). Take it out: good box.",
    ),
    "sits-spoiled": (
        "{head}号头: 第 {seq} 行的废卡。取出, 放入废卡盒。",
        "head {head}: the spoiled card of row {seq}. Take it out: reject box.",
    ),
    "sits-other-job": (
        "{head}号头: 另一任务第 {seq} 行的卡。取出, 留给那个任务。",
        "head {head}: a card of row {seq} of another job. Take it out and keep it for that job.",
    ),
    "sits-other-station": (
        "{head}号头: 别的工位正在制的卡, 第 {seq} 行 ({card_no})。取出, 送回那个工位。",
        "head {head}: a card in work at another station, row {seq} ({card_no}). Take it out and back to that station.",
    ),
    "sits-foreign": (
        "{head}号头: 不是这种空白卡。取出, 检查卡盒。",
        "head {head}: not such a blank. Take it out and check the box.",
    ),
    "sits-unreadable": (
        "{head}号头: 卡或读卡器没有应答。重插卡片, 检查连接线。",
        "head {head}: card or reader does not answer. Insert the card again, check the cable.",
    ),
    "sits-silent": (
        "{head}号头: 读卡器没有反应, 这次不用它。检查连接线, 之后再运行同一条命令。",
        "head {head}: the reader is silent and is left out. Check its cable, then run the same command again.",
    ),
}
