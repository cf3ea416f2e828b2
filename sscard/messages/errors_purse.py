"""What goes wrong with PIN, purse and blocks at the counter."""

TEXTS: dict[str, tuple[str, str]] = {
    "keys-none": (
        "没有可用的密钥。|用 --workspace 指定有密钥库的工作目录。",
        "There are no keys to do this with.|Name a workspace with a vault: --workspace.",
    ),
    "card-foreign": (
        "卡的内部密钥不属于本密钥库; 没有出示任何密钥或PIN。|核对卡的地区和密钥库。",
        "The card's internal key is not of this vault; no key and no PIN was presented.|Check the card's area and the vault.",
    ),
    "pin-not-served": (
        "这种卡的PIN解锁和重装本版本还不支持; 没有出示任何密钥。|由发卡方处理。",
        "PIN unblocking and reload of this kind of card are not in this version; no key was presented.|Leave it to the issuer.",
    ),
    "pin-needed": (
        "此操作需要持卡人PIN。|请持卡人输入PIN。",
        "This needs the holder's PIN.|Let the holder type it.",
    ),
    "no-maintenance-key": (
        "{directory} 没有应用维护密钥 (STK)。|核对卡片配置。",
        "{directory} has no maintenance key (STK).|Check the card profile.",
    ),
    "directory-absent": (
        "卡上没有 {directory}。|换一张卡, 或核对卡片配置。",
        "This card has no {directory}.|Take another card, or check the profile.",
    ),
    "block-environment": (
        "{directory} 是环境, 不能按应用锁定。|要作废整张卡, 用锁定卡片。",
        "{directory} is an environment and cannot be blocked as an application.|To end the whole card, block the card.",
    ),
    "block-unconfirmed": (
        "没有用这张卡的识别码确认, 没有锁定。|锁定不可撤销; 确认时给出完整的识别码。",
        "Not confirmed with this card's identification code; nothing was blocked.|Blocking is for ever: give the whole code.",
    ),
    "block-unknown": (
        "卡片配置中没有目录 {name}。|可锁定的应用: {names}。",
        "The profile has no directory {name}.|Applications: {names}.",
    ),
    "block-no-key": (
        "{directory} 没有锁定密钥。|核对卡片配置。",
        "{directory} has no key that opens a block.|Check the card profile.",
    ),
    "purse-card-mac": (
        "卡的 MAC1 不对, 没有划入。|核对密钥版本和地区; 卡可能不是真卡。",
        "The card's MAC1 is wrong; nothing was loaded.|Check key version and area; the card may not be genuine.",
    ),
    "purse-answer": (
        "卡已入账 (序号 {counter}), 但应答的认证码不对。|留下这张卡, 与后台核对。",
        "The card booked number {counter}, but the codes of its answer are wrong.|Keep the card and settle it with the back office.",
    ),
    "purse-unknown": (
        "入账途中与卡失去联系, 不知道是否已入账 (序号 {counter})。|放回同一张卡, 运行 sscard purse proof {movement} {counter}。",
        "Contact was lost in the middle of booking number {counter}; whether it was made is not known.|"
        "Put the same card back and run sscard purse proof {movement} {counter}.",
    ),
    "epurse-unknown": (
        "入账途中与卡失去联系, 不知道是否已入账 (序号 {counter})。不要重做。|"
        "放回同一张卡, 运行 sscard purse proof {movement} {counter} --purse {purse}。",
        "Contact was lost in the middle of booking number {counter}; whether it was made is not known. Do not repeat it.|"
        "Put the same card back and run sscard purse proof {movement} {counter} --purse {purse}.",
    ),
    "epurse-not-booked": (
        "入账途中与卡失去联系; 卡的交易证明表明没有入账 (序号 {counter})。|可以重做这笔交易。",
        "Contact was lost while booking; the card's proof says that number {counter} was not booked.|It may be done again.",
    ),
    "purse-pending": (
        "序号 {counter} 是否入账尚不清楚, 不能开始下一笔。|先取交易证明 (settle)。",
        "Whether number {counter} was booked is not settled; nothing new is begun.|Settle it by the card's proof first.",
    ),
    "card-other": (
        "这不是同一张卡。|放回原来的卡。",
        "This is not the same card.|Put the first card back.",
    ),
    "purse-opening": (
        "卡对交易初始化的应答为 {size} 字节, 应为 {wanted}; 没有入账。|换一张卡, 或用 --trace 记录。",
        "The card answered INITIALIZE with {size} bytes, not {wanted}; nothing was booked.|Try another card, or trace it.",
    ),
    "purse-algorithm": (
        "卡声明保留的密钥算法标识 {algorithm}, 只认 00 和 01; 没有入账。|重新装载该密钥。",
        "The card names the reserved key algorithm {algorithm}; only 00 and 01 are known; nothing was booked.|Load that "
        "key again.",
    ),
    "purse-which": (
        "--purse 只用于 PBOC 电子存折/电子钱包卡。|去掉 --purse。",
        "--purse is for cards with PBOC passbook and purse.|Leave --purse out.",
    ),
    "purse-movement": (
        "这张卡没有 {movement} 交易。|医保账户只有 load 和 purchase。",
        "This card has no {movement}.|The medical purse has load and purchase.",
    ),
    "purse-parts": (
        "PBOC 电子存折/钱包没有自付和统筹部分, 也没有年度起始日期。|只用 --account。",
        "PBOC passbook and purse have no own and fund part, and no starting day.|Give --account alone.",
    ),
    "purse-no-psam": (
        "PBOC 卡的消费和圈存不用社会保障 PSAM。|去掉 --psam, 给出 --terminal 和 --terminal-counter。",
        "A PSAM for social-security cards does not serve PBOC purses.|Leave out --psam; give --terminal and --terminal-counter.",
    ),
    "purse-key-absent": (
        "卡片配置中 {directory} 没有 {kind} 密钥。|核对卡片配置。",
        "{directory} has no {kind} key in the profile.|Check the card profile.",
    ),
    "amount-form": (
        "金额写成元, 最多两位小数, 例如 12.50。|重新输入。",
        "Write an amount in yuan with at most two decimals, such as 12.50.|Type it again.",
    ),
    "amount-range": (
        "数值超出四个字节。|最多 42949672.95 元。",
        "The number does not fit four bytes.|At most 42949672.95 yuan.",
    ),
    "terminal-form": (
        "终端机编号应为 12 位数字。|重新输入。",
        "A terminal has a number of 12 digits.|Type it again.",
    ),
    "starting-day-form": (
        "起始日期应为月日四位数字, 例如 0401。|重新输入。",
        "A starting day is month and day in four digits, such as 0401.|Type it again.",
    ),
}
