"""What ``tree`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "tree-help": (
        "显示卡片配置中的目录、文件、读写规则和密钥, 不需要卡。WHAT 为 DF04 或 DF04/EF05。\n\n"
        "\b\n例: sscard tree DF04\n    sscard tree DF04/EF05",
        "Show directories, files, access rules and keys of a card profile; needs no card. WHAT is DF04 or DF04/EF05.\n\n"
        "\b\nExample: sscard tree DF04\n         sscard tree DF04/EF05",
    ),
    "option-profile": ("卡片配置名称或文件", "card profile, by name or file"),
    "line-file": ("读 {read}   改 {update}   {structure}", "read {read}   update {update}   {structure}"),
    "free": ("自由", "free"),
    "never": ("禁止", "never"),
    "structure-variable": ("变长记录 {records} 条", "variable ×{records}"),
    "structure-fixed": ("定长记录 {records} 条", "fixed ×{records}"),
    "structure-cyclic": ("循环 {records}×{length} 字节", "cyclic {records}×{length} B"),
    "structure-transparent": ("透明 {size} 字节", "transparent {size} B"),
    "structure-directory": ("目录 {records} 条", "directory ×{records}"),
    "keys": ("密钥", "keys"),
    "key-count": ("密钥 {count} 条", "keys {count}"),
    "tries": ("{tries} 次", "tries {tries}"),
    "bytes": ("{size} 字节", "{size} B"),
}
