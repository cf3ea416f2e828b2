"""Errors of card faces and of files written to take away: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "file-exists": (
        "{path} 已存在, 未作改动。|换一个文件名, 或用 --force 覆盖。",
        "{path} exists; nothing was changed.|Choose another name, or replace it with --force.",
    ),
    "face-unreadable": (
        "无法读取 {path}: {cause}。|检查文件名和权限。",
        "Cannot read {path}: {cause}.|Check its name and permissions.",
    ),
    "face-toml": (
        "{path} 不是正确的 TOML: {cause}。|改正该处, 版式文件的写法见 docs/face.md。",
        "{path} is not TOML: {cause}.|Correct that place; docs/face.md tells how a layout is written.",
    ),
    "face-layout": (
        "版式 {path}, {place}: {name} 应为 {expected}。|改正该处, 版式文件的写法见 docs/face.md。",
        "Layout {path}, {place}: {name} should be {expected}.|Correct it; docs/face.md tells how a layout is written.",
    ),
    "face-unknown": (
        "没有版式 {name}。|自带的版式: {known}; 自己的版式写成 .toml 文件的路径。",
        "There is no layout {name}.|Those of the package: {known}; name your own by the path of its .toml file.",
    ),
    "face-needs": (
        "版式 {path} 缺少必须的内容: {missing}。|卡面须有照片、姓名、社会保障号码和发卡机关。",
        "Layout {path} lacks what a face must show: {missing}.|A face has photo, name, social-security number and issuer.",
    ),
    "face-no-font": (
        "没有可用的中文字体 (找过: {paths})。|安装 Debian 软件包 fonts-wqy-microhei 或 fonts-noto-cjk, 或用 --font 指定字体文件。",
        "There is no font with Chinese characters (looked for: {paths}).|Install the Debian package fonts-wqy-microhei or "
        "fonts-noto-cjk, or name a font file with --font.",
    ),
    "face-font": (
        "{path} 不能作为字体使用: {cause}。|用 TrueType 或 OpenType 字体文件; 字体集写成 文件#序号。",
        "{path} cannot be used as a font: {cause}.|Name a TrueType or OpenType file; a collection as FILE#INDEX.",
    ),
    "face-library": (
        "没有安装卡面所需的软件库 ({name})。|pip install 'sscard[print]'",
        "The libraries that draw faces are not installed ({name}).|pip install 'sscard[print]'",
    ),
    "face-findings": (
        "整批核对有 {count} 处不符, 没有输出卡面; 第一处: 第 {line} 行, {what}。|先处理: sscard face 批次 --check",
        "The check of the whole batch has {count} findings; no face was drawn. The first: line {line}, {what}.|See them all: "
        "sscard face BATCH --check",
    ),
    "face-row": (
        "批次没有第 {seq} 行 (共 {rows} 行)。|用 --seq 选择批次中的序号。",
        "The batch has no row {seq} (it has {rows}).|Choose a number of the batch with --seq.",
    ),
    "face-kind": (
        "不知道怎样写 {path}。|文件名以 .png、.pdf 或 .json 结尾。",
        "{path} is no kind of file a face can be written as.|Let its name end with .png, .pdf or .json.",
    ),
    "face-photo": (
        "第 {seq} 行的照片不能使用: {cause}。|换一张 JPEG 或 PNG 照片。",
        "The photo of row {seq} cannot be used: {cause}.|Supply another, as JPEG or PNG.",
    ),
}
