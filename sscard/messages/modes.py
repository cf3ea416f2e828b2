"""What people read of passes and linkage."""

TEXTS: dict[str, tuple[str, str]] = {
    "help-pass": (
        "工序: whole (一次制成, 缺省), 或卡结构中的一道, 如 initialise, holder, social, payment (docs/modes.md)",
        "the pass: whole (in one go, the default), or one of the profile, as initialise, holder, social, payment (docs/modes.md)",
    ),
    "help-count": ("初始化的张数; BATCH 是订单名称", "how many cards to initialise; BATCH names the order"),
    "help-on": (
        "卡与批次行对应所用的项: ssn 社会保障号码, card_no 卡号",
        "what ties a card to its row: ssn, the social-security number, or card_no",
    ),
    "help-feedback": (
        "第一方的回盘文件: 按卡的复位信息找到行, 不读持卡人",
        "the first party's return file: cards find their rows by historical bytes, without reading the person",
    ),
    "help-feedback-format": ("第一方回盘文件的格式", "format of the first party's return file"),
    "help-allow-missing": (
        "允许回盘文件和批次各有对方没有的行; 没有卡的行留着不做",
        "let either file have rows that the other lacks; rows without a card stay unmade",
    ),
    "help-ca": (
        "签发卡上证书的CA: demo, 或一个程序 (docs/modes.md)",
        "the CA that issues the card's certificates: demo, or a program (docs/modes.md)",
    ),
    "trouble-no-card": ("第一方没有此人的好卡", "the first party has no good card of this person"),
    "trouble-no-row": ("批次中没有此卡的人", "the batch has nobody for this card"),
    "trouble-key-empty": ("没有用来对应的值", "the value to match by is missing"),
    "trouble-key-twice": ("与第 {other} 行是同一个人", "the same person as line {other}"),
    "trouble-card-twice": ("与第 {other} 行是同一张卡", "the same card as line {other}"),
    "trouble-card-form": ("复位信息不是26位十六进制", "the reset information is not 26 hexadecimal digits"),
    "trouble-differs": ("两边内容不同: {columns}", "the files differ in {columns}"),
    "dry-rows-pass": (
        "{rows} 行全部可以做工序 {name}; 第 {seq} 行在软件卡上制作并校验通过 (APDU {exchanges} 次)。",
        "All {rows} rows can be made by pass {name}; row {seq} was made on a software card and proved right ({exchanges} APDUs).",
    ),
}
