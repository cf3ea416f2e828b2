"""What ``sscard block`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "锁定应用或整张卡。不可撤销: 被锁的应用应答 9303, 被锁的卡应答 6A81, 永远如此。\n\n"
        "\b\n例: sscard block application DF04 --reader emulator --confirm 990101D15600000500000017",
        "Block an application or a whole card. For ever: a blocked application answers 9303, a blocked card 6A81.\n\n"
        "\b\nExample: sscard block application DF04 --reader emulator --confirm 990101D15600000500000017",
    ),
    "application-help": (
        "锁定一个应用 (NAME, 如 DF04), 用它的锁定密钥。其余应用照常可用。\n\n"
        "\b\n例: sscard block application DF04 --reader emulator --confirm 990101D15600000500000017",
        "Block one application (NAME, such as DF04) under its lock key. The others go on.\n\n"
        "\b\nExample: sscard block application DF04 --reader emulator --confirm 990101D15600000500000017",
    ),
    "card-help": (
        "锁定整张卡 (BK)。\n\n\b\n例: sscard block card --reader emulator --confirm 990101D15600000500000017",
        "Block the whole card (BK).\n\n"
        "\b\nExample: sscard block card --reader emulator --confirm 990101D15600000500000017",
    ),
    "option-confirm": (
        "这张卡的完整识别码; 不给则在终端询问",
        "the whole identification code of this card; without it it is asked for",
    ),
    "whole-card": ("整张卡", "the whole card"),
    "ask": (
        "将永远锁定{what}, 不可撤销。确认请输入这张卡的识别码 ({card})",
        "This blocks {what} for ever. To confirm, type the card's identification code ({card})",
    ),
    "done": ("已锁定{what}: 卡 {card}。", "Blocked {what}: card {card}."),
}
