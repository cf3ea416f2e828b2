"""Errors of the outbox: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "outbox-edited": (
        "回盘文件 {path} 写出后被改动。没有发送。|保留改动过的文件并通知管理员; 把它移走, 再用同一批次运行 sscard personalize, 会重新写出。",
        "The return file {path} was changed after it was written. It was not sent.|Keep the changed file and tell the supervisor; move it away and run sscard personalize with the same batch, which writes it anew.",
    ),
    "outbox-older": (
        "{path} 是较早的一版回盘, 不是最后写出的。没有发送。|用同一批次再运行 sscard personalize, 会写出最新的回盘。",
        "{path} is an earlier state of the return file, not the last one written. It was not sent.|Run sscard personalize with the same batch: it writes the latest.",
    ),
    "outbox-missing": (
        "站点链记载的回盘文件 {path} 不见了。没有发送。|用同一批次再运行 sscard personalize, 会重新写出。",
        "The return file {path} that the chain tells of is gone. Nothing was sent.|Run sscard personalize with the same batch: it writes it anew.",
    ),
    "outbox-stale": (
        "{path} 写出之后任务又有变化 (良卡 {told}, 账本 {good})。没有发送。|等任务结束, 或用同一批次再运行 sscard personalize, 然后发送。",
        "The job went on after {path} was written (good {told}, ledger {good}). It was not sent.|Wait until the run ends, or run sscard personalize with the same batch, and send then.",
    ),
    "outbox-target": (
        "没有名为 {target} 的收件方。|在 sscard.toml 中用 [outbox.{target}] 设置 (docs/outbox.md)。",
        "There is no receiver named {target}.|Set it up in sscard.toml as [outbox.{target}] (docs/outbox.md).",
    ),
    "outbox-no-targets": (
        "没有设置收件方, 没有发送。|在 sscard.toml 中设置 [outbox.名称] (docs/outbox.md)。",
        "No receiver is set up; nothing was sent.|Set one up in sscard.toml as [outbox.NAME] (docs/outbox.md).",
    ),
    "outbox-running": (
        "另一个进程正在发送。|等它结束再运行。",
        "Another process is sending.|Wait until it ends and run this again.",
    ),
    "outbox-write": (
        "{path} 写入失败: {cause}。回执没有记下, 文件仍在发件箱。|腾出空间, 再运行 sscard outbox send; 重发不会重复生效。",
        "{path} cannot be written: {cause}. The receipt is not kept and the file stays in the outbox.|Free space and run sscard outbox send again; sending again has no second effect.",
    ),
    "outbox-read": (
        "读不出 {path}: {cause}。|检查磁盘和权限。",
        "Cannot read {path}: {cause}.|Check disk and permissions.",
    ),
    "outbox-unreachable": (
        "{target} 没有给出 {file} 的回执: {cause}。文件仍在发件箱。|检查网络, 再运行 sscard outbox send; 重发不会重复生效。",
        "{target} gave no receipt for {file}: {cause}. The file stays in the outbox.|Check the network and run sscard outbox send again; sending again has no second effect.",
    ),
    "outbox-later": (
        "{target} 现在不能处理 {file} (HTTP {status})。文件仍在发件箱。|稍后再运行 sscard outbox send。",
        "{target} cannot take {file} now (HTTP {status}). It stays in the outbox.|Run sscard outbox send again later.",
    ),
    "outbox-answer": (
        "{target} 的回答不是 {file} 的回执 ({item} 不符)。文件仍在发件箱。|与收件方核对; 再运行 sscard outbox send。",
        "The answer of {target} is no receipt for {file} ({item} is wrong). The file stays in the outbox.|Ask the receiver; then run sscard outbox send again.",
    ),
    "outbox-waiting": (
        "{file} 已放入 {target} 的文件夹, 还没有回执。|收件方取走后再运行 sscard outbox send。",
        "{file} lies in the folder of {target}; there is no receipt yet.|Run sscard outbox send again when the receiver has taken it.",
    ),
    "outbox-folder": (
        "{target} 的文件夹不能用: {cause}。{file} 仍在发件箱。|检查文件夹、权限和空间, 再运行 sscard outbox send。",
        "The folder of {target} cannot be used: {cause}. {file} stays in the outbox.|Check folder, permissions and space and run sscard outbox send again.",
    ),
    "outbox-refused": (
        "{target} 拒收 {file} (HTTP {status})。|与收件方查明原因; 401、403 时检查令牌。",
        "{target} refuses {file} (HTTP {status}).|Ask the receiver why; with 401 or 403 check the token.",
    ),
    "outbox-token": (
        "{target} 的令牌文件 {path} 读不出或不是一行可打印字符。没有发送。|检查 sscard.toml 中的 token。",
        "The token file {path} of {target} cannot be read or is no line of printable characters. Nothing was sent.|Check token in sscard.toml.",
    ),
    "outbox-ca": (
        "{target} 的 CA 证书文件 {path} 不能用。没有发送。|检查 sscard.toml 中的 ca, 应为 PEM。",
        "The CA file {path} of {target} cannot be used. Nothing was sent.|Check ca in sscard.toml; it must be PEM.",
    ),
}
