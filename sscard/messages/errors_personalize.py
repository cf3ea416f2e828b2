"""Errors of plan, runner, line, journal, ledger and return files: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "card-foreign": (
        "这不是社会保障卡的空白卡 (ATR {atr})。没有写入任何内容。|取出, 换一张空白卡。",
        "This is not a blank of the social-security card (ATR {atr}). Nothing was written.|Take it out and insert a blank card.",
    ),
    "card-dialect": (
        "这张卡是 {found} 的卡, 卡结构却是为 {wanted} 写的。没有写入任何内容。|换一张对应的空白卡, 或用 --profile 选择对应的卡结构。",
        "This card speaks {found}; the profile is made for {wanted}. Nothing was written.|Insert a blank of that kind, or name a fitting profile with --profile.",
    ),
    "card-has-keys": (
        "卡的主文件里已有密钥 ({sw}): 不是空白卡。没有写入任何内容。|换一张空白卡; 练习卡可先擦除, 见 docs/fmcos.md。",
        "The card's master file already has keys ({sw}): it is not blank. Nothing was written.|Insert a blank card; a practice card can be erased first, see docs/fmcos.md.",
    ),
    "card-used": (
        "这张卡已有持卡人 ({card_no})。不会覆盖。|换一张空白卡。若要继续中断的任务, 用同一个批次文件再运行一次。",
        "This card already has a holder ({card_no}). It is not overwritten.|Insert a blank card. To resume an interrupted job, run the same batch file again.",
    ),
    "card-initialised": (
        "这张卡已建立社保环境, 但没有持卡人, 也不属于这个任务。不会覆盖。|换一张空白卡。",
        "This card already has the social-security environment, though no holder, and is not of this job. It is not overwritten.|Insert a blank card.",
    ),
    "card-application": (
        "这张卡已有应用 {directory}, 也不属于这个任务。不会覆盖。|换一张空白卡。",
        "This card already has the application {directory} and is not of this job. It is not overwritten.|Insert a blank card.",
    ),
    "card-generation": (
        "这是 {found} 版的卡, 本任务制作 {wanted} 版。没有写入任何内容。|换一张 {wanted} 版的空白卡。",
        "This card is of generation {found}; the job makes {wanted}. Nothing was written.|Insert a blank card of generation {wanted}.",
    ),
    "card-bank": (
        "这是银行卡 (有支付环境, 没有社保环境)。没有写入任何内容。|换一张空白卡。",
        "This is a bank card (payment environment, no social-security one). Nothing was written.|Insert a blank card.",
    ),
    "card-blocked": ("这张卡已永久锁定。|换一张空白卡。", "This card is permanently blocked.|Insert a blank card."),
    "card-not-blank": (
        "查空失败: 卡对选择命令回答 {sw}。没有写入任何内容。|换一张空白卡。",
        "The blank check failed: the card answers SELECT with {sw}. Nothing was written.|Insert a blank card.",
    ),
    "card-known": (
        "账本中已有这张卡 ({card}), 可能由另一个任务登记。没有写入任何内容。|换一张空白卡。",
        "The ledger already knows this card ({card}). Nothing was written.|Insert a blank card.",
    ),
    "card-is-good": (
        "这张卡已制好 (第 {seq} 行)。|取出, 换一张空白卡。",
        "This card is finished and good (row {seq}).|Take it out and insert a blank card.",
    ),
    "card-is-spoiled": (
        "这张卡已判废 (第 {seq} 行)。|放入废卡盒, 换一张空白卡。",
        "This card was set aside as spoiled (row {seq}).|Put it into the reject box and insert a blank card.",
    ),
    "card-is-lost": (
        "这张卡已登记为遗失 (第 {seq} 行), 那一行已用别的卡。|放入废卡盒, 换一张空白卡。",
        "This card was declared lost (row {seq}); that row goes to another card.|Put it into the reject box and insert a blank card.",
    ),
    "card-other-job": (
        "这张卡属于另一个任务 {job} (第 {seq} 行)。|在那个任务中继续, 或换一张空白卡。",
        "This card belongs to another job, {job} (row {seq}).|Resume that job with it, or insert a blank card.",
    ),
    "card-other-profile": (
        "这张卡 (第 {seq} 行) 是用另一版卡结构开始制作的, 不能混写。|用原来的结构文件继续, 或登记遗失: sscard jobs lose {seq}。",
        "This card (row {seq}) was begun with another version of the profile.|Resume with that profile, or give the card up: sscard jobs lose {seq}.",
    ),
    "quarantine-key": (
        "卡内密钥 {key} 既不是新的也不是空的, 还剩 {tries} 次。卡已隔离, 不再写入。|放入废卡盒; 此人会用另一张卡制作。",
        "Key {key} on the card is neither the new one nor absent, {tries} tries left. The card is set aside.|Put it into the reject box; the person gets another card.",
    ),
    "quarantine-unfinished": (
        "断电正好落在密钥文件与主控密钥 {target} 之间, 目录已无人能打开 ({sw})。卡已隔离。|放入废卡盒; 此人会用另一张卡制作。",
        "Power failed between the key file and its master key {target}; nobody can open that directory now ({sw}). The card is set aside.|Put it into the reject box; the person gets another card.",
    ),
    "quarantine-proof": (
        "卡的内部认证 ({key}) 与密钥库不符。卡已隔离。|放入废卡盒; 若多张卡如此, 核对密钥库的地区和版本。",
        "The card's proof ({key}) does not agree with the vault. The card is set aside.|Put it into the reject box; when several do this, check region and version of the keys.",
    ),
    "quarantine-not-refused": (
        "卡接受了它必须拒绝的操作 ({what})。卡已隔离。|放入废卡盒, 并向卡商报告。",
        "The card accepted what it must refuse ({what}). The card is set aside.|Put it into the reject box and report it to the vendor.",
    ),
    "quarantine-differs": (
        "回读与写入不符 (标识 {tags})。卡已隔离。|放入废卡盒; 此人会用另一张卡制作。",
        "What was read back differs from what was written (tags {tags}). The card is set aside.|Put it into the reject box; the person gets another card.",
    ),
    "quarantine-not-empty": (
        "应为空的文件里有记录。卡已隔离。|放入废卡盒。",
        "A file that must be empty holds records. The card is set aside.|Put it into the reject box.",
    ),
    "quarantine-swapped": (
        "复位后卡的身份变了: 卡被调换。已停止。|取出卡片, 核对后放入废卡盒。",
        "The card's identity changed at a reset: it was exchanged. Stopped.|Take the card out, check it and put it into the reject box.",
    ),
    "transport-wrong": (
        "传输密钥不对, 这张卡还剩 {tries} 次。已停止: 不再试这张卡, 也不试别的卡; 没有写入任何内容。|向卡商核对这批卡的传输密钥, 更正密钥库, 再运行同一条命令。",
        "The transport key is wrong; this card has {tries} tries left. Stopped: neither this card nor another is tried again; nothing was written.|Check the transport key of these cards with their vendor, correct the vault and run the same command again.",
    ),
    "transport-refused": (
        "卡不接受传输密钥 ({sw}), 或已被锁定。没有写入任何内容。|换一张空白卡; 若多张如此, 向卡商核对这批卡的传输密钥。",
        "The card refuses the transport code ({sw}), or is blocked. Nothing was written.|Insert another blank; where several do this, check the code of these cards with their vendor.",
    ),
    "transport-locked": (
        "这张卡的传输密钥已锁定。没有写入任何内容。|换一张空白卡; 这张退回卡商。",
        "The transport key of this card is locked. Nothing was written.|Insert another blank; return this one to its vendor.",
    ),
    "plan-value": (
        "第 {line} 行 (序号 {seq}) 的值写不进卡内数据项: {item}。|更正批次文件后重新检查: sscard check。",
        "A value of line {line} (row {seq}) does not fit its item: {item}.|Correct the batch and check again: sscard check.",
    ),
    "plan-unwritable": (
        "文件 {file} 的更新规则 {rule} 在个人化时无法满足。|改正卡结构文件。",
        "The update rule {rule} of file {file} cannot be met during personalization.|Correct the profile.",
    ),
    "stage-unknown": (
        "卡结构 {profile} 中的阶段 {stage} 不存在。|改正 stages。",
        "Profile {profile} names a stage {stage} that does not exist.|Correct its stages.",
    ),
    "dialect-unknown": (
        "没有名为 {name} 的 COS 方言。|改正卡结构文件的 dialect。",
        "There is no COS dialect {name}.|Correct the profile's dialect.",
    ),
    "dialect-access": (
        "COS {dialect} 表达不了 {file} 的读写规则 {rule}。|改用它能表达的规则, 见 docs/dialects.md。",
        "COS {dialect} cannot express the rule {rule} of {file}.|Use one that it can, see docs/dialects.md.",
    ),
    "dialect-states": (
        "COS {dialect}: 目录 {directory} 有 {count} 个开启权限的密钥, 只有 15 个安全状态。|减少密钥。",
        "COS {dialect}: {directory} has {count} keys that open something, but there are 15 states.|Take fewer keys.",
    ),
    "dialect-stage": (
        "COS {dialect} 没有阶段 {stage}。|从卡结构的 stages 中删去。",
        "COS {dialect} knows no stage {stage}.|Remove it from the profile's stages.",
    ),
    "dialect-name": (
        "COS {dialect} 的目录 {directory} 须有 5 至 16 字节的名称。|补上 aid。",
        "COS {dialect} wants a name of 5 to 16 bytes for {directory}.|State its aid.",
    ),
    "dialect-name-taken": (
        "COS {dialect} 的主文件已用目录 {directory} 的名称, 按名称选不到它。|换一个 aid, 例如 2PAY.SYS.DDF01。",
        "On COS {dialect} the MF itself has the name of {directory}, which could not be selected.|Take another aid, such as 2PAY.SYS.DDF01.",
    ),
    "dialect-sfi": (
        "COS {dialect} 的文件按短标识建立: {file} 须有 sfi。|补上 sfi (01 至 1E)。",
        "COS {dialect} makes files by their SFI: {file} must have one.|Give it an sfi (01 to 1E).",
    ),
    "dialect-protection": (
        "COS {dialect} 没有 {file} 所要的文件类型或线路保护。|修改 structure 或 protection。",
        "COS {dialect} has not the structure or line protection that {file} asks for.|Change structure or protection.",
    ),
    "dialect-records": (
        "COS {dialect}: {file} 至少要有 {least} 条记录。|增加 records, 或改用 variable。",
        "COS {dialect}: {file} must have at least {least} records.|Give it more, or make it variable.",
    ),
    "dialect-length": (
        "COS {dialect}: {file} 的一条记录长 {length} 字节, 一条命令只容 {limit} 字节。|缩短或删去该数据项。",
        "COS {dialect}: a record of {file} has {length} bytes, one command takes {limit}.|Shorten or remove that item.",
    ),
    "dialect-key-kind": (
        "COS {dialect} 没有 {kind} 类密钥 ({key})。|修改或删去该密钥。",
        "COS {dialect} has no keys of kind {kind} ({key}).|Change or remove that key.",
    ),
    "dialect-key-id": (
        "COS {dialect}: 密钥 {key} 不能用标识 {id}。|换一个标识, 见 docs/fmcos.md。",
        "COS {dialect}: key {key} cannot have id {id}.|Take another id, see docs/fmcos.md.",
    ),
    "dialect-algorithm": (
        "COS {dialect} 不能装载密钥 {key}: {algorithm}, {length} 字节。|核对配置中的算法和 key_lengths。",
        "COS {dialect} cannot hold {key}: {algorithm}, {length} bytes.|Check algorithm and key_lengths of the profile.",
    ),
    "key-algorithm": (
        "密钥 {key} 的算法是 {found}, 卡结构要求 {wanted}。|换用对应算法的密钥库。",
        "Key {key} is for {found}; the profile wants {wanted}.|Use a vault with keys of that algorithm.",
    ),
    "journal-write": (
        "日志 {path} 写不进磁盘: {cause}。没有发出未记录的命令; 手中的卡保持原状。|腾出磁盘空间, 再运行同一条命令继续。",
        "The journal {path} cannot be written: {cause}. No command left unrecorded; the cards in work stay as they are.|Free disk space and run the same command again.",
    ),
    "journal-unreadable": (
        "日志 {path} 读不出: {cause}。|检查文件权限, 再运行一次。",
        "The journal {path} cannot be read: {cause}.|Check its permissions and run the command again.",
    ),
    "file-failed": (
        "文件 {path} 写不进磁盘: {cause}。手中的卡保持原状。|腾出磁盘空间, 再运行同一条命令继续。",
        "A file ({path}) cannot be written: {cause}. The cards in work stay as they are.|Free disk space and run the same command again.",
    ),
    "trace-folder": (
        "无法建立报文记录目录 {path}: {cause}。|换一个目录。",
        "The folder for traces {path} cannot be made: {cause}.|Name another one.",
    ),
    "journal-closed": (
        "日志 {path} 已关闭。|再运行同一条命令继续。",
        "The journal {path} is closed.|Run the same command again to resume.",
    ),
    "journal-in-use": (
        "日志 {path} 已有内容, 不会续写。|再运行一次。",
        "The journal {path} is not empty.|Run the command again.",
    ),
    "chain-write": (
        "站点链 {path} 写不进磁盘: {cause}。没有开始新的日志。|腾出磁盘空间, 再运行同一条命令继续。",
        "The station's chain {path} cannot be written: {cause}. No journal was begun.|Free disk space and run the same command again.",
    ),
    "chain-damaged": (
        "站点链 {path} 的最后一行被改动或损坏。|不要继续; 保留文件, 运行 sscard audit verify 并通知管理员。",
        "The last line of the station's chain {path} is edited or damaged.|Do not go on; keep the file, run sscard audit verify and tell the supervisor.",
    ),
    "chain-place": (
        "{place} 不是链的位置。|写成 行号:哈希 (64 位十六进制), 如 sscard audit head 所示。",
        "{place} is no place of a chain.|Write NUMBER:HASH (64 hex digits) as sscard audit head shows it.",
    ),
    "evidence-exists": (
        "{path} 已存在。|换一个文件名。",
        "{path} exists already.|Name another file.",
    ),
    "journal-damaged": (
        "日志 {path} 第 {line} 行与前一行不衔接: 被改动或损坏。|不要继续; 保留文件并通知管理员。",
        "Line {line} of journal {path} does not follow from the one before: edited or damaged.|Do not go on; keep the file and tell the supervisor.",
    ),
    "ledger-open": (
        "账本 {path} 打不开: {cause}。|检查文件和权限: sscard doctor。",
        "The ledger {path} cannot be opened: {cause}.|Check the file and its permissions: sscard doctor.",
    ),
    "ledger-damaged": (
        "账本 {path} 已损坏: {cause}。|不要继续; 保留文件并通知管理员, 从备份恢复。",
        "The ledger {path} is damaged: {cause}.|Do not go on; keep the file, tell the supervisor and restore a backup.",
    ),
    "ledger-missing": (
        "账本 {path} 不见了, 而这里已经做过任务。没有它, 同一个人可能得到两张卡。|不要继续; 通知管理员, 从备份恢复账本。",
        "The ledger {path} is gone, though jobs were made here. Without it a person could get two cards.|Do not go on; tell the supervisor and restore it from a backup.",
    ),
    "ledger-key-missing": (
        "账本的人员摘要密钥 {path} 缺失或损坏。没有它认不出已有卡的人。|不要继续; 从备份恢复。",
        "The ledger's person key {path} is missing or damaged. Without it people who have a card are not recognised.|Do not go on; restore it from a backup.",
    ),
    "ledger-version": (
        "账本 {path} 的版本是 {version}, 本程序不认识。|换用新版本的程序。",
        "The ledger {path} is of version {version}, unknown here.|Use a newer sscard.",
    ),
    "ledger-write": (
        "账本 {path} 写入失败: {cause}。没有丢失。|腾出磁盘空间, 再运行同一条命令继续。",
        "The ledger {path} cannot be written: {cause}. Nothing is lost.|Free disk space and run the same command again.",
    ),
    "ledger-person": (
        "第 {line} 行的人已有卡或正在制卡 (任务 {job} 第 {seq} 行)。整批未登记, 没有制卡。|若要继续那个任务, 用未改动的原批次文件; 否则从批次中去掉这一行。",
        "The person on line {line} already has a card or is in work (job {job}, row {seq}). The batch was not entered; no card was touched.|To go on with that job use its batch file unchanged; otherwise take the line out.",
    ),
    "ledger-active": (
        "第 {line} 行的人已有有效的卡 (任务 {job} 第 {seq} 行)。整批未登记, 没有制卡。|补换卡由社保方发起; 否则从批次中去掉这一行。",
        "The person on line {line} already has an active card (job {job}, row {seq}). The batch was not entered; no card was touched.|A replacement starts at the social-security side; otherwise take the line out.",
    ),
    "batch-done": (
        "这个批次已经做完 (任务 {job}, {rows} 张), 回盘在 {path}。没有制卡。|要重发回盘就用那个文件; 新的卡用新的批次。",
        "This batch was made already (job {job}, {rows} cards); its return file is {path}. No card was touched.|Send that file again if it was lost; new cards need a new batch.",
    ),
    "batch-same-id": (
        "批次号 {batch} 已用于另一个文件 (任务 {job})。没有制卡。|批次号永不重复使用: 让发送方另编批次号, 或查明哪个文件才对。",
        "The batch id {batch} was used for another file (job {job}). No card was touched.|An id is never used twice: have the sender give a new one, or settle which file is right.",
    ),
    "batch-other-id": (
        "这个文件已以批次号 {known} 登记 (任务 {job}), 现在说是 {batch}。没有制卡。|向发送方核对批次号。",
        "This very file was entered as batch {known} (job {job}) and now says it is {batch}. No card was touched.|Confirm the id with the sender.",
    ),
    "ledger-number": (
        "第 {line} 行的卡号 {card_no} 已被使用 (任务 {job} 第 {seq} 行)。整批未登记, 没有制卡。|更正卡号。",
        "Card number {card_no} on line {line} is already used (job {job}, row {seq}). The batch was not entered; no card was touched.|Correct the number.",
    ),
    "job-other-profile": (
        "任务 {job} 是用另一版卡结构 {profile} 开始的。|用原来的结构文件继续。",
        "Job {job} was begun with another version of profile {profile}.|Resume with that profile.",
    ),
    "job-running": (
        "任务 {job} 正由另一个程序处理。|等它结束, 或先停止它。",
        "Another process is working on job {job}.|Wait for it, or stop it first.",
    ),
    "emulator-in-production": (
        "生产工作目录不能用软件卡。|用真实读卡器, 或演示工作目录。",
        "A production workspace takes no software cards.|Use a real reader, or a demo workspace.",
    ),
    "job-unknown": ("没有任务 {job}。|用 sscard jobs 查看。", "There is no job {job}.|See sscard jobs."),
    "lose-not-in-work": (
        "第 {seq} 行没有停在中途的卡, 无需登记遗失。|用 sscard jobs 查看。",
        "Row {seq} has no card stopped in work; nothing to give up.|See sscard jobs.",
    ),
    "lose-is-good": (
        "第 {seq} 行的卡已制好, 有日志为证, 不能登记遗失。|用 sscard jobs 查看。",
        "The card of row {seq} is finished and good, as the journal proves; it cannot be given up here.|See sscard jobs.",
    ),
    "lose-which-job": (
        "有 {count} 个任务的第 {seq} 行停在中途。|用 --job 指明任务。",
        "{count} jobs have row {seq} stopped in work.|Say which with --job.",
    ),
    "returns-write": (
        "回盘文件 {path} 写入失败: {cause}。卡已制好, 没有丢失。|腾出空间, 再运行同一条命令。",
        "The return file {path} cannot be written: {cause}. The cards are made, nothing is lost.|Free space and run the same command again.",
    ),
    "returns-totals": (
        "回盘总数不符: {rows} 行 (应 {expected}), 良 {good} (账本 {ledger})。没有写出回盘。|通知管理员。",
        "The return file does not tie: {rows} rows (expected {expected}), {good} good (ledger {ledger}). It was not written.|Tell the supervisor.",
    ),
    "demo-folder": (
        "目录 {path} 不是演示留下的, 不会替换。|用 --dir 指定另一个目录。",
        "Folder {path} was not made by the demo and is not replaced.|Name another one with --dir.",
    ),
    "heads-count": (
        "emulator:N 的 N 必须是 1 到 64, 不是 {count}。|例: --reader emulator:4",
        "N of emulator:N must be 1 to 64, not {count}.|Example: --reader emulator:4",
    ),
}
