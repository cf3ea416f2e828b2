"""What ``merge`` and ``formats`` say."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "把社保文件和银行文件按一个唯一的列合并成一个批次。\n\n两份文件先按全部规则检查; 键不唯一、是姓名或文件有错误时拒绝, 什么也不写。在新目录 DIR 中写出 merged.csv、only-ss.csv、only-bank.csv、conflicts.csv 和 merge.json, 均带两份文件的行号。全部匹配返回0, 有剩余或冲突返回5。\n\n\b\n例:\n  sscard people --count 20 --out b.csv\n  sscard merge b.csv b.csv --on 社会保障号码 --out m\n  sscard check m/merged.csv",
        "Merge a social-security file and a bank file into one batch, on a column that is unique in both.\n\nBoth files are checked against all rules first.  A key that is not unique or is a name, and a file with errors, are refused and nothing is written.  The new folder DIR gets merged.csv, only-ss.csv, only-bank.csv, conflicts.csv and merge.json, with the line numbers of both files.  Exit 0 where every row found its partner, 5 where some are left or contradict each other.\n\n\b\nExample:\n  sscard people --count 20 --out b.csv\n  sscard merge b.csv b.csv --on 社会保障号码 --out m\n  sscard check m/merged.csv",
    ),
    "option-on": ("两份文件共有的唯一列, 如 社会保障号码", "column that is unique in both files, such as 社会保障号码"),
    "option-out": ("要新建的目录", "folder to make"),
    "option-format": ("社保文件的格式", "format of the social-security file"),
    "option-bank-format": ("银行文件的格式", "format of the bank file"),
    "option-encoding": ("社保文件的编码", "encoding of the social-security file"),
    "option-bank-encoding": ("银行文件的编码", "encoding of the bank file"),
    "option-prefer": (
        "该列以哪一方为准, 不算冲突; 可多次",
        "whose word counts for a column, so that it is no conflict; repeatable",
    ),
    "option-memory": ("引擎内存上限, 超出写临时文件", "limit of the engine's memory; beyond it spills to disk"),
    "option-limit": ("最多显示多少条, 0 为不限", "findings to show at most, 0 for no limit"),
    "progress": ("已读到第 {line} 行", "read up to line {line}"),
    "prefer-form": ("--prefer 写作 列=ss 或 列=bank, 不是 {word}", "--prefer is COLUMN=ss or COLUMN=bank, not {word}"),
    "more": ("… 另有 {count} 条未显示", "… {count} more findings not shown"),
    "repeat": (
        "{value}  社保文件第 {ss} 行  银行文件第 {bank} 行",
        "{value}  social-security file line {ss}  bank file line {bank}",
    ),
    "refused": (
        "{key} 在文件中不唯一, 拒绝合并, 没有写任何文件。请双方核对后重发。",
        "{key} is not unique in the files: not merged, nothing written. Have the senders settle it and send again.",
    ),
    "errors": (
        "社保文件 {ss} 处错误, 银行文件 {bank} 处错误: 没有合并, 没有写任何文件。",
        "{ss} errors in the social-security file, {bank} in the bank file: not merged, nothing written.",
    ),
    "sum": (
        "{file}: {rows} 行 = 合并 {merged} + 冲突 {conflict} + 只在此文件 {alone} ✓",
        "{file}: {rows} rows = merged {merged} + conflicts {conflict} + only here {alone} ✓",
    ),
    "file": ("{path}  {rows} 行", "{path}  {rows} rows"),
    "clean": ("两份文件逐行对应。", "Every row of both files found its partner."),
    "partly": (
        "有剩余或冲突的行: 交双方核对; merged.csv 可以先制卡。",
        "Some rows are left or contradict each other: have the senders settle them; merged.csv can be made meanwhile.",
    ),
    "manifest-help": (
        "检查批次, 并在旁边写出清单 (b.csv 的清单为 b.manifest.toml): 批次号、人数、摘要、格式。有清单的批次制卡前按清单核对, 批次号永不重复使用。\n\n\b\n例:\n  sscard people --count 20 --out b.csv\n  sscard manifest b.csv --id 990101-20260601-0001 --prepared-by 王 --approved-by 陈",
        "Check a batch and write its manifest beside it (b.manifest.toml for b.csv): id, head count, digests, format.  A batch with a manifest is held to it before any card is made; an id is never used twice.\n\n\b\nExample:\n  sscard people --count 20 --out b.csv\n  sscard manifest b.csv --id 990101-20260601-0001 --prepared-by 王 --approved-by 陈",
    ),
    "option-id": ("批次号, 永不重复", "id of the batch, never used again"),
    "option-kind": ("批次种类", "kind of batch"),
    "option-profile": ("只许用这一配置制卡", "the only profile it may be made with"),
    "option-prepared": ("制作人", "who prepared it"),
    "option-approved": ("批准人, 不能是同一人", "who approved it; another person"),
    "manifest-written": (
        "已写清单 {path}: 批次 {id}, {records} 人",
        "wrote the manifest {path}: batch {id}, {records} people",
    ),
    "formats-help": (
        "交换格式: 各方文件的容器、编码、列、信封和回盘。",
        "Exchange formats: container, encoding, columns, envelope and return file of the parties' files.",
    ),
    "formats-list-help": (
        "列出随软件提供的格式。\n\n\b\n例:\n  sscard formats list",
        "List the formats that come with the package.\n\n\b\nExample:\n  sscard formats list",
    ),
    "formats-show-help": (
        "显示一种格式的列; NAME 为名称或自己的 *.toml。\n\n\b\n例:\n  sscard formats show jl-instant",
        "Show the columns of a format, by name or by the path of your own *.toml.\n\n\b\nExample:\n  sscard formats show jl-instant",
    ),
    "intake": ("来盘", "batch"),
    "returns": ("回盘", "return"),
    "no-sheet": ("–", "–"),
    "origin": ("来源", "known from"),
    "by-header": ("列名按 docs/batch.md 识别", "columns by the names of docs/batch.md"),
    "no-header": ("无表头", "no header"),
    "first": ("首行", "first line"),
    "last": ("末行", "last line"),
}
