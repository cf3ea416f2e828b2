"""Errors of batch files and synthetic people."""

TEXTS: dict[str, tuple[str, str]] = {
    "batch-findings": (
        "{path} 有 {errors} 处错误 (第一处: 第 {line} 行 {rule}), 不会开始制卡。|用 sscard check 查看全部, 更正后重来。",
        "{path} has {errors} errors (the first: line {line}, {rule}); no card is made from it.|See them with sscard check, correct the file and try again.",
    ),
    "batch-unreadable": (
        "不能读取批次文件 {path}: {reason}。|检查路径和读取权限。",
        "The batch file {path} cannot be read: {reason}.|Check the path and the permission to read it.",
    ),
    "batch-empty": (
        "批次文件 {path} 是空的。|向发送方重新索取。",
        "The batch file {path} is empty.|Ask the sender for it again.",
    ),
    "batch-workbook": (
        '{path} 是 Excel 工作簿或压缩包, 不是 CSV。|把号码列设为文本格式, 另存为 "CSV UTF-8"。',
        '{path} is an Excel workbook or an archive, not CSV.|Format the number columns as text and save it as "CSV UTF-8".',
    ),
    "batch-utf16": (
        '{path} 是 UTF-16 ("Unicode 文本")。|另存为 UTF-8、GB18030 或 GBK。',
        '{path} is UTF-16 ("Unicode text").|Save it as UTF-8, GB18030 or GBK.',
    ),
    "batch-encoding": (
        "不认识编码 {encoding}。|可以声明: {known}。",
        "Unknown encoding {encoding}.|Declare one of: {known}.",
    ),
    "batch-changed": (
        "批次文件 {path} 在检查之后被改动或移走。|恢复原文件, 或重新检查后再开始。",
        "The batch file {path} was changed or moved after it was checked.|Put the original back, or check it again before going on.",
    ),
    "batch-region-demo": (
        "演示方式只用于地区 99xxxx, 不能用于 {region}。|真实地区请用生产方式 (--production)。",
        "Demo mode is for regions 99xxxx only, not for {region}.|Use production mode (--production) for a real region.",
    ),
    "batch-region-production": (
        "地区 {region} 是虚构的, 不能用于生产方式。|虚构数据请用演示方式 (--demo)。",
        "Region {region} is made up and has no place in production.|Use demo mode (--demo) for synthetic people.",
    ),
    "people-region": (
        "虚构人员只能在地区 99xxxx, 不能在 {region}。|用 --region 990101。",
        "Synthetic people live in regions 99xxxx only, not in {region}.|Use --region 990101.",
    ),
    "people-count": (
        "人数必须是 1 到 {limit}, 不是 {count}。|",
        "The number of people must be 1 to {limit}, not {count}.|",
    ),
    "people-exists": (
        "文件 {path} 已存在, 不会覆盖。|换一个文件名, 或加 --force。",
        "The file {path} exists and is not overwritten.|Choose another name or add --force.",
    ),
    "people-unwritable": (
        "不能写入 {path}: {reason}。|检查目录和磁盘空间。",
        "{path} cannot be written: {reason}.|Check the folder and the room on the disk.",
    ),
    "explain-unknown": (
        "不认识 {code}。|相近的: {near}。",
        "Nothing is known of {code}.|Near it: {near}.",
    ),
}
