"""Errors of shared ledgers and their stations: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "ledger-server": (
        "连不上账本 {path}: {cause}。没有动任何卡。|检查服务器和网络, 再运行同一条命令: sscard doctor。",
        "The ledger {path} cannot be reached: {cause}. No card was touched.|Check server and network and run the same command again: sscard doctor.",
    ),
    "ledger-database": (
        "账本 {path} 的服务器上没有这个数据库: {cause}。|核对 sscard.toml 中 [ledger] 的 url; 新数据库由管理员建立: createdb -E UTF8 NAME。",
        "The server has no such database ({path}): {cause}.|Check url of [ledger] in sscard.toml; a new database is made by its administrator: createdb -E UTF8 NAME.",
    ),
    "ledger-login": (
        "账本 {path} 不让进: {cause}。|口令放在 ~/.pgpass 或 PGPASSFILE (仅本人可读); 核对 url 中的用户和服务器的 pg_hba.conf。",
        "The ledger {path} lets nobody in: {cause}.|The password stands in ~/.pgpass or PGPASSFILE (private); check the user of the url and the server's pg_hba.conf.",
    ),
    "ledger-permission": (
        "账本 {path} 没有给这个用户权限: {cause}。|由管理员授权 (docs/ledger.md)。",
        "The ledger {path} does not allow this user to do it: {cause}.|Its administrator grants it (docs/ledger.md).",
    ),
    "ledger-lost": (
        "与账本 {path} 的连接断了: {cause}。未记录的命令都没有发出; 手中的卡保持原状。|恢复连接后再运行同一条命令继续。",
        "The connection to the ledger {path} is lost: {cause}. Nothing unrecorded left; the cards in work stay as they are.|Restore it and run the same command again.",
    ),
    "ledger-busy": (
        "账本 {path} 正忙: 别的工位占用太久 ({cause})。|稍后再运行同一条命令。",
        "The ledger {path} is busy: another station held it too long ({cause}).|Run the same command again a little later.",
    ),
    "ledger-encoding": (
        "账本 {path} 的数据库编码不是 UTF8。|另建数据库: createdb -E UTF8 -T template0 NAME。",
        "The database of the ledger {path} is not encoded in UTF8.|Make another: createdb -E UTF8 -T template0 NAME.",
    ),
    "ledger-clear": (
        "生产工作目录不经明文网络连接账本 {path}。|服务器启用 TLS, url 后加 ?sslmode=verify-full (docs/ledger.md)。",
        "A production workspace does not take the ledger {path} over a network in the clear.|Turn on TLS at the server and add ?sslmode=verify-full to the url (docs/ledger.md).",
    ),
    "ledger-driver": (
        "没有 PostgreSQL 的驱动。|安装: pip install 'sscard[postgres]'",
        "The driver for PostgreSQL is not installed.|Install it: pip install 'sscard[postgres]'",
    ),
    "ledger-empty": (
        "{path} 里没有账本: 数据库不对, 或尚未建立。没有动任何卡。|核对 [ledger] 的 url; 新账本由第一个工位建立: sscard ledger prepare。",
        "There is no ledger in {path}: another database, or a new one. No card was touched.|Check url of [ledger]; a new ledger is made at the first station: sscard ledger prepare.",
    ),
    "ledger-older": (
        "账本 {path} 的版本是 {version}, 本程序用版本 {wanted}。|停下所有工位并全部升级, 备份数据库, 再运行一次 sscard ledger prepare。",
        "The ledger {path} is of version {version}, this sscard works with {wanted}.|Stop and update all stations, back the database up, then run sscard ledger prepare once.",
    ),
    "ledger-in-use": (
        "还有工位连着账本 {path}, 没有改动。|停下所有工位 (sscard ledger show), 再运行一次。",
        "Stations are connected to the ledger {path}; nothing was changed.|Stop them all (sscard ledger show) and run it again.",
    ),
    "ledger-changing": (
        "账本 {path} 正在升级。没有动任何卡。|等 sscard ledger prepare 结束, 再运行同一条命令。",
        "The ledger {path} is just being brought to another version. No card was touched.|Wait until sscard ledger prepare has ended and run the same command again.",
    ),
    "ledger-other-key": (
        "账本 {path} 的人员摘要密钥校验值是 {known}, 这里的是 {found}: 用它认不出已有卡的人。没有动任何卡。|从已在用的工位复制 keys/ledger-key 到本工作目录的 keys/ (docs/ledger.md)。",
        "The people of the ledger {path} stand under a key of check value {known}; here it is {found}, which would not recognise them. No card was touched.|Copy keys/ledger-key from a station in use into keys/ of this workspace (docs/ledger.md).",
    ),
    "ledger-key-shared": (
        "没有账本的人员摘要密钥 {path}。|从已在用的工位复制 keys/ledger-key (docs/ledger.md); 全新的账本先运行 sscard ledger prepare。",
        "The person key of the ledger, {path}, is missing.|Copy keys/ledger-key from a station in use (docs/ledger.md); for an all new ledger run sscard ledger prepare first.",
    ),
    "ledger-two": (
        "{path} 里已登记过人, 而设置指向共用账本: 那里不认得这些人, 同一个人可能得到两张卡。|移入共用账本: sscard ledger prepare --workspace {root} (docs/ledger.md)。",
        "People stand in {path}, but the settings name a shared ledger, which does not know them: one could get a second card.|Move them in: sscard ledger prepare --workspace {root} (docs/ledger.md).",
    ),
    "takeover-person": (
        "不能移入: 任务 {job} 第 {seq} 行的人、卡号、卡或批次已在共用账本 {path} 里 ({table})。两边都没有改动。|通知管理员: 同一个人可能已有两张卡。",
        "Not moved in: person, number, card or batch of job {job}, row {seq}, stands in the shared ledger {path} already ({table}). Neither was changed.|Tell the supervisor: somebody may have two cards.",
    ),
    "ledger-own": (
        "{path} 用自己的账本, 会自动建立和升级。|共用账本: 在 sscard.toml 写 [ledger] 和 url (docs/ledger.md)。",
        "{path} has a ledger of its own, which is made and updated by itself.|For a shared one write [ledger] with a url into sscard.toml (docs/ledger.md).",
    ),
    "ledger-strange": (
        "本工作目录做过任务, 而账本 {path} 不认得它 (工位 {station}): 数据库不对, 或由旧备份恢复。没有动任何卡。|核对 [ledger] 的 url, 通知管理员。",
        "Jobs were made in this workspace, but the ledger {path} does not know it (station {station}): another database, or an old backup of it. No card was touched.|Check url of [ledger] and tell the supervisor.",
    ),
    "station-taken": (
        "账本 {path} 里工位 {station} 属于另一个工作目录。没有动任何卡。|在 sscard.toml 里给本工位另取名字 (station = …)。",
        "Station {station} of the ledger {path} is another workspace. No card was touched.|Give this one another name in sscard.toml (station = …).",
    ),
    "station-behind": (
        "工位 {station} 写过的比 {path} 里的多: 这是工作目录的副本或旧备份, 说不清它的卡做到了哪里。没有动任何卡。|用原来的工作目录; 找不到时用新的工作目录和新的工位名, 旧工位的卡登记遗失。",
        "Station {station} wrote more than stands in {path}: this workspace is a copy or an old backup and cannot tell how far its cards are. No card was touched.|Use the original; where it is gone, a new workspace under a new station name, and declare the old station's cards lost.",
    ),
    "card-other-station": (
        "这张卡是工位 {station} 正在制的 (第 {seq} 行), 断点在那里的日志里。没有写入。|送回那个工位; 那里找不回来时: sscard jobs lose {seq}。",
        "This card is in work at station {station} (row {seq}); how far it is stands in the journal there. Nothing was written.|Take it back there; where that station is gone for good: sscard jobs lose {seq}.",
    ),
    "card-given-up": (
        "第 {seq} 行的这张卡已在别的工位登记遗失, 那一行归别的卡。|放入废卡盒。",
        "This card of row {seq} was given up at another station meanwhile; the row is another card's.|Reject box.",
    ),
    "row-not-queued": (
        "任务 {job} 第 {seq} 行不在等卡 (状态: {state})。没有写入。|用 sscard jobs 查看。",
        "Row {seq} of job {job} does not wait for a card (state: {state}). Nothing was written.|See sscard jobs.",
    ),
    "lose-station-lives": (
        "第 {seq} 行的卡在工位 {station}, 它 {silent} 秒前还有动静, 要静默超过 {lease} 秒才可由别的工位登记遗失。|在那个工位处理, 或停下它, 等租约过去。",
        "The card of row {seq} is at station {station}, which gave a sign of life {silent} s ago; another station may give it up after {lease} s of silence.|Settle it there, or stop that station and wait for its lease to end.",
    ),
}
