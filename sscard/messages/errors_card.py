"""What goes wrong with exports: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "card-contactless": (
        "这种卡的有些规则只限接触界面 ({rules}), 不能用非接触读卡器个人化。|换用接触式读卡器。",
        "This kind of card binds some things to its contacts ({rules}); it is not personalized over a contactless reader.|"
        "Use a contact reader.",
    ),
    "export-damaged": (
        "卡片导出文件损坏: {path} ({detail})。|重新导出, 或从备份恢复该文件。",
        "The card export {path} is damaged ({detail}).|Export the card again, or restore the file from a copy.",
    ),
    "export-newer": (
        "卡片导出文件 {path} 的版本 {version} 比本程序支持的 {known} 新。|升级 sscard。",
        "The card export {path} has version {version}; this program knows {known}.|Upgrade sscard.",
    ),
    "export-exists": (
        "文件 {path} 已存在, 不覆盖。|换一个文件名, 或加 --force。",
        "The file {path} exists and is not overwritten.|Choose another name or add --force.",
    ),
    "export-no-keys": (
        "{path} 是导出文件, 没有密钥, 不能成为软件卡。|用软件卡映像导入; 导出文件可用于 card compare。",
        "{path} is an export: it has no keys and cannot become a software card.|Import an image; an export is for card compare.",
    ),
    "image-no-user-card": (
        "{path} 是 {system} 的映像 (PSAM、母卡或传输卡), 不是社会保障卡。|PSAM 用 psam info, 母卡和传输卡用 ceremony。",
        "{path} is the image of a {system} (PSAM, mother or transport card), no social-security card.|"
        "For a PSAM take psam info, for mother and transport cards ceremony.",
    ),
    "image-dialect": (
        "{path} 是 {system} 的卡, 配置 {profile} 却是为 {dialect} 写的。|用 --profile 给出对应的配置。",
        "{path} is a card of {system}, but the profile {profile} is for {dialect}.|Name a fitting profile with --profile.",
    ),
    "export-kind": (
        "{path} 既不是卡片导出文件也不是软件卡映像。|检查文件名。",
        "{path} is neither a card export nor the image of a software card.|Check the name.",
    ),
}
