"""What ``sscard purse`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "卡内医保账户 (DF04), 或 PBOC 卡的电子存折 (ed) 和电子钱包 (ep)。金额以元输入和显示, JSON 中为分。\n\n"
        "\b\n例: sscard purse balance --reader emulator",
        "The medical purse of a card (DF04), or passbook (ed) and purse (ep) of a PBOC card. Amounts are typed and shown in "
        "yuan; JSON has fen.\n\n"
        "\b\nExample: sscard purse balance --reader emulator",
    ),
    "balance-help": (
        "账户余额, 以及结算年度的个人自付和统筹支付累计。\n\n\b\n例: sscard purse balance --reader emulator --json",
        "The account, and own and fund payments of the settlement year.\n\n"
        "\b\nExample: sscard purse balance --reader emulator --json",
    ),
    "load-help": (
        "帐户划入 AMOUNT 元。密钥 DLK、DTK 取自工作目录。\n\n"
        "\b\n例: sscard purse load 100.00 --terminal 990101000042 --reader emulator",
        "Load AMOUNT yuan into the account. DLK and DTK come from the workspace.\n\n"
        "\b\nExample: sscard purse load 100.00 --terminal 990101000042 --reader emulator",
    ),
    "debit-help": (
        "医疗消费: 从账户支付, 并累计个人自付和统筹支付。本机代替PSAM, 使用 DPK 和 DTK。\n\n"
        "\b\n例: sscard purse debit --own 12.50 --fund 30 --terminal 990101000042 --terminal-counter 7 --reader emulator",
        "A medical payment: from the account, with own and fund part added to the year. This machine stands in for the "
        "PSAM, with DPK and DTK.\n\n"
        "\b\nExample: sscard purse debit --own 12.50 --fund 30 --terminal 990101000042 --terminal-counter 7 --reader emulator",
    ),
    "proof-help": (
        "取交易认证码: 卡上最后一笔交易是否就是这一笔 (COUNTER 为交易序号)。没有则返回 1。\n\n"
        "\b\n例: sscard purse proof load 0 --reader emulator",
        "Transaction proof: whether the card's last transaction was this one (COUNTER is its number). Returns 1 if not.\n\n"
        "\b\nExample: sscard purse proof load 0 --reader emulator",
    ),
    "starting-day-help": (
        "结算年度的起始日期; --set 用 DSK 修改。\n\n\b\n例: sscard purse starting-day --set 0401 --reader emulator",
        "First day of the settlement year; --set changes it under DSK.\n\n"
        "\b\nExample: sscard purse starting-day --set 0401 --reader emulator",
    ),
    "log-help": (
        "卡内交易明细, 最新在前。\n\n\b\n例: sscard purse log --reader emulator",
        "The transactions the card remembers, newest first.\n\n\b\nExample: sscard purse log --reader emulator",
    ),
    "option-purse": (
        "PBOC 卡: ep 电子钱包 (默认), ed 电子存折",
        "PBOC cards: ep the purse (the usual one), ed the passbook",
    ),
    "option-terminal": ("终端机编号, 12 位数字", "number of the terminal, 12 digits"),
    "option-key": ("密钥索引", "key index"),
    "option-account": ("账户支付 (元)", "paid from the account, in yuan"),
    "option-own": ("个人自付 (元)", "paid by the holder, in yuan"),
    "option-fund": ("统筹支付 (元)", "paid by the pooled fund, in yuan"),
    "option-counter": ("终端交易序号, 每笔不同", "the terminal's own number of this transaction, used once"),
    "option-set": ("新的起始日期, 月日四位", "new starting day, month and day in four digits"),
    "balance": (
        "账户 {account} 元   个人自付 {own} 元   统筹支付 {fund} 元   年度 {year}",
        "account {account} yuan   own {own}   fund {fund}   year {year}",
    ),
    "load-done": (
        "已划入, 序号 {counter}, 账户 {account} 元, TAC {tac}",
        "Loaded as number {counter}; the account holds {account} yuan; TAC {tac}",
    ),
    "purchase-done": (
        "已支付, 序号 {counter}, 账户 {account} 元, TAC {tac}",
        "Paid as number {counter}; the account holds {account} yuan; TAC {tac}",
    ),
    "balance-pboc": ("{purse} 余额 {account} 元", "{purse}: {account} yuan"),
    "load-done-pboc": (
        "{purse}已圈存, 序号 {counter}, 余额 {account} 元, TAC {tac}",
        "Loaded into the {purse} as number {counter}; it holds {account} yuan; TAC {tac}",
    ),
    "purchase-done-pboc": (
        "{purse}已支付, 序号 {counter}, 余额 {account} 元, TAC {tac}",
        "Paid from the {purse} as number {counter}; it holds {account} yuan; TAC {tac}",
    ),
    "settled": (
        "入账途中失去联系; 卡的交易证明表明已入账, 没有重做。",
        "Contact was lost while booking; the card's proof says that it was booked. Nothing was repeated.",
    ),
    "ed": ("电子存折", "passbook"),
    "ep": ("电子钱包", "purse"),
    "unload": ("圈提", "unload"),
    "cash": ("取现", "cash"),
    "overdraft": ("透支限额", "overdraft"),
    "compound": ("复合消费", "compound"),
    "col-purse": ("账户", "purse"),
    "col-amount": ("金额", "amount"),
    "col-overdraft": ("透支", "overdraft"),
    "proof": ("已入账: 序号 {counter}, MAC {mac}, TAC {tac}", "Booked: number {counter}, MAC {mac}, TAC {tac}"),
    "no-proof": (
        "没有认证码: 卡上最后一笔交易不是序号 {counter}。",
        "No proof: the card's last booking was not number {counter}.",
    ),
    "starting-day": ("年度起始日期 {month} 月 {day} 日", "The settlement year begins on {month}-{day} (month-day)."),
    "log-empty": ("没有交易明细。", "No transactions."),
    "load": ("划入", "load"),
    "purchase": ("消费", "purchase"),
    "col-counter": ("序号", "No."),
    "col-movement": ("类型", "kind"),
    "col-time": ("时间", "time"),
    "col-terminal": ("终端", "terminal"),
    "col-account": ("账户", "account"),
    "col-own": ("自付", "own"),
    "col-fund": ("统筹", "fund"),
    "tac-unchecked": (
        "TAC 未在终端验证 (PSAM不能计算), 由后台验证。",
        "The TAC was not checked here (a PSAM cannot); the back office does.",
    ),
}
