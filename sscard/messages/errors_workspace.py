"""Errors of the workspace folder: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "workspace-missing": (
        "{path} 不是工作目录: 没有 sscard.toml。|用 sscard init 建立, 或用 --workspace 指定。",
        "{path} is no workspace: there is no sscard.toml.|Make one with sscard init, or name one with --workspace.",
    ),
    "workspace-unreadable": (
        "无法读取 {path}: {reason}。|检查权限。",
        "Cannot read {path}: {reason}.|Check its permissions.",
    ),
    "workspace-unwritable": (
        "无法在 {path} 建立工作目录: {reason}。|检查磁盘空间和权限。",
        "Cannot make a workspace in {path}: {reason}.|Check disk space and permissions.",
    ),
    "workspace-toml": (
        "{path} 第 {line} 行不是正确的 TOML: {reason}。|改正该行。",
        "{path}, line {line}, is not TOML: {reason}.|Correct that line.",
    ),
    "workspace-encoding": (
        "{path} 不是 UTF-8 文本。|用 UTF-8 编码另存。",
        "{path} is not UTF-8 text.|Save it as UTF-8.",
    ),
    "workspace-key": (
        "{path}: 没有设置项 {name}。|可用的设置项: {known}。",
        "{path}: there is no setting {name}.|Settings are: {known}.",
    ),
    "workspace-key-missing": (
        "{path}: 缺少设置项 {name}。|例如: {example}",
        "{path}: setting {name} is missing.|For example: {example}",
    ),
    "workspace-value": (
        "{path}: 设置项 {name} 的值不对: {value}。|例如: {example}",
        "{path}: setting {name} has a wrong value: {value}.|For example: {example}",
    ),
    "workspace-target": (
        "{path}: [outbox.{target}] 的 {item} 不对。|例如: {example} (docs/outbox.md)",
        "{path}: {item} of [outbox.{target}] is wrong.|For example: {example} (docs/outbox.md)",
    ),
    "workspace-ledger": (
        "{path}: [ledger] 的 {name} 不对。|例如: {example} (docs/ledger.md)",
        "{path}: {name} of [ledger] is wrong.|For example: {example} (docs/ledger.md)",
    ),
    "workspace-ledger-password": (
        "{path}: [ledger] 的 url 里有口令, 不采用。|删去口令并更换它; 口令放在 ~/.pgpass (0600)、PGPASSFILE 或服务文件中 (docs/ledger.md)",
        "{path}: the url of [ledger] has a password in it and is not used.|Take it out and change it; passwords stand in ~/.pgpass (0600), PGPASSFILE or a service file (docs/ledger.md)",
    ),
    "workspace-exists": (
        "{path} 已经是工作目录, 未作改动。|直接使用, 或换一个文件夹。",
        "{path} is a workspace already; nothing was changed.|Use it as it is, or choose another folder.",
    ),
    "workspace-not-empty": (
        "{path} 不是空文件夹。|换一个新的文件夹。",
        "{path} is not an empty folder.|Choose a new one.",
    ),
    "workspace-production": (
        "本版本不建立生产工作目录: 生产密钥由部级、省级下发, 须经人力资源社会保障部批准。|演示和测试请用: sscard init {path} --demo",
        "This version makes no production workspace: production keys come from ministry and province and need the ministry's approval.|For demonstration and tests: sscard init {path} --demo",
    ),
    "demo-mix": (
        "演示与生产不能混用: 工作目录为 {workspace}, 密钥为 {keys}。|使用与工作目录同类的密钥库。",
        "Demonstration and production must not meet: workspace is {workspace}, keys are {keys}.|Use a vault of the workspace's own kind.",
    ),
}
