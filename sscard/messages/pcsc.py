"""What ``sscard readers`` and ``sscard doctor`` show.  A finding of the doctor is ``what it is|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "readers-help": (
        "列出读卡器和里面的卡。\n\n\b\n例: sscard readers --json",
        "List the readers and the cards in them.\n\n\b\nExample: sscard readers --json",
    ),
    "doctor-help": (
        "逐层检查环境: 每层一行, ✓ 或处理办法。\n\n\b\n例: sscard doctor --workspace ws\n\n退出码: 0 正常, 1 工作目录或系统有问题, 3 读卡器一侧有问题。",
        "Check every layer: one line each, ✓ or the remedy.\n\n\b\nExample: sscard doctor --workspace ws\n\n"
        "Exit: 0 all well, 1 workspace or system, 3 the readers' side.",
    ),
    "option-workspace": (
        "要检查的工作目录 (默认: 当前目录, 若是工作目录)",
        "workspace to check (default: here, if here is one)",
    ),
    "option-reader": ("只检查这个读卡器; emulator 不检查读卡器", "check this reader only; 'emulator' checks none"),
    "no-card": ("无卡", "no card"),
    "mute-card": ("卡没有应答", "the card gives no answer"),
    "in-use": ("(使用中)", "(in use)"),
    "layer-driver": ("驱动", "driver"),
    "layer-service": ("服务", "service"),
    "layer-permission": ("权限", "permission"),
    "layer-reader": ("读卡器", "reader"),
    "layer-card": ("卡", "card"),
    "layer-workspace": ("工作目录", "workspace"),
    "layer-vault": ("密钥库", "vault"),
    "layer-ledger": ("账本", "ledger"),
    "layer-disk": ("磁盘", "disk"),
    "layer-clock": ("时钟", "clock"),
    "driver": ("pyscard {version}|", "pyscard {version}|"),
    "driver-module": (
        "没有安装 pyscard|sudo apt-get install gcc libpcsclite-dev && pip install 'sscard[pcsc]'",
        "pyscard is not installed|sudo apt-get install gcc libpcsclite-dev && pip install 'sscard[pcsc]'",
    ),
    "driver-library": (
        "缺少程序库 libpcsclite|sudo apt-get install libpcsclite1",
        "the library libpcsclite is missing|sudo apt-get install libpcsclite1",
    ),
    "service": ("pcscd 在运行|", "pcscd is running|"),
    "service-not-installed": (
        "没有安装 pcscd|sudo apt-get install pcscd",
        "pcscd is not installed|sudo apt-get install pcscd",
    ),
    "service-stopped": ("pcscd 没有运行 ({socket})|{start}", "pcscd is not running ({socket})|{start}"),
    "service-hung": ("pcscd {seconds} 秒没有回答|{restart}", "pcscd gave no answer for {seconds} seconds|{restart}"),
    "permission": ("{user} 可以使用|", "{user} may use it|"),
    "permission-socket": (
        "{user} 无权访问 {socket}|sudo setfacl -m u:{user}:rw {socket}",
        "{user} may not open {socket}|sudo setfacl -m u:{user}:rw {socket}",
    ),
    "permission-policy": (
        "系统策略 (polkit) 不允许 {user} 使用读卡器|{rule}",
        "the system's policy (polkit) keeps {user} from the readers|{rule}",
    ),
    "reader": ("{readers}|", "{readers}|"),
    "reader-none": (
        "没有读卡器|插上读卡器; 仍没有: sudo apt-get install libccid && {restart}",
        "there is no reader|plug one in; still none: sudo apt-get install libccid && {restart}",
    ),
    "card": ("{cards}|", "{cards}|"),
    "card-none": ("没有卡|插入卡片, 然后: sscard readers", "there is no card|insert one, then: sscard readers"),
    "card-mute": (
        "{reader} 里的卡没有应答|取出, 擦净触点, 芯片朝上重新插入, 然后: sscard readers",
        "the card in {reader} gives no answer|take it out, clean its contacts, insert it chip up, then: sscard readers",
    ),
    "unchecked": ("未检查|", "not checked|"),
    "workspace": ("{path}|", "{path}|"),
    "workspace-none": (
        "这里没有工作目录, 未检查|",
        "no workspace here, not checked|",
    ),
    "vault": ("{path}|", "{path}|"),
    "vault-missing": ("没有密钥库 {path}|sscard keys --help", "there is no vault {path}|sscard keys --help"),
    "vault-open": ("其他用户也能读密钥库 {path}|chmod 600 {path}", "others can read the vault {path}|chmod 600 {path}"),
    "ledger": ("SQLite, 版本 {version}: {path}|", "SQLite, version {version}: {path}|"),
    "ledger-shared": (
        "PostgreSQL, 版本 {version}: {path}; 工位: {stations}|",
        "PostgreSQL, version {version}: {path}; stations: {stations}|",
    ),
    "ledger-none": ("还没有 (第一个批次时建立)|", "none yet (the first batch makes it)|"),
    "ledger-damaged": (
        "{path} 不是账本文件|从备份恢复: cp 备份/ledger.sqlite {path}",
        "{path} is no ledger|restore it: cp BACKUP/ledger.sqlite {path}",
    ),
    "ledger-locked": ("不能写账本 {path}|chmod u+rw {path}", "the ledger {path} cannot be written|chmod u+rw {path}"),
    "disk": ("剩余 {free} GiB|", "{free} GiB free|"),
    "disk-full": ("{path} 只剩 {free} GiB|df -h {path}", "only {free} GiB free at {path}|df -h {path}"),
    "clock": ("{now}|", "{now}|"),
    "clock-wrong": (
        "时钟不对: {now}|sudo timedatectl set-ntp true",
        "the clock is wrong: {now}|sudo timedatectl set-ntp true",
    ),
    "clock-behind": (
        "时钟 {now} 早于 {path} 的修改时间|sudo timedatectl set-ntp true",
        "the clock, {now}, is before the last change of {path}|sudo timedatectl set-ntp true",
    ),
}
