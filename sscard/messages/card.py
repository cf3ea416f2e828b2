"""Texts of ``sscard card``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "导出、导入、比较卡片: 导出卡内全部数据项, 由映像建立软件卡, 逐项比较。\n\n\b\n例: sscard card sample card.img",
        "Export, import and compare cards: every item of a card into a file, a software card from an image, what "
        "differs item by item.\n\n\b\nExample: sscard card sample card.img",
    ),
    "export-help": (
        "把一张卡的全部可读数据项写入 FILE (JSON, 权限 0600)。\n\n"
        "文件含持卡人全部个人信息, 不遮盖; 读取真卡先询问, 并记入工作目录的审计日志。--image 导出软件卡映像, 不需要密钥。\n\n"
        "\b\n例:\n  sscard card export card.json --reader emulator --workspace ws --pin --yes",
        "Write every item that can be read of a card to FILE (JSON, mode 0600).\n\n"
        "The file holds the person in full, unmasked; a card in a reader is read only after consent, which goes to the "
        "workspace's audit log. --image exports a software card's image and needs no keys.\n\n"
        "\b\nExample:\n  sscard card export card.json --reader emulator --workspace ws --pin --yes",
    ),
    "import-help": (
        "由映像文件 IMAGE 建立软件卡 FILE (当前版本的映像), 供 sscard emulate --image 使用。\n\n"
        "较旧版本的映像被转换, 未写入映像的命令日志一并执行。导出文件没有密钥, 不能导入。\n\n"
        "\b\n例:\n  sscard card sample card.img --serial 7\n  sscard card import card.img copy.img",
        "Make the software card FILE (an image of the present version) from the image IMAGE, for sscard emulate "
        "--image.\n\nImages of older versions are converted, and a command log beside the image is played. An export "
        "has no keys and cannot be imported.\n\n"
        "\b\nExample:\n  sscard card sample card.img --serial 7\n  sscard card import card.img copy.img",
    ),
    "sample-help": (
        "把一张按配置个人化的演示软件卡写入映像 FILE。\n\n\b\n例: sscard card sample sample.img",
        "Write a demonstration software card, personalized by a profile, to the image FILE.\n\n"
        "\b\nExample: sscard card sample sample.img",
    ),
    "compare-help": (
        "逐项比较两张卡 (导出文件或映像), 或一张卡与其配置; 个人信息遮盖。\n\n"
        "一方可为读卡器中的卡 (--reader)。只有一方时与配置比较。两个映像还比较目录、文件、规则、密钥 (不显示值) 与计数器。"
        "有差异时退出码为 1。\n\n"
        "\b\n例:\n  sscard card sample a.img\n  sscard card export a.json --image a.img\n"
        "  sscard card compare a.img a.json\n  sscard card compare a.img",
        "Compare two cards (exports or images), or a card with its profile, item by item; people are masked.\n\n"
        "One side may be the card in a reader (--reader). A single side is compared with its profile. Of two images also "
        "directories, files, rules, keys (never their values) and counters are compared. Differences give exit code 1.\n\n"
        "\b\nExample:\n  sscard card sample a.img\n  sscard card export a.json --image a.img\n"
        "  sscard card compare a.img a.json\n  sscard card compare a.img",
    ),
    "option-image": ("软件卡映像文件", "image of a software card"),
    "option-force": ("覆盖已有文件", "overwrite an existing file"),
    "option-profile": ("卡配置名称或文件 (默认按卡选择)", "card profile, by name or file (default: as the card says)"),
    "option-serial": ("卡的序列号", "serial number of the card"),
    "option-seed": ("演示密钥的种子", "seed of the demonstration keys"),
    "one-source": ("--reader 与 --image 只能用一个", "take --reader or --image, not both"),
    "sides": ("比较一方 (与配置) 或两方", "compare one side (with its profile) or two"),
    "exported": (
        "已导出 {path}: {files} 个文件, {values} 个数据项 (含个人信息, 权限 0600)",
        "exported {path}: {files} files, {values} values (the person in full, mode 0600)",
    ),
    "unread": ("未能读取: {places}", "could not be read: {places}"),
    "image-written": ("已写入软件卡 {path}: ATR {atr}", "wrote the software card {path}: ATR {atr}"),
    "same": ("没有差异: {left} ↔ {right}", "no difference: {left} ↔ {right}"),
    "count": ("{count} 处差异: {left} ↔ {right}", "{count} differences: {left} ↔ {right}"),
    "side-profile": ("配置 {name}", "profile {name}"),
    "side-reader": ("读卡器 {name}", "reader {name}"),
    "kind-value": ("值不同", "another value"),
    "kind-length": ("长度不同", "another length"),
    "kind-only-left": ("只在左边", "left only"),
    "kind-only-right": ("只在右边", "right only"),
    "kind-file": ("文件", "file"),
    "kind-form": ("格式不符", "not of its type"),
    "kind-unread": ("未能比较", "not compared"),
    "kind-structure": ("结构", "structure"),
    "told-true": ("是", "yes"),
    "told-false": ("否", "no"),
    "told-read": ("可读", "read"),
    "told-absent": ("没有", "absent"),
    "told-denied": ("拒绝", "denied"),
    "told-blocked": ("已锁定", "blocked"),
    "what-system": ("卡操作系统", "card operating system"),
    "what-there": ("存在", "there"),
    "what-algorithm": ("算法", "algorithm"),
    "what-chip": ("历史字节", "historical bytes"),
    "what-sealed": ("已封卡", "sealed"),
    "what-card blocked": ("卡片锁定", "card blocked"),
    "what-blocked": ("应用锁定", "application blocked"),
    "what-kind": ("目录类型", "kind"),
    "what-name": ("名称 (AID)", "name (AID)"),
    "what-lock": ("锁定密钥号", "lock key"),
    "what-tries": ("剩余次数", "tries left"),
    "what-value": ("密钥值", "value of the key"),
    "what-limit": ("重试上限", "retry limit"),
    "what-level": ("级别", "level"),
    "what-option": ("算法字节", "algorithm byte"),
    "what-type": ("文件类型", "type"),
    "what-sfi": ("SFI", "SFI"),
    "what-size": ("大小", "size"),
    "what-record length": ("记录长度", "record length"),
    "what-read": ("读规则", "read rule"),
    "what-update": ("写规则", "update rule"),
    "what-create": ("建立权限", "right to create"),
    "what-erase": ("擦除权限", "right to erase"),
    "what-application file": ("应用文件标识", "application file byte"),
    "what-protection": ("线路保护", "line protection"),
    "what-usage": ("使用权限", "right of use"),
    "what-change": ("更改权限", "right to change"),
    "what-follow-up": ("后续状态", "follow-up state"),
}
