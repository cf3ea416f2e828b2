"""What stands behind a code: the reason for each rule of intake, and what to do about a status word.

``rule-ID`` is the reason for a rule; ``sw-XXXX`` the next action after a status word, ``x`` standing for any digit.
"""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "解释状态字、规则号与错误码: 原因和下一步。\n\n\b\n例:\n  sscard explain 6982 63C2 SSN-03 BATCH-FINDINGS",
        "Explain status words, rule ids and error codes: the cause and the next action.\n\n\b\nExample:\n  sscard explain 6982 63C2 SSN-03 BATCH-FINDINGS",
    ),
    "sw": ("状态字", "status word"),
    "rule": ("规则", "rule"),
    "error": ("错误码", "error code"),
    "cause": ("原因", "cause"),
    "next": ("下一步", "next"),
    "none": ("无", "none"),
    "nothing-to-do": ("不需要处理。", "Nothing to do."),
    "sw-other": (
        "先核对命令的卡内位置、密钥和参数, 再看交互记录。",
        "Check the command's file, keys and parameters, then look at the trace.",
    ),
    "sw-9000": ("不需要处理。", "Nothing to do."),
    "sw-61xx": (
        "用 GET RESPONSE 取回数据; 本软件自动完成。",
        "Fetch the data with GET RESPONSE; the toolkit does it by itself.",
    ),
    "sw-6Cxx": (
        "用给出的长度重发命令; 本软件自动完成。",
        "Send the command again with the length told; the toolkit does it by itself.",
    ),
    "sw-63Cx": (
        "停下: 同一个密钥或PIN不要再试。核对密钥版本、地区和分散因子; 次数用尽即锁定。",
        "Stop: never try the same key or PIN again. Check key version, region and diversification; at no tries left it locks.",
    ),
    "sw-6283": (
        "应用已锁定: 换卡, 或由发卡机构解锁。",
        "The application is blocked: take another card, or let the issuer unblock it.",
    ),
    "sw-6581": (
        "卡的存储器故障: 换一张卡, 这张登记为废卡。",
        "The card's memory fails: take another card and count this one as spoilt.",
    ),
    "sw-6700": (
        "核对命令的 Lc 和 Le; 与该卡的方言表比较。",
        "Check Lc and Le of the command against the dialect of this card.",
    ),
    "sw-6901": (
        "命令顺序不对: 复位后从选择环境重新开始。",
        "Wrong order of commands: reset and start again from the selection.",
    ),
    "sw-6981": (
        "文件类型与命令不符: 二进制文件用 READ BINARY, 记录文件用 READ RECORD。",
        "READ BINARY is for transparent files, READ RECORD for record files.",
    ),
    "sw-6982": (
        "先取得该文件要求的权限 (外部认证或PIN), 权限在选择其他目录后失效。用 sscard tree 查看规则。",
        "Gain the right the file asks for (external authentication or PIN); selecting another directory loses it. See the rules with sscard tree.",
    ),
    "sw-6983": (
        "锁定的PIN用PUK解锁; 锁定的密钥不能恢复, 换卡。",
        "Unblock a locked PIN with the PUK; a locked key cannot be recovered, take another card.",
    ),
    "sw-6984": (
        "先发 GET CHALLENGE, 紧接着发认证或带MAC的命令。",
        "Send GET CHALLENGE directly before the authentication or the command with a MAC.",
    ),
    "sw-6985": (
        "核对卡的状态: 未发行、已发行或已锁定; 交易命令要先初始化。",
        "Check the card's state: before issue, issued or blocked; a purse command needs its initialization first.",
    ),
    "sw-6986": ("先选择文件。", "Select a file first."),
    "sw-6987": (
        "该文件要求带MAC的写命令: 用安全报文。",
        "The file takes only writes with a MAC: use secure messaging.",
    ),
    "sw-6988": (
        "核对密钥版本、初始向量 (最近一次随机数) 和填充; 不要原样重发。",
        "Check the key version, the initial value (the last challenge) and the padding; never resend it as it is.",
    ),
    "sw-6A80": ("核对数据域的格式和密钥参数。", "Check the form of the data and the key's parameters."),
    "sw-6A81": ("该卡没有这项功能, 或整卡已锁定。", "The card lacks the function, or all of it is blocked."),
    "sw-6A82": (
        "核对选择的环境和文件标识; 可能是空白卡或另一代卡, 用 sscard info 查看。",
        "Check the directory and the file id; it may be a blank card or another generation, see sscard info.",
    ),
    "sw-6A83": (
        "该数据项没有记录: 核对标识号和卡的版本。",
        "The item has no record: check its tag and the card's generation.",
    ),
    "sw-6A84": (
        "卡的空间不够这个配置: 核对卡型号和配置文件。",
        "The card is too small for the profile: check the card type and the profile.",
    ),
    "sw-6A85": (
        "Lc 与记录的 TLV 长度对不上: 核对长度字节。",
        "Lc does not fit the TLV of the record: check the length byte.",
    ),
    "sw-6A86": ("核对 P1、P2 (标识、短文件标识、密钥号)。", "Check P1 and P2 (tag, short file id, key number)."),
    "sw-6A88": (
        "卡内没有这把密钥: 核对密钥号、版本和当前目录。",
        "The card has no such key: check key number, version and current directory.",
    ),
    "sw-6A89": (
        "文件已经建立: 这不是空白卡, 或任务应当续做。",
        "The file is there already: this is no blank card, or the job should be resumed.",
    ),
    "sw-6B00": ("核对偏移和文件长度。", "Check the offset against the size of the file."),
    "sw-6D00": (
        "该卡不支持此命令: 核对方言 (厂商COS) 是否选对。",
        "The card does not know the command: see whether the right dialect (vendor COS) is chosen.",
    ),
    "sw-6E00": ("核对 CLA 字节和所选方言。", "Check the CLA byte and the chosen dialect."),
    "sw-6F00": ("没有可取的数据: 核对上一条命令。", "There is no data to fetch: look at the command before."),
    "sw-9302": (
        "MAC不对: 核对PSAM、密钥版本和交易数据。",
        "The MAC is wrong: check the PSAM, the key version and the transaction data.",
    ),
    "sw-9303": ("应用已永久锁定: 换卡。", "The application is blocked for good: replace the card."),
    "sw-9401": ("余额不足: 改用现金或先圈存。", "Not enough money: pay otherwise or load the purse first."),
    "sw-9402": (
        "金额过大放不下, 或交易计数器用尽: 减小金额; 计数器用尽则换卡。",
        "The amount does not fit, or the counter is used up: take a smaller amount; with a used-up counter replace the card.",
    ),
    "sw-9403": (
        "核对密钥索引 (密钥版本) 与PSAM是否一致。",
        "Check that the key index (version) agrees with the PSAM's.",
    ),
    "sw-9406": (
        "没有可取的交易认证码: 上一笔交易没有完成, 或不是最后一笔。",
        "No proof to fetch: the last transaction did not complete, or another one is asked for.",
    ),
    "rule-FIL-01": ("文件只有表头或没有内容, 不是可制卡的批次。", "A file with a header and nobody in it is no batch."),
    "rule-ENC-01": (
        "文件的字节不是所声明编码的文字。本软件从不猜编码: 猜错会把错字写到卡上。",
        "The bytes are not text of the declared encoding. An encoding is never guessed, for a wrong guess writes wrong characters to cards.",
    ),
    "rule-ENC-02": (
        "文字解码后再编码得不到原来的字节, 无法证明读对了。",
        "Text that does not encode back to the same bytes cannot be proved to have been read right.",
    ),
    "rule-ENC-03": (
        "UTF-8 的汉字按 GB 解码往往不报错, 只得到乱码。",
        "Chinese in UTF-8 often decodes as GB text without an error, into other characters.",
    ),
    "rule-ENC-04": (
        "文件里非 ASCII 的文字太少, 两种编码都读得通。",
        "The file holds too little beside ASCII to tell the two encodings apart.",
    ),
    "rule-ENC-05": (
        "个别字节损坏, 常见于中途转换或按字节截断。",
        "Single bytes are damaged, often by a conversion or a cut at a fixed length.",
    ),
    "rule-TXT-01": (
        "同一个字有两种码位写法时只接受规范组合形式 (NFC), 否则比对和制卡会不一致。",
        "Where a character can be written in two ways only the composed form (NFC) is taken, so that comparing and writing agree.",
    ),
    "rule-TXT-02": (
        "零宽、方向控制等字符看不见, 却会写到卡上或使比对失败。",
        "Zero-width and direction marks cannot be seen, yet go to the card and make comparisons fail.",
    ),
    "rule-TXT-03": ("首尾空白会被读卡软件当作填充去掉。", "Readers strip blanks as fill."),
    "rule-TXT-04": (
        "U+FFFD 说明之前的软件没有读懂原字符。",
        "U+FFFD is what software writes for a character it could not read.",
    ),
    "rule-COL-01": (
        "每一列都要有确定的含义; 常用中文列名和 AAC 代码均可。",
        "Every column must have a known meaning; common Chinese names and AAC codes are taken.",
    ),
    "rule-COL-02": ("缺了必需的列就不能制卡。", "A card cannot be made without the required columns."),
    "rule-COL-03": (
        "两列对应同一项时, 不知道以哪一列为准。",
        "With two columns for one field nobody can say which one counts.",
    ),
    "rule-COL-04": (
        "AAZ501 在有的地区是卡识别码, 在有的地区是卡号。",
        "AAZ501 is the card id in some regions and the card number in others.",
    ),
    "rule-COL-05": (
        "第一行必须是列名; 常见原因是缺少表头或编码声明错误。",
        "The first line must hold the column names; usually the header is missing or the encoding is declared wrong.",
    ),
    "rule-ROW-01": (
        "列数与表头不同的行不能确定每个值属于哪一项。",
        "In a row with another number of cells no value can be placed for certain.",
    ),
    "rule-ROW-02": (
        "一人一行, 行号才能与来源对上; 因此引号内不允许换行。",
        "One line a person keeps line numbers true to the source; so quotes may not span lines.",
    ),
    "rule-ROW-03": (
        "数据中间的空行说明文件被手工改过或截断过。",
        "A blank line among the rows tells of editing by hand or a cut file.",
    ),
    "rule-ROW-04": ("正常的一行只有几百字节。", "A row of a person takes a few hundred bytes."),
    "rule-ROW-05": ("末尾的空行无害。", "Blank lines at the end do no harm."),
    "rule-ROW-06": (
        "定长文件按字节取值, 长度不对则各栏都错位。",
        "In a file of fixed width values are cut at byte offsets; a line of another length shifts them all.",
    ),
    "rule-ROW-07": (
        "每行必须是一个 JSON 对象, 每个项目一次。",
        "Each line must be one JSON object with each name once.",
    ),
    "rule-CEL-01": (
        "表格软件的数字只有15位, 18位号码存成数字就已经丢位。",
        "A spreadsheet's number has 15 digits; a number of 18 stored so has lost some already.",
    ),
    "rule-ENV-01": (
        "首行或末行与格式不同, 文件就不是该格式或不完整。",
        "Where first or last line differ from the format, the file is of another format or not whole.",
    ),
    "rule-ENV-02": (
        "信封的人数与行数不符, 说明有行丢失或被加入。",
        "A head count that differs from the rows tells that rows were lost or added.",
    ),
    "rule-ENV-03": (
        "首行和末行对同一件事说法不同。",
        "First and last line tell different things of one file.",
    ),
    "rule-SHP-01": (
        "格式文件规定了该列的形式。",
        "The format file tells the form of this column.",
    ),
    "rule-MAP-01": (
        "格式文件列出了该列的代码; 其他代码没有含义, 不会猜测。",
        "The format file lists the codes of this column; another has no meaning, and none is guessed.",
    ),
    "rule-FLD-01": ("制卡必需的项不能为空。", "The card needs this value."),
    "rule-XLS-01": (
        "表格软件把长号码当作数字, 改成科学计数, 后几位无法恢复。",
        "A spreadsheet took the number for a quantity and wrote it in powers of ten; its last digits cannot be recovered.",
    ),
    "rule-XLS-02": (
        "表格软件只保留15位有效数字, 其余变成0。",
        "A spreadsheet keeps 15 digits and turns the rest into zeros.",
    ),
    "rule-XLS-03": (
        "表格软件把代码当作数字, 去掉了前面的0。",
        "A spreadsheet took the code for a quantity and dropped its leading zero.",
    ),
    "rule-XLS-04": (
        "表格软件把日期改成了自己的写法或序列号。",
        "A spreadsheet rewrote the date in its own way or as a serial number.",
    ),
    "rule-XLS-05": (
        "真实号码偶尔也以000结尾, 所以只提醒。",
        "A true number may end in 000 now and then, so this only warns.",
    ),
    "rule-XLS-06": (
        "撇号或等号是表格软件的标记, 不是号码的一部分。",
        "The apostrophe or equals sign is a spreadsheet's mark, not a part of the value.",
    ),
    "rule-SEQ-01": (
        "序号用来在任务、卡和回盘文件之间对应。",
        "The sequence number ties job, card and return file together.",
    ),
    "rule-SEQ-02": (
        "序号必须从1连续到末行, 缺号说明可能缺人。",
        "Rows are numbered from 1 without a gap; a gap tells that people may be missing.",
    ),
    "rule-SEQ-03": (
        "同一序号出现两次, 回盘就无法对应。",
        "With a number used twice the return file cannot be matched.",
    ),
    "rule-SSN-01": (
        "公民身份号码为17位数字加1位校验码 (GB 11643)。",
        "A citizen number has 17 digits and a check character (GB 11643).",
    ),
    "rule-SSN-02": ("号码第7至14位是出生日期。", "Characters 7 to 14 are the birth date."),
    "rule-SSN-03": (
        "校验码由前17位算出 (GB 11643), 不符说明至少有一位错误。",
        "The check character follows from the 17 digits (GB 11643); if it differs, at least one is wrong.",
    ),
    "rule-SSN-04": ("标准写法是大写 X, 制卡时自动改为大写。", "The standard writes X; the card gets the capital."),
    "rule-SSN-05": (
        "号码中的出生日期与单独填写的出生日期必须一致。",
        "The birth date inside the number must agree with the one written beside it.",
    ),
    "rule-SSN-06": ("号码第17位单数为男, 双数为女。", "An odd 17th digit is male, an even one female."),
    "rule-SSN-07": ("不能给尚未出生的人发卡。", "Nobody gets a card before being born."),
    "rule-SSN-08": ("年龄过大, 多半是出生年份写错。", "Such an age mostly comes from a wrong year."),
    "rule-SSN-09": ("号码前两位是省份代码 (GB/T 2260)。", "The first two digits are the province (GB/T 2260)."),
    "rule-NAM-01": (
        "旧系统的自造字只在本地字库里有意义, 换一个读卡终端就成了别的字。",
        "A private-use code point means something only in one old local font; another terminal shows another character.",
    ),
    "rule-NAM-02": ("这个码位按标准永远不是字符。", "The standard keeps this code point from ever being a character."),
    "rule-NAM-03": (
        "编码转换遇到不认识的字常写成问号。",
        "Conversions write a question mark for a character they do not know.",
    ),
    "rule-NAM-04": (
        "姓名间隔号应为 U+00B7, 其他圆点会使比对失败。本软件不自动替换。",
        "The interpunct of names is U+00B7; other dots make comparisons fail. It is never replaced without being asked.",
    ),
    "rule-NAM-05": (
        "卡上姓名30字节, 姓名扩展20字节, 共50字节 (GB18030)。",
        "The card holds 30 bytes of name and 20 of extension, 50 in all (GB18030).",
    ),
    "rule-NAM-06": (
        "姓名只能在汉字之间拆开, 拆开后扩展部分不能超过20字节。",
        "A name is split between characters only, and the extension takes 20 bytes.",
    ),
    "rule-SEX-01": (
        "卡上性别代码: 1 男, 2 女。未说明 (9) 与号码矛盾, 不受理。",
        "The card's codes: 1 male, 2 female. Unstated (9) contradicts the number and is not taken.",
    ),
    "rule-ETH-01": ("民族代码两位, 01 至 56; 97 至 99 为其他。", "Two digits, 01 to 56; 97 to 99 stand for others."),
    "rule-BIR-01": ("日期写成八位数字 YYYYMMDD。", "Dates are eight digits, YYYYMMDD."),
    "rule-POB-01": ("出生地写六位行政区划代码 (GB/T 2260)。", "The birthplace is the six-digit code of GB/T 2260."),
    "rule-CRD-01": (
        "卡号九位: 一个大写字母、七位数字或大写字母、一位校验字符。",
        "Nine characters: a capital letter, seven digits or capital letters, a check character.",
    ),
    "rule-CRD-02": (
        "实际发行的卡号不全符合校验规则, 所以只提示。",
        "Not all card numbers in the field keep the check rule, so this is only a hint.",
    ),
    "rule-CID-01": (
        "卡识别码16字节, 写成32位十六进制。",
        "The card id has 16 bytes, written as 32 hexadecimal digits.",
    ),
    "rule-RGN-01": (
        "密钥按地区分散: 别的地区的人不能用本地区的密钥制卡。",
        "Keys are diversified by region: people of another region cannot get cards made with this region's keys.",
    ),
    "rule-DAT-01": ("日期写成八位数字 YYYYMMDD。", "Dates are eight digits, YYYYMMDD."),
    "rule-DAT-02": ("日期写成八位数字 YYYYMMDD。", "Dates are eight digits, YYYYMMDD."),
    "rule-DAT-03": ("有效期必须晚于发卡日期。", "A card must expire after it is issued."),
    "rule-DAT-04": ("不制作已经过期的卡。", "No card is made that has already expired."),
    "rule-DAT-05": ("发卡日期太远, 可能写错了年份。", "So late an issue date may be a wrong year."),
    "rule-KND-01": ("申请类别: new 新领, replace 补领, renew 换领。", "Kinds of application: new, replace, renew."),
    "rule-KND-02": ("补领和换领要能找到被替换的旧卡。", "A replacement must tell which card it replaces."),
    "rule-BNK-01": ("银行代码五位字母或数字。", "A bank code has five letters or digits."),
    "rule-PAN-01": ("银行卡号12至19位数字。", "A bank card number has 12 to 19 digits."),
    "rule-PAN-02": ("银行卡号末位是 Luhn 校验位。", "The last digit of a bank card number is its Luhn digit."),
    "rule-DUP-01": ("一个人在一个批次里只能有一张卡。", "One person gets one card in a batch."),
    "rule-DUP-02": ("卡号在批次内不能重复。", "A card number stands once in a batch."),
    "rule-DUP-03": ("一个银行账户卡号只能对应一张社保卡。", "A bank card number belongs to one card."),
    "rule-DUP-04": ("一个卡识别码只属于一张卡。", "A card id belongs to one card."),
    "rule-DEM-01": (
        "演示密钥是公开的: 真实人员的数据绝不能写到演示卡上。",
        "Demo keys are public: real people's data must never go to a demo card.",
    ),
    "rule-DEM-02": ("虚构人员的姓名一看就知道是虚构的。", "A synthetic person is known by the name."),
    "rule-DEM-03": ("虚构人员的卡号一看就知道是虚构的。", "A synthetic person is known by the card number."),
    "rule-DEM-04": (
        "虚构人员不能得到真卡: 号码以99开头、姓名以测试开头或卡号以T开头。",
        "Synthetic people get no real cards: numbers 99…, names 测试…, card numbers T….",
    ),
}
