"""What went wrong and what to do: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "label": ("错误", "error"),
    "interrupted": ("已中断。|", "Interrupted.|"),
    "usage": ("命令行写法不对: {cause}|用 --help 查看用法。", "The command line is wrong: {cause}|See --help."),
    "status": (
        "命令 {command} 被卡拒绝: {sw} {meaning}。|怎么办: sscard explain {sw}。",
        "The card refused {command} with {sw}: {meaning}.|What to do: sscard explain {sw}.",
    ),
    "wrong-secret": (
        "{command}: 密钥或PIN不对 ({sw}), 还剩 {tries} 次。已停止, 不会再试。|核对密钥版本和地区后再继续。",
        "{command}: the key or PIN is wrong ({sw}), {tries} tries left. Stopped; it is not tried again.|"
        "Check the key's version and region first.",
    ),
    "locked": (
        "{command}: 密钥或PIN已锁定 ({sw})。|换一张卡; 锁定的PIN需用PUK解锁。",
        "{command}: the key or PIN is locked ({sw}).|Take another card; a locked PIN needs the PUK.",
    ),
    "card-mute": (
        "卡没有应答。|取出卡片检查触点, 重新插入。",
        "The card gave no answer.|Check its contacts and insert it again.",
    ),
    "card-removed": (
        "卡片被取出或断电。|放回同一张卡, 将从断点继续。",
        "The card was removed or lost power.|Put the same card back to resume.",
    ),
    "endless-answer": (
        "卡不停地要求取更多数据 ({rounds} 次)。|换一张卡。",
        "The card never stops announcing data ({rounds} rounds).|Take another card.",
    ),
    "apdu-too-long": (
        "命令数据过长: {length} 字节, 最多 255。|",
        "Command data too long: {length} bytes, at most 255.|",
    ),
    "apdu-le": ("Le 必须是 1 到 256, 不是 {le}。|", "Le must be 1 to 256, not {le}.|"),
    "apdu-form": (
        "{size} 字节不是合法的 APDU: 长度字节对不上。|格式: CLA INS P1 P2 [Lc 数据] [Le]。",
        "{size} bytes are not an APDU: the length bytes do not add up.|Form: CLA INS P1 P2 [Lc data] [Le].",
    ),
    "atr-form": (
        "ATR 无法识别: {atr}。|取出卡片重新插入; 可能不是 CPU 卡。",
        "Not an answer to reset: {atr}.|Insert the card again; it may not be a CPU card.",
    ),
    "ats-form": (
        "ATS 无法识别: {ats}。|取出卡片重新放上; 可能不是 CPU 卡。",
        "Not an answer to select: {ats}.|Put the card back; it may not be a CPU card.",
    ),
    "atr-foreign": (
        "ATR 不是社会保障卡的形式: {atr}。|换一张卡。",
        "The ATR is not that of a social-security card: {atr}.|Take another card.",
    ),
    "algorithm-unpublished": (
        "算法 {algorithm} 未公开, 软件无法实现。|需要接入支持该算法的加密机。",
        "Algorithm {algorithm} is unpublished; software cannot do it.|Only an HSM that has it can serve this.",
    ),
    "algorithm-served": (
        "算法 {algorithm} 已有实现, 不能再登记。|先撤销原来的登记; DES 和 SM4 由本软件实现。",
        "Algorithm {algorithm} is served already.|Withdraw the back end it has; DES and SM4 are built in.",
    ),
    "region-code": ("地区码 {region} 不是六位数字。|", "Region code {region} is not six digits.|"),
}
