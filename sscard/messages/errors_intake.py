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
        '{path} 是 Excel 工作簿或压缩包, 不是 CSV。|加 --format xlsx (号码列须为文本格式), 或另存为 "CSV UTF-8"。',
        '{path} is an Excel workbook or an archive, not CSV.|Add --format xlsx (number columns must be text), or save it as "CSV UTF-8".',
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
    "batch-container": (
        "{path} 不能作为 {container} 读取。|检查 --format 是否选对, 文件是否完整、未加密。",
        "{path} cannot be read as {container}.|Check that --format is right and that the file is whole and not encrypted.",
    ),
    "format-unknown": (
        "没有名为 {name} 的格式。|有: {known}; 自己的格式写文件名 (*.toml)。",
        "There is no format {name}.|There are {known}; name your own by its file (*.toml).",
    ),
    "format-unreadable": (
        "不能读取格式文件 {path}: {reason}。|检查路径; 写法见 docs/batch.md。",
        "The format file {path} cannot be read: {reason}.|Check the path; docs/batch.md tells how one is written.",
    ),
    "format-key": (
        "格式文件 {path} 中不认识 {name}。|可以写: {known}。",
        "The format file {path} has an unknown name {name}.|Known here: {known}.",
    ),
    "format-value": (
        "格式文件 {path} 中 {name} 缺少或不对。|应为: {expected}。",
        "In the format file {path}, {name} is missing or wrong.|Expected: {expected}.",
    ),
    "format-no-intake": (
        "格式 {name} 只有回盘, 没有来盘。|用 --returns {name}, 来盘另选格式。",
        "The format {name} is of return files only; nobody sends it.|Use --returns {name} and another format for the batch.",
    ),
    "format-no-returns": (
        "格式 {name} 没有回盘。|用 --returns 另选一种。",
        "The format {name} has no return file.|Choose another with --returns.",
    ),
    "format-encode": (
        "回盘第 {line} 行的字符 {code} 不能用 {encoding} 写出。|换一种编码为 gb18030 或 utf-8 的回盘格式; 卡片不受影响。",
        "The character {code} on line {line} of the return file cannot be written in {encoding}.|Choose a return format in gb18030 or utf-8; the cards are not affected.",
    ),
    "format-unfit": (
        "回盘第 {row} 行的 {column} 不合格式。|核对格式文件; 卡片不受影响。",
        "{column} in row {row} of the return file does not fit the format.|Check the format file; the cards are not affected.",
    ),
    "library-missing": (
        "缺少程序库 {name}。|安装: pip install 'sscard[data]'",
        "The library {name} is not installed.|Install it: pip install 'sscard[data]'",
    ),
    "manifest-exists": (
        "清单 {path} 已存在, 不会覆盖。|要换清单先移走它。",
        "The manifest {path} exists and is not overwritten.|Move it away first.",
    ),
    "manifest-unreadable": (
        "不能读取清单 {path}: {reason}。|向发送方重新索取; 写法见 docs/batch.md。",
        "The manifest {path} cannot be read: {reason}.|Ask the sender for it again; docs/batch.md tells its form.",
    ),
    "manifest-differs": (
        "{path} 与清单不符: {name}。没有制卡。|核对文件和清单是否同一批; 文件被改动则让发送方重发。",
        "{path} is not what its manifest says: {name}. No card was touched.|See whether file and manifest belong together; ask again for a file that was changed.",
    ),
    "manifest-id": (
        "清单 {path} 的批次号不合规定。|用字母、数字和 _ . -, 最多40位。",
        "The id in the manifest {path} is not of the right form.|Use letters, digits and _ . - only, 40 at most.",
    ),
    "manifest-kind": (
        "清单 {path} 的种类不合规定。|可以是: {known}。",
        "The kind in the manifest {path} is unknown.|It is one of {known}.",
    ),
    "manifest-one-person": (
        "清单 {path} 的制作人和批准人是同一人。|换另一人批准。",
        "The manifest {path} was prepared and approved by one person.|Have another person approve it.",
    ),
    "merge-key-unknown": (
        "不认识列 {name}。|可以作为键的: {known}。",
        "There is no column {name}.|These can be a key: {known}.",
    ),
    "merge-key-name": (
        "不能按 {name} 合并: 姓名不唯一, 同名的人会拿到别人的卡。|用 社会保障号码。",
        "Files are never merged on {name}: names are not unique, and people of one name would get each other's cards.|Use 社会保障号码.",
    ),
    "merge-key-kind": (
        "不能按 {name} 合并: 这一列不是每人唯一。|可以作为键的: {known}。",
        "Files are not merged on {name}: it is not one of its own for each person.|These can be a key: {known}.",
    ),
    "merge-key-missing": (
        "文件 {path} 没有键 {name} 这一列。|换一个两份文件都有的键。",
        "The file {path} has no column for the key {name}.|Take a key that both files have.",
    ),
    "merge-prefer": (
        "--prefer {name}={side} 不对。|写列名和 ss 或 bank。",
        "--prefer {name}={side} is wrong.|Give a column and ss or bank.",
    ),
    "merge-exists": (
        "{path} 已存在, 不会覆盖。|换一个目录名。",
        "{path} exists and is not overwritten.|Name another folder.",
    ),
    "merge-unwritable": (
        "不能建立目录 {path}: {reason}。|检查上级目录和权限。",
        "The folder {path} cannot be made: {reason}.|Check the folder above it and the permissions.",
    ),
    "merge-disk": (
        "写 {path} 时失败: {reason}。没有留下任何文件。|检查磁盘空间, 再执行一次。",
        "Writing {path} failed: {reason}. No file was left.|Check the room on the disk and run it again.",
    ),
    "merge-engine": (
        "合并引擎停下: {reason} (内存上限 {memory})。没有留下任何文件。|检查输出目录所在磁盘的空间, 或加大 --memory, 再执行一次。",
        "The engine stopped: {reason} (limit of memory {memory}). No file was left.|Check the room on the disk of the output folder or raise --memory, and run it again.",
    ),
    "merge-memory": (
        "内存上限 {memory} 写法不对。|例如 500MB 或 2GB。",
        "{memory} is no limit of memory.|For example 500MB or 2GB.",
    ),
    "merge-columns": (
        "合并后仍缺少列 {missing}, 不能成为批次。|请一方补上这些列。",
        "Merged, the rows would still lack {missing} and be no batch.|Have one of the parties add them.",
    ),
    "merge-totals": (
        "总数对不上: 社保 {ss} / {ss_rows}, 银行 {bank} / {bank_rows}。没有留下任何文件。|这是本软件的错误, 请报告。",
        "The totals do not add up: {ss} of {ss_rows} and {bank} of {bank_rows}. No file was left.|This is a fault of this program; please report it.",
    ),
}
