"""What goes wrong with software cards: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "image-damaged": (
        "软件卡映像损坏: {path} ({detail})。|从备份恢复该文件, 或删除它以建立新卡。",
        "The card image {path} is damaged ({detail}).|Restore the file from a copy, or delete it to start a new card.",
    ),
    "image-newer": (
        "软件卡映像 {path} 的版本 {version} 比本程序支持的 {known} 新。|升级 sscard。",
        "The card image {path} has version {version}; this program knows {known}.|Upgrade sscard.",
    ),
    "image-system": (
        "软件卡映像 {path} 属于卡操作系统 {system}, 此处不能使用。|换一个映像, 或升级 sscard。",
        "The card image {path} is of card operating system {system}, which cannot be used here.|"
        "Take another image, or upgrade sscard.",
    ),
    "image-missing": (
        "找不到软件卡映像 {path}。|检查路径。",
        "There is no card image {path}.|Check the path.",
    ),
    "image-in-use": (
        "软件卡映像 {path} 正被另一个程序使用。|先结束那个程序。",
        "The card image {path} is in use by another program.|End that program first.",
    ),
    "image-log": (
        "命令日志 {path} 与映像不符 (日志始于第 {base} 条, 映像为第 {commands} 条)。|恢复与日志同时的映像, 或删除日志以放弃其后的命令。",
        "The command log {path} does not fit its image (log from command {base}, image at {commands}).|Restore the image of the same time, or delete the log to give up what came after.",
    ),
}
