"""Findings on batch files by rule id, as ``what is wrong|what to do``, and the words around them.

Every text may use ``{value}``, the masked value.
"""

TEXTS: dict[str, tuple[str, str]] = {
    "error": ("错误", "error"),
    "warning": ("警告", "warning"),
    "hint": ("提示", "hint"),
    "FIL-01": (
        "没有人员: 文件只有表头|向发送方核对文件",
        "no people: the file holds only a header|ask the sender for the right file",
    ),
    "ENC-01": (
        "第 {offset} 字节 (从0起) 不能按 {encoding} 解码; 整个文件可按 {others} 解码|向发送方确认编码后用 --encoding 声明",
        "byte {offset} (from 0) is not {encoding}; the whole file decodes as {others}|confirm the encoding with the sender and declare it with --encoding",
    ),
    "ENC-02": (
        "第 {offset} 字节 (从0起) 按 {encoding} 解码后不能还原|让发送方以 UTF-8 或 GB18030 重发",
        "byte {offset} (from 0) decodes as {encoding} but does not encode back|ask the sender for UTF-8 or GB18030",
    ),
    "ENC-03": (
        "声明为 {encoding}, 但整个文件都是 UTF-8, 会读成乱码|用 --encoding utf-8",
        "declared as {encoding}, but the whole file is UTF-8 and would be read as other characters|use --encoding utf-8",
    ),
    "ENC-04": (
        "声明为 {encoding}, 但也可能是 UTF-8|打开文件, 看姓名是否正确",
        "declared as {encoding}, but it may as well be UTF-8|look whether the names read right",
    ),
    "ENC-05": (
        "第 {offset} 字节 (从0起) 不能按 {encoding} 解码, 按其他编码也不能|数据已损坏, 让发送方重发",
        "byte {offset} (from 0) is not {encoding}, nor does another encoding fit|the data is damaged, ask for it again",
    ),
    "TXT-01": (
        "字符 {code} 不是规范组合形式 (NFC)|让发送方按 NFC 重新输出; 兼容汉字换成通用汉字",
        "the character {code} is not in composed form (NFC)|ask for NFC text; use the unified form of compatibility ideographs",
    ),
    "TXT-02": ("含不可见字符 {code}|删除该字符", "holds the invisible character {code}|remove it"),
    "TXT-03": ("首尾有空白|去掉空白", "blanks at the beginning or end|remove them"),
    "TXT-04": (
        "含替换字符 U+FFFD: 原字符在之前的转换中已丢失|向发送方索取原始数据",
        "holds U+FFFD: an earlier conversion lost the character|get the original data from the sender",
    ),
    "COL-01": (
        "第 {position} 列的列名不认识: {header}|改为规定的列名或删除该列, 见 docs/batch.md",
        "unknown column {position}: {header}|rename or remove it, see docs/batch.md",
    ),
    "COL-02": ("缺少列 {name}|补上该列", "the column {name} is missing|add it"),
    "COL-03": (
        "第 {first} 列和第 {second} 列是同一项|只留一列",
        "columns {first} and {second} hold the same field|keep one of them",
    ),
    "COL-04": (
        "AAZ501 可能是卡识别码 (32位) 或卡号 (9位), 从数据看不出|把列名改为 card_id 或 card_no",
        "AAZ501 may be the card id (32 digits) or the card number (9 characters), and the data does not tell|rename it card_id or card_no",
    ),
    "COL-05": (
        "第一行不是表头: 一个列名也不认识|第一行写列名, 见 docs/batch.md; 也检查声明的编码",
        "the first line is no header: not one column name is known|write the column names on the first line, see docs/batch.md; check the declared encoding too",
    ),
    "ROW-01": (
        "有 {count} 列, 应为 {expected} 列|检查多余或缺少的逗号; 含逗号的内容加引号",
        "{count} cells instead of {expected}|look for a comma too many or too few; quote values with commas",
    ),
    "ROW-02": (
        "引号没有在本行结束, 或位置不对|一人占一行, 引号内不可换行",
        "quotes do not close on this line, or stand in the wrong place|one line a person, no line breaks inside quotes",
    ),
    "ROW-03": ("空行|删除空行", "blank line|remove it"),
    "ROW-04": (
        "这一行超过 {limit} 字节|检查文件是否为一人一行的 CSV",
        "the line is longer than {limit} bytes|see whether the file is CSV with one person a line",
    ),
    "ROW-05": ("文件末尾有空行 (已忽略)|", "blank lines at the end of the file (ignored)|"),
    "FLD-01": ("{name} 不能为空|补上", "{name} is empty|fill it in"),
    "XLS-01": (
        "号码成了科学计数 ({value}), 后面的数字已丢失|把该列设为文本格式, 从原始数据重新导出",
        "the number became scientific notation ({value}); digits are lost|format the column as text and export again from the source",
    ),
    "XLS-02": (
        "第15位以后全是0, 校验也不符 ({value}): 表格软件截断了号码|把该列设为文本格式, 从原始数据重新导出",
        "zeros after the 15th digit and a wrong check ({value}): a spreadsheet cut the number|format the column as text and export again from the source",
    ),
    "XLS-03": (
        "前面的0丢失: {value} 应为 {expected}|把该列设为文本格式后重新导出",
        "a leading zero is lost: {value}, expected {expected}|format the column as text and export again",
    ),
    "XLS-04": (
        "日期是表格软件的写法: {value}|写成 YYYYMMDD, 如 20260601",
        "a spreadsheet's date: {value}|write YYYYMMDD, such as 20260601",
    ),
    "XLS-05": (
        "第15位以后全是0 ({value}), 但校验正确|核对是否被表格软件截断",
        "zeros after the 15th digit ({value}), though the check is right|see whether a spreadsheet cut it",
    ),
    "XLS-06": (
        "前面有表格软件的文本标记 (' 或 =)|导出时只留内容",
        "begins with a spreadsheet's text mark (' or =)|export the bare value",
    ),
    "SEQ-01": ("序号不是正整数: {value}|从 1 起连续编号", "not a positive number: {value}|number the rows from 1"),
    "SEQ-02": (
        "序号跳到 {value}, 应为 {expected}|核对是否缺行",
        "jumps to {value}, expected {expected}|see whether rows are missing",
    ),
    "SEQ-03": (
        "序号重复或倒退: {value}, 应为 {expected}|重新编号",
        "repeats or goes back: {value}, expected {expected}|number the rows anew",
    ),
    "SSN-01": (
        "不是18位公民身份号码 ({length} 位): {value}|核对身份证件; 非公民号码暂不受理",
        "not an 18-character citizen number ({length} characters): {value}|compare with the identity document; numbers of non-citizens are not taken",
    ),
    "SSN-02": (
        "号码中的出生日期不是日历上的日期: {value}|核对身份证件",
        "the birth date in the number is no day of the calendar: {value}|compare with the identity document",
    ),
    "SSN-03": (
        "校验码不符: {value} 应为 {expected}|核对身份证件",
        "wrong check character: {value}, expected {expected}|compare with the identity document",
    ),
    "SSN-04": ("末位 x 为小写, 按 X 处理|", "the x is lower case and taken as X|"),
    "SSN-05": (
        "号码中的出生日期与出生日期列不一致: {value}|核对身份证件",
        "the birth date in the number is not that of the birth column: {value}|compare with the identity document",
    ),
    "SSN-06": (
        "号码第17位表示性别 {expected}, 性别列为 {sex}|核对身份证件",
        "the 17th digit says sex {expected}, the column says {sex}|compare with the identity document",
    ),
    "SSN-07": ("出生日期晚于发卡日期: {value}|核对两个日期", "born after the issue date: {value}|check both dates"),
    "SSN-08": (
        "发卡时已 {age} 岁, 超过 {limit} 岁|核对身份证件",
        "{age} years old at issue, over {limit}|compare with the identity document",
    ),
    "SSN-09": (
        "号码的前两位 {prefix} 不是已知的省份代码|核对身份证件",
        "the number begins with {prefix}, no province that is known|compare with the identity document",
    ),
    "NAM-01": (
        "第 {position} 字是自造字 {code}, 卡上无法通用|查出标准字码, 或登记更正",
        "character {position} is the private-use {code}, which other readers cannot show|find its standard code point",
    ),
    "NAM-02": (
        "第 {position} 字 {code} 不是字符|核对姓名",
        "character {position}, {code}, is no character|check the name",
    ),
    "NAM-03": (
        "第 {position} 字是问号: 原字符在之前的转换中已丢失|核对身份证件",
        "character {position} is a question mark: an earlier conversion lost it|compare with the identity document",
    ),
    "NAM-04": (
        "第 {position} 字 {code} 像间隔号, 标准为 U+00B7 (·)|确认后改为 ·",
        "character {position}, {code}, looks like the interpunct U+00B7 (·)|confirm and write ·",
    ),
    "NAM-05": (
        "姓名太长 ({size} 字节 > {limit})|缩写或登记更正",
        "the name is too long ({size} bytes > {limit})|shorten it by the registry's rule",
    ),
    "NAM-06": (
        "第30字节落在汉字中间, 扩展域放不下其余部分 (共 {size} 字节)|缩写或登记更正",
        "byte 30 falls inside a character and the rest does not fit the extension ({size} bytes in all)|shorten it by the registry's rule",
    ),
    "SEX-01": (
        "性别 {value} 不受理: 1 男, 2 女|核对身份证件",
        "sex {value} is not taken: 1 male, 2 female|compare with the identity document",
    ),
    "ETH-01": (
        "民族代码 {value} 不在 01–56、97–99 中|按 GB/T 3304 填写",
        "ethnic group {value} is not 01–56 or 97–99|use the codes of GB/T 3304",
    ),
    "BIR-01": (
        "出生日期不是日历上的 YYYYMMDD: {value}|核对身份证件",
        "no calendar day written YYYYMMDD: {value}|compare with the identity document",
    ),
    "POB-01": ("出生地不是6位数字: {value}|按 GB/T 2260 填写", "not six digits: {value}|use the codes of GB/T 2260"),
    "CRD-01": (
        "卡号形式不对: {value}|一个大写字母加8位数字或大写字母",
        "not a card number: {value}|one capital letter and eight digits or capital letters",
    ),
    "CRD-02": (
        "{value} 校验字符不符, 应为 {expected} (不影响制卡)|",
        "{value}: check character differs, expected {expected} (the card can be made)|",
    ),
    "CID-01": (
        "卡识别码不是32位十六进制: {value}|核对第一步回盘文件",
        "not 32 hexadecimal digits: {value}|compare with the return file of the first step",
    ),
    "RGN-01": (
        "地区 {value} 不是本工作目录的地区 {expected}|换工作目录或换文件",
        "region {value} is not that of the workspace, {expected}|use the right workspace or the right file",
    ),
    "DAT-01": (
        "发卡日期不是日历上的 YYYYMMDD: {value}|更正日期",
        "no calendar day written YYYYMMDD: {value}|correct it",
    ),
    "DAT-02": ("有效期不是日历上的 YYYYMMDD: {value}|更正日期", "no calendar day written YYYYMMDD: {value}|correct it"),
    "DAT-03": (
        "有效期 {value} 不晚于发卡日期|更正日期",
        "expiry {value} is not after the issue date|correct the dates",
    ),
    "DAT-04": ("有效期 {value} 已过|更正有效期", "expiry {value} has passed|correct the expiry date"),
    "DAT-05": ("发卡日期 {value} 在一年以后|核对日期", "issue date {value} is more than a year ahead|check it"),
    "KND-01": ("申请类别 {value} 不认识|可用: {allowed}", "unknown kind of application {value}|use one of: {allowed}"),
    "KND-02": ("{kind} 需要原卡号|补上 old_card_no", "{kind} needs the old card number|fill in old_card_no"),
    "BNK-01": ("银行代码不是5位: {value}|核对银行代码", "not a bank code of five characters: {value}|check it"),
    "PAN-01": (
        "银行卡号不是12至19位数字 ({length} 位): {value}|与银行核对",
        "not 12 to 19 digits ({length} characters): {value}|check with the bank",
    ),
    "PAN-02": ("银行卡号校验位不符: {value}|与银行核对", "the Luhn digit is wrong: {value}|check with the bank"),
    "DUP-01": (
        "社会保障号码 {value} 与第 {first} 行重复|确认是否同一人, 只留一行",
        "{value} stands on line {first} already|see whether it is one person and keep one line",
    ),
    "DUP-02": (
        "卡号 {value} 与第 {first} 行重复|重新分配卡号",
        "{value} stands on line {first} already|assign another card number",
    ),
    "ROW-06": (
        "该行有 {count} 字节, 按格式应为 {expected} 字节, 且汉字不得跨栏|向发送方核对格式, 让其重发",
        "the line has {count} bytes where the format has {expected}, no character crossing a column|confirm the format with the sender and ask again",
    ),
    "ROW-07": (
        "不是一个 JSON 对象, 或项目名重复|让发送方重新输出",
        "not one JSON object, or a name stands in it twice|ask the sender for it again",
    ),
    "CEL-01": (
        "单元格 {address} 不是文本 ({kind}): 数字会丢位, 日期会改写|把整列设为文本格式后重新输出, 不要只改这一格",
        "cell {address} is not text ({kind}): numbers lose digits, dates are rewritten|have the column written as text from the source, do not only retype this cell",
    ),
    "ENV-01": (
        "信封行不符合格式: {form}|核对 --format 是否选对, 文件是否完整",
        "the envelope line is not of the form {form}|check that --format is right and the file whole",
    ),
    "ENV-02": (
        "信封写明 {count} 人, 文件有 {rows} 行|文件可能被截断或改动, 让发送方重发",
        "the envelope tells {count} people, the file has {rows} rows|the file may be cut or edited, ask for it again",
    ),
    "ENV-03": (
        "首行与末行的 {name} 不一致|文件可能由两份拼成, 让发送方重发",
        "first and last line tell different values of {name}|the file may be pieced together, ask for it again",
    ),
    "SHP-01": (
        "{value} 不符合格式规定的形式 {shape}|向发送方核对",
        "{value} does not have the form {shape} of the format|ask the sender",
    ),
    "MAP-01": (
        "代码 {value} 不在格式规定之内; 有: {known}|向发送方核对代码表, 或在格式文件中补上",
        "the format has no code {value}; it has {known}|confirm the codes with the sender or add it to the format file",
    ),
    "DUP-03": (
        "银行卡号 {value} 与第 {first} 行重复|与银行核对",
        "{value} stands on line {first} already|check with the bank",
    ),
    "DUP-04": (
        "卡识别码与第 {first} 行重复|核对来源; 一个识别码只属于一张卡",
        "the card id stands on line {first} already|check the source; a card id belongs to one card",
    ),
    "DEM-01": (
        "演示批次中出现非虚构号码: {value}|演示只用 {mark}xxxx 的号码; 真实数据放到生产目录",
        "not a synthetic number in a demo batch: {value}|demo uses numbers {mark}xxxx only; real data belongs in a production workspace",
    ),
    "DEM-02": (
        '演示批次中的姓名不以"{mark}"开头: {value}|用 sscard people 生成演示数据',
        "a name in a demo batch must begin with {mark}: {value}|make demo data with sscard people",
    ),
    "DEM-03": (
        "演示批次中的卡号不以 {mark} 开头: {value}|用 sscard people 生成演示数据",
        "a card number in a demo batch must begin with {mark}: {value}|make demo data with sscard people",
    ),
    "DEM-04": (
        "生产批次中出现演示数据 (以 {mark} 开头): {value}|删除演示数据",
        "demo data in a production batch (begins with {mark}): {value}|remove it",
    ),
    "option-encoding": (
        "批次文件的编码 (由发送方声明; 默认按格式)",
        "encoding the sender declared (default: the format's)",
    ),
    "option-format": ("文件的格式 (见 sscard formats list)", "format of the file (see sscard formats list)"),
    "option-region": ("地区码", "region code"),
    "option-mode": ("演示 (只许虚构人员) 或生产", "demo (synthetic people only) or production"),
    "option-limit": ("最多显示多少条, 0 为全部", "findings to show at most, 0 for all"),
    "option-check-workspace": ("从工作目录取地区和方式", "take region and mode from this workspace"),
    "option-count": ("人数", "number of people"),
    "option-seed": ("同一种子生成同一批人", "the same seed makes the same people"),
    "option-out": ("输出文件", "file to write"),
    "option-out-encoding": ("输出文件的编码", "encoding of the file"),
    "option-people-region": ("地区, 只能是 99xxxx", "region, 99xxxx only"),
    "option-force": ("覆盖已有文件", "overwrite an existing file"),
    "conflict": (
        "--workspace 与 --region、--demo/--production 不能同时使用",
        "--workspace cannot be combined with --region or --demo/--production",
    ),
    "need-region": ("生产方式需要 --region", "--production needs --region"),
    "more": (
        "… 另有 {count} 条未显示, 用 --limit 0 查看全部",
        "… {count} more findings not shown; see all with --limit 0",
    ),
    "summary": (
        "{rows} 行: {errors} 错误, {warnings} 警告, {hints} 提示。",
        "{rows} rows: {errors} errors, {warnings} warnings, {hints} hints.",
    ),
    "stops": (
        "有错误的批次不会开始制卡。规则说明: sscard explain {rule}",
        "A batch with errors is not personalized. About a rule: sscard explain {rule}",
    ),
    "progress": ("已检查 {rows} 行", "{rows} rows checked"),
    "written": ("已写入 {count} 人: {path}", "wrote {count} people: {path}"),
    "writing": ("已写入 {rows} 人", "{rows} people written"),
    "check-help": (
        "检查批次文件: 编码、列、每个人的号码姓名日期、重复。\n\n\b\n例:\n  sscard people --count 20 --out b.csv\n  sscard check b.csv\n  sscard check b.csv --format canonical",
        "Check a batch file: encoding, columns, each person's numbers, name and dates, duplicates.\n\n\b\nExample:\n  sscard people --count 20 --out b.csv\n  sscard check b.csv\n  sscard check b.csv --format canonical",
    ),
    "people-help": (
        "生成虚构人员批次: 姓名以测试开头, 卡号以T开头, 地区 99xxxx。\n\n\b\n例:\n  sscard people --count 200 --seed 7 --out b.csv",
        "Write a batch of synthetic people: names 测试…, card numbers T…, region 99xxxx.\n\n\b\nExample:\n  sscard people --count 200 --seed 7 --out b.csv",
    ),
}
