"""Errors of components, key blocks and the vault's anchor: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "component-check": (
        "第 {index} 个分量 (共 {count} 个) 与它的校验值不符。|重新输入这个分量; 若仍不符, 换备用的一份。",
        "Component {index} of {count} does not fit its check value.|Type it again; if it still does not fit, take the spare.",
    ),
    "component-count": (
        "异或分量只能是 2 或 3 个, 不是 {count} 个。|人数更多时用 k-of-n 份额。",
        "XOR components are 2 or 3, not {count}.|For more people use k-of-n shares.",
    ),
    "component-shares": (
        "份额 {threshold}-of-{count} 不成立: 2 ≤ k ≤ n ≤ 255。|例如 3-of-5。",
        "Shares {threshold} of {count} are impossible: 2 ≤ k ≤ n ≤ 255.|For example 3 of 5.",
    ),
    "component-empty": ("没有可拆分的内容。|", "There is nothing to split.|"),
    "component-kind": (
        "异或分量和 k-of-n 份额不能混用。|核对每张分量单上的类型。",
        "XOR components and k-of-n shares do not mix.|Look at the kind on every sheet.",
    ),
    "component-mixed": (
        "这些分量不是同一套: 总数、门限、方法或长度不同。|核对分量单。",
        "These components are not of one set: count, threshold, method or length differ.|Compare the sheets.",
    ),
    "component-twice": (
        "同一个分量输入了两次。|每人输入自己的分量。",
        "One component was given twice.|Everybody types their own.",
    ),
    "component-missing": (
        "只有 {given} 个分量, 需要 {needed} 个。|请其余的持有人到场。",
        "There are {given} components; {needed} are needed.|Fetch the other holders.",
    ),
    "component-index": (
        "分量序号 {index} 不在 1 到 {count} 之间。|核对分量单。",
        "Component number {index} is not between 1 and {count}.|Look at the sheet.",
    ),
    "algorithm-transport": (
        "AES 只用于传输密钥, 不用于卡。|卡的算法是 DES、SSF33 或 SM4。",
        "AES is for transport keys only, not for cards.|Cards use DES, SSF33 or SM4.",
    ),
    "key-path": (
        "路径 {path} 写法不对。|写成 99、99/990101 或 99/990101/8699990100000017 (省/市/卡分散因子)。",
        "The path {path} cannot be meant.|Write 99, 99/990101 or 99/990101/8699990100000017: province, city, card factor.",
    ),
    "key-above": (
        "密钥 {ref} 只存在于下级或其他分支 ({held})。|密钥只能向下分散: 请持有上级密钥的机构下发。",
        "Key {ref} is held only further down or in another branch ({held}).|Keys go only downwards: ask the custodian above.",
    ),
    "key-owner": (
        "名称 {key} 属于官方清单 ({owner}), 不能用于别的密钥。|给自行扩充的密钥另取名称: sscard keys catalog 列出已用名称。",
        "The name {key} belongs to the official lists ({owner}) and to no other key.|Give your own key another name; sscard keys catalog shows those taken.",
    ),
    "key-not-derived": (
        "{ref} 不用于分散。|只有密钥目录和发卡方的密钥可以下发。",
        "Nothing is derived from {ref}.|Only keys of the catalogue and of the issuer are handed down.",
    ),
    "key-transport-algorithm": (
        "密钥 {key} 的算法 {algorithm} 与用途不符。|传输密钥用 SM4 或 AES; AES 只用于传输密钥 (--transport)。",
        "The algorithm {algorithm} does not fit what {key} is for.|Transport keys are SM4 or AES; AES is for transport keys only (--transport).",
    ),
    "key-wraps-only": (
        "{ref} 是传输密钥, 只用于保护密钥块。|运算请使用密钥目录中的密钥。",
        "{ref} is a transport key and only protects key blocks.|Name a key of the catalogue.",
    ),
    "key-not-exportable": (
        "密钥 {ref} 标为不可导出。|只能由它分散下级密钥。",
        "Key {ref} is marked as not exportable.|It may only derive the level below.",
    ),
    "key-not-transport": (
        "{ref} 不是传输密钥。|用 sscard keys component combine --transport 建立传输密钥。",
        "{ref} is not a transport key.|Make one with sscard keys component combine --transport.",
    ),
    "key-conflict": (
        "密钥 {key} 已在密钥库中, 但值不同。未接收任何密钥。|核对校验值; 新密钥要用新的版本号。",
        "Key {key} is in the vault with another value. Nothing was taken in.|Compare check values; a new key takes a new version.",
    ),
    "block-name": (
        "密钥名 {name} 不能放入密钥块。|用 1 到 40 个字母、数字、下划线、点或短横。",
        "The name {name} does not go into a key block.|Use 1 to 40 letters, digits, underscores, dots or hyphens.",
    ),
    "block-algorithm": (
        "{under} 不能保护 {algorithm} 密钥 {ref}。|SM4 传输密钥用 SSKB1 密钥块; AES 传输密钥只用于 DES 密钥 (TR-31)。",
        "{under} does not carry the {algorithm} key {ref}.|An SM4 transport key makes SSKB1 blocks; an AES one carries DES keys only (TR-31).",
    ),
    "block-form": (
        "不是密钥块, 或是另一种密钥块, 或已被改动。|请对方重新导出; 核对传输密钥。",
        "No key block, one of the other kind, or one that was changed.|Have it written again; check the transport key.",
    ),
    "block-mac": (
        "密钥块已被改动, 或用的是另一个传输密钥。|核对双方传输密钥的校验值。",
        "The key block was changed or made under another transport key.|Compare the transport key's check value on both sides.",
    ),
    "block-file": (
        "不是密钥块文件。|用 sscard keys derive --out 写出的文件。",
        "Not a file of key blocks.|Take one that sscard keys derive --out has written.",
    ),
    "block-line": (
        "第 {line} 行 ({under}): {cause} 未接收任何密钥。|请对方重新导出; 核对传输密钥的校验值。",
        "Line {line} ({under}): {cause} Nothing was taken in.|Have the file written again; compare the transport key's check value.",
    ),
    "block-twice": (
        "文件中同一个密钥出现两次。|请对方重新导出。",
        "A key stands twice in the file.|Have it written again.",
    ),
    "block-card-key": (
        "{key} 是单张卡的密钥, 密钥库不保存。|只接收省级或市级密钥。",
        "{key} is the key of one card; vaults do not keep those.|Take in keys of a province or city.",
    ),
    "block-demo": (
        "{key}: 演示密钥和生产密钥不能混在一个密钥库。|核对文件和工作目录。",
        "{key}: demonstration and production keys do not share a vault.|Check file and workspace.",
    ),
    "vault-wait": (
        "口令已错 {failures} 次: 请再等 {seconds} 秒。|等候后再试; 每错一次等候加倍。",
        "{failures} wrong passphrases: wait another {seconds} s.|Try again then; every further one doubles the wait.",
    ),
    "vault-rolled-back": (
        "密钥库文件是旧的: 第 {generation} 代, 而最近一次保存是第 {last} 代。|找出是谁放回的。若确是有意恢复备份: sscard keys anchor --accept {generation}",
        "The vault file is an old one: generation {generation}, while the last save was {last}.|Find out who put it back. If a backup was restored on purpose: sscard keys anchor --accept {generation}",
    ),
    "vault-forked": (
        "密钥库文件不是最近保存的那一个, 虽然同为第 {generation} 代。|找出是谁放入的。若确是有意替换: sscard keys anchor --accept {generation}",
        "The vault file is not the one last saved, though both are generation {generation}.|Find out who put it there. If that was meant: sscard keys anchor --accept {generation}",
    ),
    "anchor-missing": (
        "密钥库的锚 {path} 不见了: 无法判断第 {generation} 代是否最新。|恢复该文件; 或与纸面记录核对后: sscard keys anchor --accept {generation}",
        "The vault's anchor {path} is gone: nothing tells whether generation {generation} is the last.|Restore the file, or compare with the paper record and: sscard keys anchor --accept {generation}",
    ),
    "anchor-other": (
        "锚 {path} 属于另一个密钥库。|恢复正确的文件; 或核对后: sscard keys anchor --accept 代数",
        "The anchor {path} belongs to another vault.|Restore the right file, or after checking: sscard keys anchor --accept GENERATION",
    ),
    "anchor-edited": (
        "锚 {path} 被改动过。|找出是谁改的; 核对后: sscard keys anchor --accept 代数",
        "The anchor {path} was edited.|Find out who did it; after checking: sscard keys anchor --accept GENERATION",
    ),
    "anchor-damaged": (
        "锚 {path} 无法读取。|恢复该文件; 或删除后核对并: sscard keys anchor --accept 代数",
        "The anchor {path} cannot be read.|Restore it, or remove it, check, and: sscard keys anchor --accept GENERATION",
    ),
    "anchor-unwritable": (
        "无法写入锚 {path}: {reason}。|检查磁盘和权限。",
        "Cannot write the anchor {path}: {reason}.|Check disk and permissions.",
    ),
    "sheet-pdf": (
        "没有安装 PDF 库。|pip install 'sscard[print]', 或不加 --pdf 写文本。",
        "The PDF library is not installed.|pip install 'sscard[print]', or leave out --pdf for text.",
    ),
    "custody-exists": (
        "文件 {path} 已存在, 不会覆盖。|换一个名称或先移走。",
        "The file {path} exists and is never overwritten.|Choose another name or move it away.",
    ),
    "custody-unwritable": (
        "无法写入 {path}: {reason}。|检查目录、磁盘和权限。",
        "Cannot write {path}: {reason}.|Check folder, disk and permissions.",
    ),
    "custody-unreadable": (
        "无法读取 {path}: {reason}。|检查文件和权限。",
        "Cannot read {path}: {reason}.|Check the file and its permissions.",
    ),
    "derive-out": (
        "--under 和 --out 要一起给出。|只看校验值时两个都不写。",
        "--under and --out go together.|Leave out both to see check values only.",
    ),
    "derive-nothing": (
        "密钥库中没有可以分散到 {path} 的密钥。|sscard keys list 列出现有密钥; 密钥只能向下分散。",
        "The vault has no key that reaches down to {path}.|sscard keys list shows what there is; keys go only downwards.",
    ),
    "component-kind-option": (
        "--xor 和 --shares 必须且只能给一个。|例如 --xor 2 或 --shares 3/5。",
        "Give either --xor or --shares.|For example --xor 2, or --shares 3/5.",
    ),
    "component-terminal": (
        "输入分量需要终端。|不能用管道或文件: 分量只能由持有人亲手输入。",
        "Components are typed at a terminal.|Not from a pipe or file: only by their holders' hands.",
    ),
    "component-form": (
        "分量值要 {size} 字节 ({digits} 个十六进制数字)。|照分量单输入, 空格可有可无。",
        "A component has {size} bytes ({digits} hex digits).|Type it as on the sheet, with or without spaces.",
    ),
    "component-expect": (
        "合成密钥的校验值是 {found}, 不是 {expected}。未存入任何密钥。|核对分量单是否同一套。",
        "The whole key has the check value {found}, not {expected}. Nothing was stored.|See whether the sheets are of one set.",
    ),
    "key-ref": (
        "{ref} 不是密钥版本的写法。|例如 STKDF01:v1。",
        "{ref} does not name a version of a key.|For example STKDF01:v1.",
    ),
    "anchor-generation": (
        "密钥库是第 {generation} 代, 不是 {wanted}。未作改动。|与纸面记录核对。",
        "The vault is generation {generation}, not {wanted}. Nothing was changed.|Compare with the paper record.",
    ),
    "component-disagree": (
        "第 {index} 个份额与其余份额不一致。|其中有一个不属于这一套: 核对分量单。",
        "Share {index} does not agree with the others.|One of them is of another set: compare the sheets.",
    ),
}
