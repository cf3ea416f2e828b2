"""What goes wrong with card profiles and with values for a card."""

TEXTS: dict[str, tuple[str, str]] = {
    "profile-unknown": (
        "没有名为 {name} 的卡片配置。|可用: {known}; 或给出 TOML 文件路径。",
        "There is no card profile {name}.|Known: {known}; or give the path of a TOML file.",
    ),
    "profile-file": (
        "无法读取卡片配置 {file}: {reason}。|检查路径和权限。",
        "Cannot read the card profile {file}: {reason}.|Check the path and its permissions.",
    ),
    "profile-toml": (
        "{file} 不是合法的 TOML: {reason}。|按提示的行修正。",
        "{file} is not TOML: {reason}.|Correct the line it names.",
    ),
    "profile-missing": (
        "{file}: 缺少 {place}。|补上该值; 形式见 docs/card.md。",
        "{file}: {place} is missing.|Add it; docs/card.md shows the form.",
    ),
    "profile-unknown-value": (
        "{file}: {place} 无人使用。|检查拼写。",
        "{file}: nothing reads {place}.|Check its spelling.",
    ),
    "profile-kind": (
        "{file}: {place} 的类型不对, 应为 {wanted}。|修正该值。",
        "{file}: {place} is of the wrong kind, it must be {wanted}.|Correct the value.",
    ),
    "profile-range": (
        "{file}: {place} 为 {value}, 超出 {low}–{high} (十六进制)。|修正该值。",
        "{file}: {place} is {value}, outside {low}–{high} (hexadecimal).|Correct the value.",
    ),
    "profile-choice": (
        "{file}: {place} 为 {value}, 只能是 {known}。|修正该值。",
        "{file}: {place} is {value}, it must be one of {known}.|Correct the value.",
    ),
    "profile-repeated": (
        "{file}: {place} 的 {what} 与 {first} 重复。|改用未占用的值。",
        "{file}: {place} has the same {what} as {first}.|Take one that is free.",
    ),
    "profile-access": (
        "{file}: {place} 的读写规则无法识别: {rule}。|用 free、never、密钥名, 或以 | 或 & 连接。",
        "{file}: {place} is no access rule: {rule}.|Write free, never, a key name, or names joined by | or &.",
    ),
    "profile-right": (
        "{file}: {place} 所需的密钥 {right} 不在本目录或上级目录中。|检查密钥名。",
        "{file}: {place} asks for {right}, which is no key of this directory or the one above.|Check the name.",
    ),
    "profile-unprotected": (
        "{file}: {place} 没有 protection, 却写了 line_key 或 protected_reading。|补上 protection, 或删除它们。",
        "{file}: {place} has line_key or protected_reading without protection.|State protection, or remove them.",
    ),
    "profile-line-key": (
        "{file}: {place} 为 {key}, 不是本目录的 maintenance 密钥。|线路保护只用本目录的维护密钥。",
        "{file}: {place} is {key}, no maintenance key of this directory.|Line protection uses such a key only.",
    ),
    "profile-homeless": (
        "{file}: 没有直接位于 MF 的目录。|至少一个目录不写 parent。",
        "{file}: no directory stands in the MF.|At least one directory has no parent.",
    ),
    "profile-unknown-file": (
        "{file}: {place} 提到的文件 {name} 不在本目录。|检查文件名。",
        "{file}: {place} names the file {name}, which this directory does not have.|Check the name.",
    ),
    "profile-purse-log": (
        "{file}: {place} 为 {log}: 电子存折/钱包 (且只有它) 必须指明本目录中记录长度为 23 的循环文件。|改正 log。",
        "{file}: {place} is {log}: a purse, and nothing else, names a cyclic file of this directory with records of 23 "
        "bytes.|Correct log.",
    ),
    "profile-unknown-directory": (
        "{file}: {place} 提到的目录 {name} 不存在。|检查目录名。",
        "{file}: {place} names the directory {name}, which does not exist.|Check the name.",
    ),
    "profile-sum": (
        "{file}: {place} 的长度为 {stated}, 而各部分之和为 {sum} (十六进制)。|修正长度。",
        "{file}: {place} has length {stated}, but its parts add up to {sum} (hexadecimal).|Correct the lengths.",
    ),
    "profile-fixed": (
        "{file}: {place} 是定长记录文件, 但各记录长度不同。|改为 variable 或统一长度。",
        "{file}: {place} has fixed records, but they differ in length.|Make it variable or make them equal.",
    ),
    "profile-members": (
        "{file}: {place}: 只有 B-TLV 数据项有成员, 且必须有。|修正类型或成员。",
        "{file}: {place}: B-TLV items have members and no others do.|Correct the type or the members.",
    ),
    "profile-bound-place": (
        "{file}: 接口规则 ({rule}) 指向的 {place} 不存在, 或目录、文件不对。|select、purse 用目录, read、update 用目录/文件。",
        "{file}: there is no {place} for the interface rule ({rule}).|Give a directory for select and purse, directory/file for read and update.",
    ),
    "profile-bound-twice": (
        "{file}: {place} 有两条相同的接口规则 ({rule})。|留下一条。",
        "{file}: {place} has the same interface rule twice ({rule}).|Keep one of them.",
    ),
    "profile-bound-made": (
        "{file}: {place} 只限非接触 ({rule}), 而个人化走接触界面。|改为 contact 或去掉这条规则。",
        "{file}: {place} is bound to contactless ({rule}), but cards are personalized over contact.|Bind it to contact, or drop the rule.",
    ),
    "profile-pki": (
        "{file}: PKI应用只用于SM4卡, 不是 {algorithm} ({place})。|去掉 pki_application 或换用SM4配置。",
        "{file}: the PKI application is for SM4 cards, not {algorithm} ({place}).|Leave out pki_application or take an SM4 profile.",
    ),
    "profile-chip": (
        "{file}: 文件共需 {needed} 字节, 芯片只有 {chip} 字节 ({place})。|减少文件或更换芯片。",
        "{file}: the files need {needed} bytes, the chip has {chip} ({place}).|Take fewer files or a larger chip.",
    ),
    "profile-label-only": (
        "{file}: 目录 {place} 没有应用标识, 只能按文件标识选择, 必须紧跟在同一环境的目录之后。|调整目录顺序。",
        "{file}: {place} has no name, is selected by FID and must stand behind a directory of its environment.|Move it.",
    ),
    "overlay-absent": (
        "{file}: 被扩展的配置中没有 {place}。|核对位置, 例如 DF01/EF15/40。",
        "{file}: the profile it changes has no {place}.|Check the place; it is written like DF01/EF15/40.",
    ),
    "overlay-taken": (
        "{file}: {place} 已存在, 不能再增加。|改用 replace, 或换一个名称、标签。",
        "{file}: {place} is there already and cannot be added.|Use replace, or another name or tag.",
    ),
    "overlay-alone": (
        "{file} 是叠加文件, 不是完整的卡片配置。|放在配置之后使用: ssc2-des+overlay-informative。",
        "{file} is an overlay, no whole profile.|Put it on one: ssc2-des+overlay-informative.",
    ),
    "overlay-not-one": (
        "{file} 不是叠加文件。|叠加文件以 overlay = 名称 开头。",
        "{file} is no overlay.|An overlay states overlay = its name.",
    ),
    "overlay-circle": (
        "{file} 扩展到了自身。|检查 extends。",
        "{file} extends itself.|Check extends.",
    ),
    "lint-file-without-key": (
        "{file}: 文件 {place} 没有更新密钥 (规则 {rule})。|给出一个密钥; 只有由卡片自行写入的循环文件可以没有。",
        "{file}: no key updates the file {place} (rule {rule}).|Name one; only cyclic files the card writes have none.",
    ),
    "lint-key-without-file": (
        "{file}: 密钥 {place} 不打开任何文件。|用于某个文件, 或删除该密钥。",
        "{file}: the key {place} opens no file.|Use it for a file or remove it.",
    ),
    "lint-chip": (
        "{file}: {place} 为 {chip}; 第三代卡芯片为 {low} 至 {high} 字节。|按芯片资料填写。",
        "{file}: {place} is {chip}; chips of third-generation cards have {low} to {high} bytes.|State that of the chip.",
    ),
    "lint-reused": (
        "{file}: {place} 占用了规范已有的 {what} {number} ({zh})。|改用规范未使用的值。",
        "{file}: {place} takes the {what} {number}, which the standard uses ({en}).|Take one that is free.",
    ),
    "lint-local-number": (
        "{file}: {place} 是地方扩展, 但文件标识 {number} 低于 {first}。|地方目录从 DF0A 起, 地方文件从 EF0C 起。",
        "{file}: {place} is local, but its FID {number} is below {first}.|Local directories begin at DF0A, files at EF0C.",
    ),
    "lint-closed-file": (
        "{file}: {place}: 社会保障系统环境的文件和循环文件不得增加数据项。|放入本地文件 (EF0C 起)。",
        "{file}: {place}: files of SSSE and cyclic files take no new items.|Put it into a local file (EF0C upward).",
    ),
    "lint-id-unpublished": (
        "{file}: {place} 的标识 {number} 在某省的库中属于 {zh}; 国家未公布。|确认本地区未使用。",
        "{file}: {place} has id {number}, which one province gives to: {en}; nothing national.|See that yours does not.",
    ),
    "lint-changed": (
        "{file}: {place} 为 {stated}, 规范为 {own}。|确认依据。",
        "{file}: {place} is {stated}, the standard has {own}.|See that there is a source for it.",
    ),
}
