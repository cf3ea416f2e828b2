"""Texts of ``sscard vectors``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "测试向量: 用标准的算例检验本工具和卡片。",
        "Test vectors: worked examples held against the toolkit and cards.",
    ),
    "help-run": (
        "运行向量文件 (默认全部)。不带 --reader 时, 卡片向量用软件卡运行。\n\n\b\n例:\n  sscard vectors run\n"
        "  sscard vectors run --reader emulator\n  sscard vectors run --json",
        "Run vector files (default: all that come with the toolkit). Without --reader the card vectors are played to "
        "software cards.\n\n\b\nExamples:\n  sscard vectors run\n  sscard vectors run --reader emulator\n"
        "  sscard vectors run --json",
    ),
    "option-yes": (
        "允许向量写卡或消耗密码尝试次数 (只影响真实读卡器)",
        "allow vectors that write to a card or spend a try (matters for real readers only)",
    ),
    "passed": ("通过", "passed"),
    "failed": ("失败", "failed"),
    "error": ("出错", "in error"),
    "not-supported": ("暂不支持", "not supported"),
    "held-back": ("未执行 (需 --yes)", "held back (needs --yes)"),
    "expected": ("期望", "expected"),
    "got": ("实得", "got"),
    "negative": (
        "反例竟然成立: 检验没有发现故意的错误",
        "the negative example holds: the check did not see the deliberate mistake",
    ),
    "lacks": ("本版本尚无: {capability}", "not in this version: {capability}"),
    "total": ("共 {count} 个向量", "{count} vectors"),
}
