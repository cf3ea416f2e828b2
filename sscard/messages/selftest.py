"""Texts of ``sscard selftest``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": ("自检: 当场证明工具包的承诺。", "Proofs of what the toolkit promises, run here and now."),
    "help-tear": (
        "断电自检: 在制卡的每一条指令之前、写入当中和之后各切断一次电源, 然后续作 (全部约需一分钟)。每张卡要么与未断电制成的卡逐字节相同, "
        "要么带原因隔离并计入废卡; 出现第三种结果时退出码为 1。",
        "Cut the power before, inside and after every command of a personalization, and resume (all of it: about a minute). Each card is either "
        "byte for byte the card made without a cut, or quarantined with a reason and counted as spoiled; a third "
        "outcome ends with exit code 1.",
    ),
    "option-every": ("只取每第 N 条指令", "take every N-th command only"),
    "option-doubles": ("另有多少张卡在随机位置断电两次", "how many more cards are torn twice, at random places"),
    "option-seed": ("随机位置的种子", "seed of the random places"),
    "tear-begin": (
        "方案 {profile}: 制一张卡 {commands} 条指令; {cards} 张卡将被断电。",
        "Profile {profile}: {commands} commands a card; {cards} cards will be torn.",
    ),
    "tear-card": ("断电 {cuts}: {outcome} {reason}", "torn at {cuts}: {outcome} {reason}"),
    "outcome-identical": ("相同", "identical"),
    "outcome-quarantined": ("隔离", "quarantined"),
    "outcome-broken": ("错误", "broken"),
    "tear-end": (
        "{cards} 张卡, 断电 {tears} 次: 相同 {identical}, 隔离 {quarantined}, 错误 {broken}; 单张卡最多消耗重试 {most} 次。",
        "{cards} cards, {tears} power cuts: {identical} identical, {quarantined} quarantined, {broken} broken; "
        "at most {most} tries spent on a card.",
    ),
    "tear-sound": ("没有第三种结果。", "No third outcome."),
    "tear-unsound": ("不合格: 见上。", "Not sound: see above."),
}
