"""What ``sscard profile`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "group": (
        "卡片配置: 列出、显示、检查、比较、占用空间。叠加写在加号之后: ssc3-sm4+overlay-informative。\n\n"
        "\b\n例: sscard profile list",
        "Card profiles: list, show, check, compare, sizes. An overlay stands behind a plus: ssc3-sm4+overlay-informative.\n\n"
        "\b\nExample: sscard profile list",
    ),
    "list-help": (
        "列出随软件提供的配置和叠加。\n\n\b\n例: sscard profile list",
        "List the profiles and overlays that come with the toolkit.\n\n\b\nExample: sscard profile list",
    ),
    "show-help": (
        "显示一个配置; WHAT 为 DF04 或 DF04/EF05。\n\n\b\n例: sscard profile show ssc1-des DF01/EF05",
        "Show a profile; WHAT is DF04 or DF04/EF05.\n\n\b\nExample: sscard profile show ssc1-des DF01/EF05",
    ),
    "lint-help": (
        "检查配置: 没有密钥的文件, 没有文件的密钥, 芯片容量, 与国家规范重名或重号的地方扩展。有错误时退出码为 1。\n\n"
        "\b\n例: sscard profile lint ssc3-sm4+overlay-informative",
        "Check profiles: files without a key, keys without a file, the chip, local additions that take names or numbers\n"
        "of the standard. Exit code 1 where there are errors.\n\n"
        "\b\nExample: sscard profile lint ssc3-sm4+overlay-informative",
    ),
    "diff-help": (
        "逐项列出从 OLD 到 NEW 的变更, 供变更审批表使用。长度和标识为十六进制, 大小为十进制。\n\n\b\n例: sscard profile diff ssc2-des ssc3-sm4",
        "List what changes from OLD to NEW, item by item, as a change form wants it. Lengths and ids are\nhexadecimal, sizes decimal.\n\n"
        "\b\nExample: sscard profile diff ssc2-des ssc3-sm4",
    ),
    "size-help": (
        "各目录占用的空间与芯片容量。\n\n\b\n例: sscard profile size ssc2-des",
        "The room of each directory, against the chip.\n\n\b\nExample: sscard profile size ssc2-des",
    ),
    "kind-profile": ("配置", "profile"),
    "kind-overlay": ("叠加", "overlay"),
    "hsm-only": ("需加密机", "HSM only"),
    "line-chip": (
        "芯片 {chip:,} 字节   摘要 {digest}",
        "chip {chip:,} bytes   digest {digest}",
    ),
    "severity-error": ("错误", "error"),
    "severity-warning": ("警告", "warning"),
    "lint-total": ("{profile}: 错误 {errors}, 警告 {warnings}", "{profile}: {errors} errors, {warnings} warnings"),
    "diff-title": (
        "配置变更: {old} 第 {old_version} 版 → {new} 第 {new_version} 版",
        "Change of profile: {old} version {old_version} → {new} version {new_version}",
    ),
    "diff-total": (
        "新增 {added}   删除 {removed}   修改 {changed}",
        "added {added}   removed {removed}   changed {changed}",
    ),
    "diff-head": ("整个配置", "whole profile"),
    "change-added": ("新增", "added"),
    "change-removed": ("删除", "removed"),
    "change-changed": ("修改", "changed"),
    "node-profile": ("配置", "profile"),
    "node-constant": ("常量", "constant"),
    "node-directory": ("目录", "directory"),
    "node-file": ("文件", "file"),
    "node-item": ("数据项", "item"),
    "node-key": ("密钥", "key"),
    "fact-": ("", ""),
    "fact-name": ("名称", "name"),
    "fact-kind": ("种类", "kind"),
    "fact-fid": ("文件标识", "FID"),
    "fact-aid": ("应用标识", "AID"),
    "fact-label": ("标签", "label"),
    "fact-parent": ("上级", "parent"),
    "fact-lock_key": ("锁定密钥", "lock key"),
    "fact-id": ("标识", "id"),
    "fact-tries": ("重试次数", "tries"),
    "fact-versions": ("版本", "versions"),
    "fact-sfi": ("短文件标识", "SFI"),
    "fact-structure": ("结构", "structure"),
    "fact-size": ("大小", "size"),
    "fact-record_length": ("记录长度", "record length"),
    "fact-read": ("读", "read"),
    "fact-update": ("改", "update"),
    "fact-protection": ("线路保护", "line protection"),
    "fact-type": ("类型", "type"),
    "fact-length": ("长度", "length"),
    "fact-count": ("次数", "count"),
    "fact-record": ("记录号", "record"),
    "fact-number": ("数值", "number"),
    "fact-person": ("个人信息", "person"),
    "fact-source": ("来源", "source"),
    "fact-later": ("附录C新含义", "later meaning"),
    "fact-value": ("值", "value"),
    "fact-generation": ("规范版本", "generation"),
    "fact-algorithm": ("算法", "algorithm"),
    "fact-algorithm_in_fci": ("FCI 含算法", "algorithm in FCI"),
    "fact-key_lengths": ("密钥长度", "key lengths"),
    "fact-dialect": ("COS 方言", "dialect"),
    "fact-transport_tries": ("传输码次数", "transport tries"),
    "fact-chip_bytes": ("芯片字节", "chip bytes"),
    "fact-stages": ("步骤", "stages"),
    "fact-card_master": ("卡片主控", "card master"),
    "size-head": ("目录|文件|记录|密钥|字节", "directory|files|records|keys|bytes"),
    "size-total": (
        "合计 {total:,} 字节, 芯片 {chip:,}, 剩余 {free:,} ({percent:.1f}% 已用)",
        "total {total:,} bytes of {chip:,} on the chip, {free:,} left ({percent:.1f}% used)",
    ),
}
