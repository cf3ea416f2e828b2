"""Errors of PSAMs: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "psam-not-root": (
        "{ref} 不是可以装入PSAM的根密钥。|只装入国家、省、市级的应用密钥, 不带卡片分散因子。",
        "{ref} is no root a PSAM may hold.|Only application keys of nation, province or city, without a card factor.",
    ),
    "psam-not-master": (
        "{ref} 不是一张PSAM的应用主控密钥。|装载须由该PSAM自己的 PSAMADF 保护。",
        "{ref} is not the application master of one PSAM.|A load is protected by that PSAM's own PSAMADF.",
    ),
    "psam-head": (
        "{ref}: 密钥记录的用途、标识、级别或算法与该密钥不符。|按密钥目录填写加载清单。",
        "{ref}: usage, id, level or algorithm of the key record are not this key's.|Fill the load list by the catalogue.",
    ),
    "psam-algorithm": (
        "{ref} 与 {under} 的算法不同。|选用同一算法的密钥和PSAM环境。",
        "{ref} and {under} have different ciphers.|Use keys and a PSAM environment of one cipher.",
    ),
    "psam-own-clear": (
        "{ref} 是PSAM自身的密钥, 不以明文给出。|真实PSAM由供应商按交接流程写入自身密钥; 只有演示密钥可做软件PSAM。",
        "{ref} is a PSAM's own key and does not leave in clear.|Real PSAMs get theirs from the supplier; only demo keys make software PSAMs.",
    ),
    "psam-cannot": (
        "PSAM 不能做这项运算: {operation}。|改用密钥库或加密机。",
        "A PSAM cannot do this: {operation}.|Use the vault or an HSM.",
    ),
    "psam-class": (
        "PSAM 中的 {ref} ({place}) 不允许这种运算。|核对加载清单中的密钥用途。",
        "{ref} ({place}) in the PSAM is not meant for this.|Check the key's class in the load list.",
    ),
    "psam-no-key": (
        "PSAM 中没有密钥 {ref}。|用 sscard psam info 查看已装密钥; 需要时申请补装。",
        "The PSAM has no key {ref}.|sscard psam info shows what it holds; request what is missing.",
    ),
    "psam-refused": (
        "PSAM 拒绝分散 {ref}: {sw}。|用 sscard explain {sw} 查看含义。",
        "The PSAM refused to derive {ref}: {sw}.|See sscard explain {sw}.",
    ),
    "psam-answer": (
        "PSAM 返回的MAC长度 {size} 无法识别。|核对PSAM型号。",
        "The PSAM answered with a MAC of {size} bytes.|Check the PSAM's model.",
    ),
    "psam-none": (
        "卡上没有PSAM应用 D15600000590。|核对读卡器中是不是PSAM。",
        "The card has no PSAM application D15600000590.|Is the PSAM in that reader?",
    ),
    "psam-environment": (
        "这张卡没有 {algorithm} 环境。|核对读卡器中是不是PSAM, 以及卡片所用算法。",
        "The card has no environment for {algorithm}.|Is it a PSAM, and has it the card's cipher?",
    ),
    "psam-content": (
        "PSAM 的公共信息或应用信息无法识别。|换一张PSAM, 并报告供应商。",
        "The PSAM's information files make no sense.|Take another one and tell the supplier.",
    ),
    "psam-expired": (
        "PSAM {terminal} 的有效期不包含 {day}。|送回更换密钥。",
        "PSAM {terminal} is not valid on {day}.|Send it back for new keys.",
    ),
    "psam-debug": (
        "全密钥调试PSAM ({terminal}) 不得用于生产。|按最少密钥清单申请终端用PSAM。",
        "A full-key debug PSAM ({terminal}) is never used in production.|Request one with the least keys its terminal needs.",
    ),
    "psam-numberless": (
        "这张PSAM还没有终端机编号。|先由国家级清单装载。",
        "This PSAM has no terminal number yet.|The national list is loaded first.",
    ),
    "psam-number-other": (
        "PSAM 中的终端机编号是 {found}, 登记的是 {wanted}。|停用这张PSAM并查明原因。",
        "The PSAM says it is {found}, the register says {wanted}.|Put it aside and find out why.",
    ),
    "psam-version-mixed": (
        "清单换为第 {wanted} 版, 但PSAM中的 {name} 仍是第 {found} 版。未写入任何内容。|同一机构的认证密钥须一起更换: 把 {name} 也列入清单。",
        "The list brings version {wanted}, but {name} on the PSAM would stay version {found}. Nothing was written.|"
        "An authority's authentication keys change together: list {name} too.",
    ),
    "psam-algorithm-list": (
        "清单要求 {algorithm}, 与密钥库或PSAM环境不符。|改用相应算法的密钥库或清单。",
        "The list wants {algorithm}, which vault or PSAM environment are not.|Use a vault or list of one cipher.",
    ),
    "psam-key-there": (
        "PSAM 中已有密钥 {name} ({where}), 不会覆盖。未写入任何内容。|确需更换时加 --replace {name}。",
        "The PSAM already holds {name} ({where}); it is never written over. Nothing was written.|To change it say --replace {name}.",
    ),
    "psam-nothing-to-replace": (
        "清单和PSAM中没有可更换的密钥 {name}。未写入任何内容。|去掉 --replace {name}。",
        "There is no {name} in both list and PSAM to replace. Nothing was written.|Leave out --replace {name}.",
    ),
    "psam-proof": (
        "装载后验证未通过: {name} ({where})。|隔离这张PSAM; 核对自身密钥和密钥库。",
        "The proof after loading failed for {name} ({where}).|Put this PSAM aside; check its own keys and the vault.",
    ),
    "psam-list-unreadable": (
        "无法读取清单 {file}: {reason}。|检查文件名和权限; 申领单用编号: sscard psam form 1",
        "The list {file} cannot be read: {reason}.|Check name and permissions; a request goes by its number: sscard psam form 1",
    ),
    "psam-list-toml": (
        "{file}: 不是合法的 TOML: {reason}。|修正后重试。",
        "{file} is not TOML: {reason}.|Correct it.",
    ),
    "psam-list-form": (
        "{file}: {place} 为 {value}, 形式不对。|例如 {example}。",
        "{file}: {place} is {value}, which has not the right form.|For example {example}.",
    ),
    "psam-list-period": (
        "{file}: {place}: 有效期止 {end} 早于起 {start}。|修正日期。",
        "{file}: {place}: the period ends ({end}) before it begins ({start}).|Correct the days.",
    ),
    "psam-list-authority": (
        "{file}: {place}: {name} 不属于这一级的密钥清单。|国家级密钥由国家级清单装载, 地方密钥由省级清单装载。",
        "{file}: {place}: {name} is not a key of this authority.|National keys go with a national list, local ones with the province's.",
    ),
    "psam-list-level": (
        "{file}: {place}: 地方密钥 {name} 没有国家级根密钥。|级别用 province 或 city。",
        "{file}: {place}: the local key {name} has no national root.|Use level province or city.",
    ),
    "psam-list-class": (
        "{file}: {place}: {name} 不能有这个用途类别。|见 sscard keys catalog {name}。",
        "{file}: {place}: {name} cannot have that class.|See sscard keys catalog {name}.",
    ),
    "psam-list-id": (
        "{file}: {place}: {name} 的密钥标识或级别不在自行扩充密钥的范围内。|省 10–17、40–7F, 市 18–1F、80–BF; 级别 province 或 city。",
        "{file}: {place}: id or level of {name} are not those of a key of one's own.|Province 10–17, 40–7F, city 18–1F, 80–BF; level province or city.",
    ),
    "psam-list-version": (
        "{file}: {place}: {name} 的版本与清单的认证密钥版本不符, 或没有该版本。|修正 version 或 authentication_key_version。",
        "{file}: {place}: the version of {name} is not the list's or does not exist.|Correct version or authentication_key_version.",
    ),
    "psam-list-twice": (
        "{file}: {place}: {name} 出现两次。|每个密钥每个版本一行。",
        "{file}: {place}: {name} stands twice.|One row a key and version.",
    ),
    "psam-list-place": (
        "{file}: {place}: {name} 与另一密钥占同一位置 {where}。|修正标识。",
        "{file}: {place}: {name} has the place {where} of another key.|Correct its id.",
    ),
    "psam-list-empty": (
        "{file}: {place}: 没有一个密钥要装载。|至少一行 load = true。",
        "{file}: {place}: no key is to be loaded.|At least one row with load = true.",
    ),
    "psam-list-full": (
        "{file}: {place}: 清单包含全部密钥, 只有调试PSAM可以。|减少密钥 (sscard psam list), 或注明 debug = true。",
        "{file}: {place}: the list holds every key, which only a debug PSAM may.|Take fewer (sscard psam list) or say debug = true.",
    ),
    "psam-register": (
        "PSAM 登记簿 {path} 无法打开或写入: {cause}。|检查磁盘和权限; 损坏时从备份恢复。",
        "The PSAM register {path} cannot be opened or written: {cause}.|Check disk and permissions; restore a backup.",
    ),
    "psam-serial-form": (
        "{serial} 不是PSAM序列号。|序列号为 20 位数字。",
        "{serial} is no PSAM serial.|A serial has 20 digits.",
    ),
    "psam-serial-known": (
        "PSAM 序列号 {serial} 已登记。本次未登记任何空白卡。|核对送货清单。",
        "PSAM serial {serial} is registered already. Nothing was registered.|Check the delivery note.",
    ),
    "psam-blank-unknown": (
        "PSAM 序列号 {serial} 不在已登记的空白卡中。|先用 sscard psam receive 登记供应商送达的空白卡。",
        "PSAM serial {serial} is not among the blanks received.|Register delivered blanks with sscard psam receive.",
    ),
    "psam-no-request": (
        "没有PSAM申请 {request}。|用 sscard psam request 提出申请。",
        "There is no request {request}.|Make one with sscard psam request.",
    ),
    "psam-reviewed": (
        "申请 {request} 已由 {reviewer} 审核。|需要改变时重新申请。",
        "Request {request} was reviewed by {reviewer}.|Make a new one to change it.",
    ),
    "psam-same-person": (
        "两个步骤不能由同一人 ({who}) 完成。|由另一人办理。",
        "The same person ({who}) may not do both.|Somebody else has to.",
    ),
    "psam-nobody": ("没有写明经办人。|写上姓名。", "Nobody is named.|Give a name."),
    "psam-not-approved": (
        "申请 {request} 未通过审核 ({decision})。|先由另一人审核: sscard psam review。",
        "Request {request} is not approved ({decision}).|Somebody else reviews it: sscard psam review.",
    ),
    "psam-other-list": (
        "清单与申请 {request} 审核通过的不同。|用原来的清单, 或重新申请。",
        "This is not the list that was approved with request {request}.|Use that one, or request anew.",
    ),
    "psam-request-full": (
        "申请 {request} 的 {count} 张PSAM已全部装载。|重新申请。",
        "All {count} PSAMs of request {request} are loaded.|Make another request.",
    ),
    "psam-state": (
        "PSAM {terminal} 当前状态为 {state}, 不能执行 {step}。|用 sscard psam where {terminal} 查看。",
        "PSAM {terminal} is {state}: {step} is not possible.|See sscard psam where {terminal}.",
    ),
    "psam-unknown": (
        "登记簿中没有PSAM {terminal}。|核对终端机编号。",
        "The register has no PSAM {terminal}.|Check the terminal number.",
    ),
    "psam-device-taken": (
        "终端 {device} 中已有一张PSAM。|先收回原来的一张。",
        "Terminal {device} has a PSAM already.|Recall that one first.",
    ),
    "psam-numbers-used": (
        "{city} 的终端机编号已用完。|",
        "The terminal numbers of {city} are used up.|",
    ),
    "psam-terminal": (
        "请写明终端机编号和交易序号, 或用 --psam 由PSAM提供。|",
        "Give terminal and terminal counter, or let --psam supply them.|",
    ),
    "psam-city": (
        "清单的发卡地区是 {wanted}, 工作目录是 {found}。|用该地区的工作目录。",
        "The list is for {wanted}, the workspace for {found}.|Use that region's workspace.",
    ),
    "psam-service": ("没有用途 {name}。|可用: {known}。", "There is no service {name}.|Known: {known}."),
    "psam-day": ("{value} 不是日期。|形式 YYYYMMDD。", "{value} is no day.|Write YYYYMMDD."),
    "psam-software": (
        "只有演示工作目录可以制作软件PSAM。未登记任何空白卡。|去掉 --software; 真实PSAM由供应商提供。",
        "Only a demonstration workspace makes software PSAMs. Nothing was registered.|Leave out --software; real PSAMs come from the supplier.",
    ),
}
