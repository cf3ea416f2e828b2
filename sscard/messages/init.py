"""What ``sscard init`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "建立工作目录: 设置、密钥库、任务和回盘文件夹。\n\n\b\n例: sscard init ws --demo",
        "Make a workspace: settings, vault, folders for jobs and return files.\n\n\b\nExample: sscard init ws --demo",
    ),
    "option-demo": ("演示工作目录, 带演示密钥", "a demonstration workspace with demonstration keys"),
    "option-region": ("发卡地区, 六位数字", "issuing region, six digits"),
    "option-profile": ("卡片规格", "card profile"),
    "option-holds": (
        "演示密钥库所在层级: all 全部, nation 国家, province 省, city 市, none 空",
        "level the demonstration vault stands at: all, nation, province, city, or none of the catalogue's keys",
    ),
    "done": ("已建立演示工作目录 {path}", "Made the demonstration workspace {path}"),
    "facts": (
        "地区 {region}   规格 {profile}   密钥 {count} 条 (DEMO, 不得用于真卡)",
        "region {region}   profile {profile}   {count} keys (DEMO, never for real cards)",
    ),
    "next": ("下一步: cd {path} && sscard keys list", "Next: cd {path} && sscard keys list"),
}
