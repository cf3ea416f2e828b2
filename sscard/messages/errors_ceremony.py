"""Errors of key ceremonies, their people, transcripts, carriers and forms: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "person-unknown": (
        "没有登记名为 {name} 的人。|先登记: sscard ceremony enrol {name}",
        "Nobody is enrolled as {name}.|Enrol them: sscard ceremony enrol {name}",
    ),
    "person-known": ("{name} 已登记。|每人只登记一次。", "{name} is enrolled already.|Everybody is enrolled once."),
    "person-name": (
        "姓名须为 1 到 {limit} 个可打印字符。|重新输入。",
        "A name has 1 to {limit} printable characters.|Enter it again.",
    ),
    "person-passphrase": (
        "{name} 的口令不对。|由本人重新输入。",
        "This is not the passphrase of {name}.|They type it again.",
    ),
    "person-witness": (
        "登记 {name} 须有已登记的人作介绍人。|加 --witness 姓名, 由该人输入口令。",
        "Enrolling {name} needs a witness who is enrolled.|Give --witness NAME; they type their passphrase.",
    ),
    "person-same": (
        "{name} 的口令与另一已登记的人相同: 一人不得有两个身份。|由本人另选口令。",
        "Somebody enrolled has the same passphrase as {name}: nobody may have two identities.|They choose another.",
    ),
    "people-damaged": (
        "参加人登记册 {path} 已损坏或被改动。|从备份恢复。",
        "The register of people {path} is damaged or was changed.|Restore a backup.",
    ),
    "script-unknown": (
        "没有名为 {name} 的仪式脚本。|可用: {known}; 自备脚本给出 .toml 文件路径。",
        "There is no ceremony script {name}.|Known: {known}; for one of your own give the path of a .toml file.",
    ),
    "script-unreadable": (
        "无法读取脚本 {path}: {cause}。|检查路径和权限。",
        "Cannot read the script {path}: {cause}.|Check path and permissions.",
    ),
    "script-toml": (
        "脚本 {path} 不是有效的 TOML: {cause}。|改正后再用。",
        "The script {path} is no TOML: {cause}.|Mend it.",
    ),
    "script-wrong": (
        "脚本 {path} 的 {place} 处不符: {rule}。|见 docs/ceremony.md。",
        "The script {path} is wrong at {place}: {rule}.|See docs/ceremony.md.",
    ),
    "ceremony-answer": (
        "{name}: 回答的格式不对 (应符合 {form})。|重新输入。",
        "{name}: the answer has not the form {form}.|Enter it again.",
    ),
    "ceremony-parameter": (
        "脚本没有参数 {name}。|可用: {known}。",
        "The script has no parameter {name}.|It has: {known}.",
    ),
    "ceremony-no-role": ("脚本没有角色 {role}。|可用: {known}。", "The script has no role {role}.|It has: {known}."),
    "ceremony-serial": (
        "{item}: 序列号的格式不对。|3 到 40 个字母、数字或 . _ / -, 多个以空格分隔。",
        "{item}: this is no serial number.|3 to 40 letters, digits or . _ / -, several parted by spaces.",
    ),
    "ceremony-seal": (
        "{item}: 封袋编号的格式不对。|3 到 40 个字母、数字或 . _ / -。",
        "{item}: this is no seal number.|3 to 40 letters, digits or . _ / -.",
    ),
    "ceremony-role": ("角色 {role} 缺席。|该角色的人到场后再继续。", "Nobody is there as {role}.|Go on when they are."),
    "ceremony-alone": (
        "{name}: 一人不得担任两个角色, 仪式也不得由一人进行。|每个角色由不同的人担任。",
        "{name}: one person cannot take two roles, nor hold a ceremony alone.|Every role is another person.",
    ),
    "ceremony-other": (
        "角色 {role} 由 {name} 担任, 不得换人。|由本人输入口令。",
        "{name} takes the role {role} in this run and nobody else.|They give their own passphrase.",
    ),
    "ceremony-order": (
        "不能执行步骤 {step}: 当前步骤是 {open}。|按顺序进行。",
        "Step {step} cannot be done: {open} comes now.|Keep to the order.",
    ),
    "ceremony-done": (
        "仪式 {run} 已经完成 (锚点 {anchor}), 不能再做一次。|查看: sscard ceremony status {run}",
        "The ceremony {run} was held already (anchor {anchor}) and is not held twice.|See it: sscard ceremony status {run}",
    ),
    "ceremony-open": (
        "仪式 {run} 已开始。|用同一命令继续。",
        "The ceremony {run} has begun.|The same command goes on with it.",
    ),
    "ceremony-abandoned": ("仪式 {run} 已被放弃。|重新开始。", "The ceremony {run} was abandoned.|Begin anew."),
    "ceremony-which": (
        "有多个未完成的仪式: {runs}。|用 --set 给出参数以区分。",
        "More than one run is open: {runs}.|Tell them apart with --set.",
    ),
    "ceremony-script": (
        "仪式 {run} 的脚本在开始后被改动。|恢复原脚本, 或由两人放弃: sscard ceremony abandon {run}",
        "The script of {run} was changed since it began.|Bring the old one back, or give the run up: sscard ceremony abandon {run}",
    ),
    "ceremony-people": (
        "{name} 的登记在仪式开始后被改动。|从备份恢复登记册, 或放弃本次仪式。",
        "The enrolment of {name} was changed since the run began.|Restore the register, or give the run up.",
    ),
    "ceremony-busy": (
        "本工作目录正在进行另一个仪式。|等它结束。",
        "Another ceremony is going on in this workspace.|Wait until it ends.",
    ),
    "ceremony-heard": (
        "输入的校验值与宣读的不一致。|重新宣读、重新输入。",
        "The check value typed is not the one read.|Read and type it again.",
    ),
    "ceremony-not-confirmed": ("未确认。|听清后输入 是。", "Not confirmed.|Type yes when the words were heard."),
    "ceremony-count": (
        "{item}: 清点 {counted}, 应为 {expected}。|核对实物; 数量不符不得继续。",
        "{item}: {counted} counted, {expected} expected.|Look again; with other numbers the ceremony does not go on.",
    ),
    "ceremony-serial-twice": (
        "序列号 {serial} 出现两次。|逐个核对。",
        "The serial number {serial} was given twice.|Look at each item again.",
    ),
    "ceremony-serial-other": (
        "{item}: 序列号与本次写入或读取的卡不一致。|核对卡面序列号。",
        "{item}: these are not the cards the station wrote or read in this run.|Compare the serial numbers on the cards.",
    ),
    "ceremony-seal-twice": (
        "封袋编号 {seal} 已用过。|每件用一个新的封袋。",
        "The seal {seal} was used already.|Every piece gets a bag of its own.",
    ),
    "ceremony-keys-exist": (
        "密钥 {ref} 已在密钥库中。|换一个版本号, 或核对是否已经做过。",
        "The vault has {ref} already.|Take another version, or see whether this was done before.",
    ),
    "ceremony-no-keys": (
        "密钥库中没有与 {place} 相符的密钥。|核对名称、版本和地区: sscard keys list。",
        "No key of the vault fits {place}.|Check name, version and region: sscard keys list.",
    ),
    "transcript-missing": (
        "没有仪式记录 {path}。|查看全部: sscard ceremony status。",
        "There is no transcript {path}.|See them all: sscard ceremony status.",
    ),
    "transcript-write": (
        "无法写入仪式记录 {path}: {cause}。|仪式停止; 处理磁盘后用同一命令继续。",
        "The transcript {path} cannot be written: {cause}.|The ceremony stops; mend the disk and go on with the same command.",
    ),
    "transcript-damaged": (
        "仪式记录 {path} 第 {line} 行被修改、删除、调换或插入。|保全文件并查明原因, 用纸质表单核对。",
        "Line {line} of the transcript {path} was edited, removed, moved or put in.|Keep the files and find out why; compare with the forms on paper.",
    ),
    "transcript-signature": (
        "仪式记录 {path} 第 {line} 行上 {name} 的签字不对。|保全文件并查明原因。",
        "The signature of {name} in line {line} of {path} is wrong.|Keep the files and find out why.",
    ),
    "transcript-short": (
        "仪式记录 {path} 只有 {count} 条, 锚点为 {anchor}: 末尾被截断。|从备份恢复。",
        "The transcript {path} has {count} entries but its anchor is {anchor}: its end was cut off.|Restore a backup.",
    ),
    "transcript-anchor": (
        "仪式记录 {path} ({count} 条) 与锚点 {anchor} 不符。|记录或锚点被换过: 从备份恢复并查明原因。",
        "The transcript {path} ({count} entries) does not fit the anchor {anchor}.|One of them was exchanged: restore a backup and find out why.",
    ),
    "transcript-order": (
        "仪式记录 {path} 第 {line} 行不是脚本允许的步骤, 或缺少应有的签字。|保全文件并查明原因。",
        "Line {line} of the transcript {path} is no step the script allows there, or lacks a signature.|Keep the files and find out why.",
    ),
    "carrier-other": (
        "读卡器 {reader} 中不是密钥母卡或传输密钥卡。|换一张卡。",
        "The card in {reader} is no mother or transport card.|Put in another.",
    ),
    "carrier-terminated": (
        "卡 {serial} 已永久清除。|换一张卡。",
        "The card {serial} was wiped for good.|Put in another.",
    ),
    "carrier-blank": (
        "卡 {serial} 是空白卡。|放入已写入的卡。",
        "The card {serial} is blank.|Put in the one that was written.",
    ),
    "carrier-wrong": (
        "卡 {serial} 不是要求的种类或 {copy} 号。|按提示换卡。",
        "The card {serial} is of the other kind, or not copy {copy}.|Put in the card that is asked for.",
    ),
    "carrier-used": (
        "卡 {serial} 上已有别的密钥, 或刚写过, 不会覆盖。|换一张空白卡。",
        "The card {serial} holds other keys, or was written a moment ago; it is not overwritten.|Put in a blank one.",
    ),
    "carrier-exists": (
        "{path} 已存在, 不会覆盖。|换一个文件名。",
        "{path} exists and is never overwritten.|Choose another name.",
    ),
    "carrier-label": (
        "卡上的标签无法辨认。|卡已损坏: 用另一张修复 (repair-carrier)。",
        "The label on the card cannot be read.|It is damaged: repair it from the other copy (repair-carrier).",
    ),
    "carrier-damaged": (
        "卡 {serial} 的内容不完整。|用另一张修复: sscard ceremony run repair-carrier",
        "The content of the card {serial} is not whole.|Repair it from the other copy: sscard ceremony run repair-carrier",
    ),
    "carrier-foreign": (
        "卡 {serial} 不能证明它知道自己的PIN: 可能是假卡。|停止并报告。",
        "The card {serial} cannot prove that it knows its own PIN: it may be a fake.|Stop and report.",
    ),
    "carrier-pin": (
        "PIN须为 {least} 到 {most} 个可打印的 ASCII 字符, 不含空格。|重新输入。",
        "A PIN has {least} to {most} printable ASCII characters without spaces.|Enter it again.",
    ),
    "carrier-pins": (
        "母卡和传输卡的PIN不得相同, 且应由两人分别掌握。|各自另设。",
        "Mother and transport cards must not have one PIN; two people keep them.|Choose two.",
    ),
    "carrier-set": (
        "{copy} 号母卡和传输卡不是同一套。|核对封袋编号。",
        "Mother and transport card {copy} are not of one set.|Look at the seals.",
    ),
    "carrier-place": (
        "卡上的密钥 {ref} 不属于 {place}。|核对是否领错了载体。",
        "The key {ref} on the card is not for {place}.|See whether these are the right carriers.",
    ),
    "carrier-differs": (
        "{copy} 号卡还原出的密钥校验值不同。|停止: 载体有误或被调换。",
        "The keys on pair {copy} have other check values.|Stop: a carrier is wrong or was exchanged.",
    ),
    "form-unfinished": (
        "仪式 {run} 尚未完成 (待做步骤 {step}), 不出表单。|先完成仪式。",
        "The ceremony {run} is not finished ({step} is open) and gives no form.|Finish it.",
    ),
    "form-none": (
        "仪式 {run} 不产生表单 {form}。|见 sscard ceremony show。",
        "The ceremony {run} gives no form {form}.|See sscard ceremony show.",
    ),
    "form-count": (
        "{item}: 清点 {counted}, 成套应为 {expected}: 不出交接备忘录。|查明差额, 另行交接。",
        "{item}: {counted} counted, the set has {expected}: no memo is made.|Find the difference; hand over anew.",
    ),
    "form-carriers": (
        "{item}: 清点的 {counted} 张与实际处理的 {done} 张不一致: 不出表单。|核对记录。",
        "{item}: the {counted} counted are not the {done} the station handled: no form is made.|Look at the transcript.",
    ),
    "key-frozen": (
        "密钥 {ref} 因事故 {incident} 已冻结, 不可使用。|查明原因后由仪式解除: sscard ceremony run thaw",
        "Key {ref} is frozen for incident {incident} and may not be used.|Only a ceremony gives it back: sscard ceremony run thaw",
    ),
}
