"""What component sheets and the commands of custody show."""

TEXTS: dict[str, tuple[str, str]] = {
    "sheet-title": ("密钥分量单", "KEY COMPONENT SHEET"),
    "sheet-key": ("密钥", "key"),
    "sheet-component": ("分量", "component"),
    "sheet-xor": ("异或, 全部需要", "XOR, all are needed"),
    "sheet-shares": ("份额, 任意 {needed} 个", "share, any {needed}"),
    "sheet-value": ("值", "value"),
    "sheet-check": ("本分量校验值", "check value of this component"),
    "sheet-whole": ("合成密钥校验值", "check value of the whole key"),
    "sheet-holder": ("持有人", "holder"),
    "sheet-date": ("日期", "date"),
    "sheet-seal": ("封条号", "seal no."),
    "sheet-witness": ("见证人", "witness"),
    "sheet-keep": (
        "装入信封密封, 由持有人单独保管, 不得复印。",
        "Seal in an envelope; kept by its holder alone; no copies.",
    ),
    "derive-help": (
        "向下分散密钥: 显示校验值, 或写出密钥块文件。从不显示密钥值。\n\n"
        "PATH 为 省/市/卡分散因子, 例如 99、99/990101。加 --under 和 --out 时, 密钥在传输密钥保护下写入文件。\n\n\b\n"
        "例: sscard keys derive IRK --path 99/990101/8699990100000017 --workspace ws\n"
        "    sscard keys derive --path 99 --workspace ws --json",
        "Derive keys downwards: shows check values, or writes a file of key blocks; never a key.\n\n"
        "PATH is province/city/card factor, as 99 or 99/990101. With --under and --out the keys go into the file under that transport key.\n\n\b\n"
        "Example: sscard keys derive IRK --path 99/990101/8699990100000017 --workspace ws\n"
        "         sscard keys derive --path 99 --workspace ws --json",
    ),
    "import-help": (
        "接收密钥块文件: 全部接收或全部拒绝。\n\n\b\n例: sscard keys import province-99.keyblocks --under TK-99 --workspace ws",
        "Take in a file of key blocks: all of it or nothing.\n\n\b\nExample: sscard keys import province-99.keyblocks --under TK-99 --workspace ws",
    ),
    "impact-help": (
        "列出使用某个密钥版本的批次和卡 (例如密钥泄露后)。\n\n\b\n例: sscard keys impact STKDF01:v1 --workspace ws",
        "List batches and cards under one version of a key, as after a loss.\n\n\b\nExample: sscard keys impact STKDF01:v1 --workspace ws",
    ),
    "state-help": (
        "暂停、停用或恢复某个密钥版本 (在密钥库的各级)。被暂停或停用的密钥不再用于任何运算。\n\n\b\n例: sscard keys state UK1DF01:v3 suspended --workspace ws",
        "Suspend, retire or wake one version of a key, at every place the vault holds it. A key that is not active is used for nothing.\n\n\b\nExample: sscard keys state UK1DF01:v3 suspended --workspace ws",
    ),
    "anchor-help": (
        "显示密钥库的代数和摘要, 供纸面记录; --accept 在有意恢复备份后重新认定。\n\n\b\n例: sscard keys anchor --workspace ws",
        "Show the vault's generation and digest, for the paper record; --accept takes a restored backup for the true one.\n\n\b\nExample: sscard keys anchor --workspace ws",
    ),
    "component-help": (
        "密钥分量: 生成、合成、销毁分量单。\n\n\b\n例: sscard keys component generate TK-99 --xor 2 --out sheets --workspace ws",
        "Key components: generate, combine, destroy sheets.\n\n\b\nExample: sscard keys component generate TK-99 --xor 2 --out sheets --workspace ws",
    ),
    "generate-help": (
        "生成新密钥的分量: 每个分量一份单独的文件 (0600), 屏幕上只有校验值。密钥本身不保存。\n\n\b\n"
        "例: sscard keys component generate TK-99 --xor 2 --out sheets --workspace ws\n"
        "    sscard keys component generate TK-98 --shares 3/5 --pdf --out sheets --workspace ws",
        "Generate the components of a new key: a file of its own (0600) for each, only check values on the screen. The key itself is kept nowhere.\n\n\b\n"
        "Example: sscard keys component generate TK-99 --xor 2 --out sheets --workspace ws\n"
        "         sscard keys component generate TK-98 --shares 3/5 --pdf --out sheets --workspace ws",
    ),
    "combine-help": (
        "由各持有人逐一输入分量 (不显示), 合成密钥存入密钥库。需要终端。\n\n\b\n"
        "例: sscard keys component combine TK-99 --xor 2 --transport --workspace ws",
        "Every holder types a component, unseen, one after the other; the key goes into the vault. Needs a terminal.\n\n\b\n"
        "Example: sscard keys component combine TK-99 --xor 2 --transport --workspace ws",
    ),
    "shred-help": (
        "覆盖并删除分量单文件。\n\n\b\n例: sscard keys component generate TK-97 --xor 2 --out sheets --workspace ws\n    sscard keys component shred sheets/TK-97-v1-1of2.txt sheets/TK-97-v1-2of2.txt",
        "Overwrite and remove files of component sheets.\n\n\b\nExample: sscard keys component generate TK-97 --xor 2 --out sheets --workspace ws\n         sscard keys component shred sheets/TK-97-v1-1of2.txt sheets/TK-97-v1-2of2.txt",
    ),
    "option-path": (
        "目标位置: 省、省/市 或 省/市/卡分散因子",
        "where to: province, province/city or province/city/card factor",
    ),
    "option-version": ("密钥版本 (默认全部有效版本)", "version of the keys (default: every active one)"),
    "option-under": ("保护密钥块的传输密钥", "transport key that protects the key blocks"),
    "option-out-blocks": ("密钥块文件 (0600, 不覆盖)", "file of key blocks (0600, never overwritten)"),
    "option-no-export": ("对方不得再导出", "the receiver must not export them again"),
    "option-accept": ("把第 N 代的现有文件认定为真", "take the file as it stands, generation N, for the true one"),
    "option-xor": ("异或分量数: 2 或 3", "XOR components: 2 or 3"),
    "option-shares": ("k/n 份额, 例如 3/5", "k of n shares, as 3/5"),
    "option-cipher": ("密钥的算法 (默认 SM4)", "cipher of the key (default SM4)"),
    "option-component-version": ("密钥版本", "version of the key"),
    "option-out-sheets": ("分量单所在目录", "folder for the sheets"),
    "option-pdf": ("写 PDF 而不是文本", "write PDF instead of text"),
    "option-transport": ("作为传输密钥存入", "store it as a transport key"),
    "option-region": (
        "所在: 空为全国, 两位省, 六位市 (默认按密钥级别)",
        "where it stands: two digits a province, six a city (default: by the key's level)",
    ),
    "option-expect": ("分量单上的合成密钥校验值", "check value of the whole key, from the sheets"),
    "derive-line": ("{name}:v{version}  {place}  {check}  {method}", "{name}:v{version}  {place}  {check}  {method}"),
    "derive-total": ("共 {count} 个校验值", "{count} check values"),
    "derive-written": (
        "{count} 个密钥已在 {under} ({check} {method}) 保护下写入 {path}",
        "{count} keys written under {under} ({check} {method}) to {path}",
    ),
    "import-new": (
        "新  {name}:v{version}  {place}  {check}  {method}",
        "new    {name}:v{version}  {place}  {check}  {method}",
    ),
    "import-known": (
        "已有 {name}:v{version}  {place}  {check}  {method}",
        "there  {name}:v{version}  {place}  {check}  {method}",
    ),
    "import-total": ("接收 {new} 个, 已有 {known} 个", "{new} taken in, {known} were there"),
    "impact-batch": (
        "{mark}批次 {batch}  任务 {job}  规格 {profile}  良 {good} 废 {spoiled} 在制 {work}",
        "{mark}batch {batch}  job {job}  profile {profile}  good {good} spoiled {spoiled} in work {work}",
    ),
    "impact-card": ("  {card}  卡号 {card_no}  {state}", "  {card}  number {card_no}  {state}"),
    "impact-psam": ("PSAM {terminal}  {state}", "PSAM {terminal}  {state}"),
    "impact-unsure": (
        "? 规格自该批次后有改动或已不存在, 按可能受影响列出",
        "? the profile was changed since or is gone: listed as possibly exposed",
    ),
    "impact-total": (
        "{ref}: 批次 {batches}, 卡 {cards}, PSAM {psams}",
        "{ref}: batches {batches}, cards {cards}, PSAMs {psams}",
    ),
    "impact-no-psams": (
        "此工作目录没有 PSAM 登记簿: PSAM 未计入",
        "This workspace has no PSAM register: PSAMs are not counted",
    ),
    "anchor-shown": (
        "密钥库 {path}\n第 {generation} 代  摘要 {digest}  密钥 {count} 个\n锚 {anchor} 相符 ✓\n请把代数和摘要记在纸上",
        "vault {path}\ngeneration {generation}  digest {digest}  {count} keys\nthe anchor {anchor} agrees ✓\nWrite generation and digest down on paper",
    ),
    "anchor-accepted": (
        "已认定第 {generation} 代 (摘要 {digest}) 为真, 并记入审计日志",
        "Generation {generation} (digest {digest}) is now taken for the true one; the audit log says so",
    ),
    "sheet-written": ("{path}   校验值 {check} {method}", "{path}   check {check} {method}"),
    "generated": (
        "密钥 {key}:v{version} 已分成 {count} 个分量, 合成校验值 {check} {method}。各分量交给不同的人; 打印后用 sscard keys component shred 销毁文件。",
        "Key {key}:v{version} is in {count} components; check value of the whole {check} {method}. Give each to another person; when printed, destroy the files with sscard keys component shred.",
    ),
    "swap": (
        "注意: 系统不允许锁定内存, 密钥可能写入交换区。关闭交换区, 或用 ulimit -l unlimited。",
        "Note: the system does not let memory be locked; keys may reach the swap area. Switch swap off, or ulimit -l unlimited.",
    ),
    "person": (
        "第 {number} 位持有人 (共 {count} 位), 其他人请转身。",
        "Holder {number} of {count}; everybody else look away.",
    ),
    "ask-index": ("分量序号", "Number of your component"),
    "ask-value": ("分量值 (不显示)", "Value of your component (not shown)"),
    "ask-check": ("本分量校验值", "Check value of your component"),
    "again": ("{reason} 请重新输入。", "{reason} Type it again."),
    "accepted": ("分量 {index} 正确。请下一位按回车。", "Component {index} is right. The next holder presses Enter."),
    "combined": (
        "密钥 {key} 已存入密钥库, 校验值 {check} {method}。请与分量单上的合成校验值核对。",
        "Key {key} is in the vault; check value {check} {method}. Compare with the sheets.",
    ),
    "shredded": ("已覆盖并删除 {path}", "Overwritten and removed {path}"),
}
