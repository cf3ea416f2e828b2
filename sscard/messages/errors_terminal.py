"""What goes wrong at the counter."""

TEXTS: dict[str, tuple[str, str]] = {
    "driver-address": (
        "数据项地址的第 {number} 个文件写法不对。|写成 DF01EF15|2A|40:2|$ 的形式。",
        "File {number} of the address cannot be meant.|Write it like DF01EF15|2A|40:2|$.",
    ),
    "driver-answer": (
        "密钥平台的应答格式不对。|检查平台的接口版本。",
        "The key platform's answer has the wrong form.|Check which version of the interface it speaks.",
    ),
    "tlv-form": (
        "第 {offset} 字节起不是完整的 TLV。|换一张卡, 或检查输入。",
        "No whole TLV at byte {offset}.|Take another card, or check what was typed.",
    ),
    "profile-none-fits": (
        "没有适用于 {generation} 卡 ({algorithm}) 的卡片配置。|用 --profile 指定配置文件。",
        "No card profile fits a {generation} card with {algorithm}.|Name a profile file with --profile.",
    ),
    "target-unknown": (
        "卡片配置中没有 {word}。|目录: {known}; 例如 DF04 或 DF04/EF05; 全部用 all。",
        "The profile has no {word}.|Directories: {known}; write DF04 or DF04/EF05, or all.",
    ),
    "profile-other-system": (
        "这张卡是 {system} 的卡, 配置 {profile} 却是为 {dialect} 写的。|不写 --profile, 或给出对应的配置。",
        "This card is one of {system}, but the profile {profile} is for {dialect}.|Leave out --profile, or name a fitting one.",
    ),
    "not-social-security": (
        "这不是已建立社会保障环境的卡 ({kind})。|用 sscard info 查看; 换一张社会保障卡。",
        "This card has no social-security environment ({kind}).|See sscard info; take a social-security card.",
    ),
    "card-blocked": (
        "这张卡已被永久锁定。|换一张卡。",
        "This card is blocked for good.|Take another card.",
    ),
    "pin-form": (
        "PIN 应为 4 到 16 位数字。|重新输入。",
        "A PIN has 4 to 16 digits.|Type it again.",
    ),
    "pin-floor": (
        "PIN 只剩 {tries} 次, 不再尝试。|请持卡人用PUK解锁后再来。",
        "The PIN has {tries} tries left; it is not presented.|Unblock it with the PUK first.",
    ),
    "apdu-guarded": (
        "{command} ({header}) 会改写卡片、消耗重试次数或无法撤销, 没有发送。|确认无误后加 --yes。",
        "{command} ({header}) writes, spends a try or cannot be undone; it was not sent.|Add --yes if you mean it.",
    ),
    "apdu-hex": (
        "第 {position} 个参数不是十六进制。|写成 00A40400… 或用引号括起的 '00 A4 04 00 …'。",
        "Argument {position} is not hex.|Write 00A40400… or quote '00 A4 04 00 …'.",
    ),
    "show-person-refused": (
        "没有确认, 不显示个人信息。|确认后再试, 或加 --yes。",
        "Not confirmed: personal data stay masked.|Confirm, or add --yes.",
    ),
    "audit-unwritable": (
        "无法写入审计日志 {path}: {reason}。|检查 --workspace 和权限; 未显示个人信息。",
        "Cannot write the audit log {path}: {reason}.|Check --workspace and its permissions; nothing was shown.",
    ),
}
