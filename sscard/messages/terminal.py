"""What ``info``, ``read`` and ``apdu`` show."""

TEXTS: dict[str, tuple[str, str]] = {
    "info-help": (
        "识别读卡器中的卡: ATR、版本、算法、识别码、线速、PIN状态。只读, 不写卡, 不消耗重试次数。\n\n"
        "\b\n例: sscard info --reader emulator",
        "Identify the card in a reader: ATR, generation, algorithm, identification code, wire speed, state of the PIN. "
        "Reads only: nothing is written and no try is spent.\n\n\b\nExample: sscard info --reader emulator",
    ),
    "read-help": (
        "读取卡内文件。WHAT 为目录 (DF04)、文件 (DF04/EF05, EF05) 或 all; 不写则读 SSSE。\n\n"
        "读权限所需的密钥取自工作目录的密钥库; 个人信息默认遮盖。\n\n"
        "\b\n例: sscard read --reader emulator\n    sscard read DF01/EF05 DF04 --pin --json",
        "Read files of a card. WHAT is a directory (DF04), a file (DF04/EF05, EF05) or all; without it SSSE is read.\n\n"
        "Keys for reading come from the workspace's vault; personal data are masked.\n\n"
        "\b\nExample: sscard read --reader emulator\n         sscard read DF01/EF05 DF04 --pin --json",
    ),
    "apdu-help": (
        "逐条发送 APDU 并解释状态字; 遇到失败即停。只有一个 - 时从标准输入逐行读取。\n\n"
        "会写卡、消耗重试次数或无法撤销的命令需要 --yes。\n\n"
        "\b\n例: sscard apdu 00A404000F7378312E73682EC9E7BBE1B1A3D5CF 00B2032806 --reader emulator",
        "Send APDUs one after the other and explain each status word; stops at the first failure. A single - reads them "
        "from standard input, one a line.\n\nCommands that write, spend a try or cannot be undone need --yes.\n\n"
        "\b\nExample: sscard apdu 00A404000F7378312E73682EC9E7BBE1B1A3D5CF 00B2032806 --reader emulator",
    ),
    "option-yes": ("不再询问", "do not ask"),
    "option-show-person": ("不遮盖个人信息 (记入审计日志)", "show personal data unmasked (goes to the audit log)"),
    "option-pin": ("提示输入持卡人PIN", "ask for the holder's PIN"),
    "option-profile": (
        "卡片配置名称或文件 (默认按卡选择)",
        "card profile, by name or file (default: as the card says)",
    ),
    "pin-prompt": ("PIN", "PIN"),
    "confirm-person": (
        "将显示卡 {card} 的个人信息, 并记入审计日志。继续?",
        "Personal data of card {card} will be shown; this goes to the audit log. Continue?",
    ),
    "label-reader": ("读卡器", "reader"),
    "label-atr": ("ATR", "ATR"),
    "label-card": ("卡", "card"),
    "label-state": ("状态", "state"),
    "label-historical": ("历史字节", "historical"),
    "line-reader": (
        "{reader}   {interface}   协议 T={protocol}   线速 {speed}",
        "{reader}   {interface}   protocol T={protocol}   wire speed {speed}",
    ),
    "interface-contact": ("接触", "contact"),
    "interface-contactless": ("非接触", "contactless"),
    "speed-fixed": ("{default} bit/s", "{default} bit/s"),
    "speed-negotiable": ("{default}→{fastest} bit/s 可协商", "{default}→{fastest} bit/s negotiable"),
    "line-historical": (
        "地区 {area}   序列号 {serial}   卡分散因子 {factor}",
        "area {area}   serial {serial}   card factor {factor}",
    ),
    "line-system": (
        "{system}   序列号 {serial}   卡分散因子 {factor}",
        "{system}   serial {serial}   card factor {factor}",
    ),
    "line-card": (
        "社会保障卡 {generation} · {algorithm}{guess} · 发卡地区 {region} · 识别码 {card_id} · 卡号 {card_no}",
        "social-security card {generation} · {algorithm}{guess} · area {region} · id {card_id} · number {card_no}",
    ),
    "algorithm-guessed": (" (卡未声明, 按规则推定)", " (not stated by the card, by rule)"),
    "kind-social-security": ("社会保障卡", "social-security card"),
    "kind-blank": ("空白卡: 没有社会保障环境", "blank card: no social-security environment"),
    "kind-bank": ("银行卡: 只有支付环境", "bank card: payment environment only"),
    "kind-purse": ("PBOC 电子钱包卡", "PBOC purse card"),
    "line-purse": (
        "PBOC 电子钱包卡 · 发卡地区 {region} · 应用序列号 {card_id}",
        "PBOC purse card · area {region} · application serial number {card_id}",
    ),
    "kind-unknown": ("未知的卡", "unknown card"),
    "state-empty": ("环境已建立, 未写识别码", "environment made, no identification code yet"),
    "state-initialized": ("已初始化, 未写卡号", "initialized, no card number yet"),
    "state-issued": ("已个人化", "personalized"),
    "state-blocked": ("已永久锁定", "blocked for good"),
    "pin-unknown": ("PIN 状态未知", "PIN state unknown"),
    "pin-locked": ("PIN 已锁定", "PIN locked"),
    "pin-left": ("PIN 剩 {tries} 次", "PIN {tries} tries left"),
    "rights": ("{rights} ✓", "{rights} ✓"),
    "rights-free": ("自由读", "free"),
    "outcome-denied": ("未读: 卡拒绝", "not read: the card refuses"),
    "outcome-absent": ("卡上没有此文件", "not on this card"),
    "outcome-blocked": ("应用已锁定", "application blocked"),
    "refused-never": ("未读: 此文件不可读", "not read: this file never is"),
    "refused-no-key": ("未读: 没有可用的 {rule}", "not read: no usable {rule}"),
    "refused-no-pin": ("未读: 需要PIN (--pin)", "not read: needs the PIN (--pin)"),
    "refused-foreign": (
        "未读: 卡的密钥不属于本密钥库, 未尝试认证",
        "not read: the card's keys are not this vault's; none was tried",
    ),
    "no-records": ("没有记录", "no records"),
    "not-in-profile": ("配置中没有的数据项", "not in the profile"),
}
