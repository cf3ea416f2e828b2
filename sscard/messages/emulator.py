"""Texts of the software card."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "把软件卡接到 pcscd 的虚拟读卡器 (vpcd)。\n\n"
        "不加 --blank, --image, --feed 时提供一张已个人化的演示卡。用 Ctrl-C 结束。\n\n"
        "\b\n例:\n  sscard emulate --port 27000\n  sscard emulate --port 27000 --feed 10 --seed 7\n"
        "  sscard emulate --port 27000 --blank --tear 40:during:3 --interface contactless\n"
        "  sscard emulate --port 27000 --profile ssc2-des\n"
        "  sscard emulate --port 27000 --system fmcos --interface contact",
        "Serve a software card to pcscd's virtual reader (vpcd).\n\n"
        "Without --blank, --image or --feed it is a personalized demonstration card. Ctrl-C ends it.\n\n"
        "\b\nExamples:\n  sscard emulate --port 27000\n  sscard emulate --port 27000 --feed 10 --seed 7\n"
        "  sscard emulate --port 27000 --blank --tear 40:during:3 --interface contactless\n"
        "  sscard emulate --port 27000 --profile ssc2-des\n"
        "  sscard emulate --port 27000 --system fmcos --interface contact",
    ),
    "option-port": (
        "vpcd 的 TCP 端口 (读卡器配置中的端口)",
        "TCP port of vpcd, as in the reader's configuration",
    ),
    "option-host": ("vpcd 所在主机 (默认本机)", "host vpcd runs on (default: this one)"),
    "option-image": (
        "卡映像文件: 有则载入, 无则新建; 卡的状态保存在其中",
        "card image: loaded if it exists, else made; the card's state is kept in it",
    ),
    "option-profile": (
        "卡片配置: 演示卡的内容, 或空白卡的算法",
        "card profile: what the demonstration card holds, or the algorithm of blank ones",
    ),
    "option-system": (
        "空白卡的操作系统: fmcos (复旦 FMCOS 2.0) 或 smartcos (明华 SmartCOS), 不依配置",
        "a blank card of that system, for no profile: fmcos (FMCOS 2.0) or smartcos (SmartCOS)",
    ),
    "system-or-profile": (
        "--system 不能与 --profile 一起使用: 配置自有其卡",
        "--system does not go with --profile, which has its own kind of card",
    ),
    "option-blank": ("提供一张空白卡", "serve a blank card"),
    "option-feed": (
        "依次提供 N 张空白卡: 一张封卡并断电后换下一张",
        "serve N blank cards one after another: the next comes when one is sealed and powered off",
    ),
    "option-seed": ("随机数种子 (相同种子, 相同的卡)", "seed of random numbers (same seed, same card)"),
    "option-serial": ("卡的序列号", "serial number of the (first) card"),
    "option-tear": (
        "在第 N 条命令处掉电: before 之前 (默认), during 写入第 BYTE 字节时, after 之后应答之前; 用于第一张卡",
        "cut power at command N: before it (default), during its write at BYTE, or after it, unanswered; first card only",
    ),
    "tear-form": (
        "{value} 不是 N[:before|during|after[:BYTE]] (N 从 1 起; BYTE 只用于 during)",
        "{value} is not N[:before|during|after[:BYTE]] (N counts from 1; BYTE goes with during only)",
    ),
    "option-interface": (
        "以接触或非接触方式提供卡 (默认: 映像所记, 新卡为接触)",
        "serve the card as contact or contactless (default: as the image says, new cards contact)",
    ),
    "one-of": (
        "--feed 不能与 --image 一起使用",
        "--feed does not go with --image",
    ),
    "waiting": ("等待 vpcd {host}:{port} …", "Waiting for vpcd at {host}:{port} …"),
    "connected": ("已连接 {host}:{port}, 卡 {card}", "Connected to {host}:{port}, card {card}"),
    "lost": ("连接中断, 重新连接", "Connection lost, connecting again"),
    "torn": ("卡片 {card} 掉电", "Card {card} lost power"),
    "card": ("换卡: {card}", "Next card: {card}"),
    "ended": ("结束", "Ended"),
    "no-card": ("无卡", "none"),
}
