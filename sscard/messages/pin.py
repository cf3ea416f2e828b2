"""What ``sscard pin`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "持卡人PIN。PIN总是在终端提示输入, 不在命令行上; 只剩一次时不再出示。\n\n\b\n例: sscard pin verify --reader emulator",
        "The holder's PIN. PINs are prompted for, never on the command line; with one try left none is presented.\n\n"
        "\b\nExample: sscard pin verify --reader emulator",
    ),
    "verify-help": (
        "校验PIN。有密钥时卡先证明自己。\n\n\b\n例: sscard pin verify --reader emulator",
        "Verify the PIN. Where there are keys the card proves itself first.\n\n"
        "\b\nExample: sscard pin verify --reader emulator",
    ),
    "change-help": (
        "修改PIN: 输入旧PIN, 再输入两次新PIN。\n\n\b\n例: sscard pin change --reader emulator",
        "Change the PIN: the old one, then the new one twice.\n\n\b\nExample: sscard pin change --reader emulator",
    ),
    "reload-help": (
        "重装PIN: 用PUK和STK写入新PIN并恢复次数, 不需要旧PIN。密钥取自工作目录。\n\n"
        "\b\n例: sscard pin reload --reader emulator",
        "Give the card a new PIN and all its tries under PUK and STK; the old one is not needed. Keys come from the "
        "workspace.\n\n\b\nExample: sscard pin reload --reader emulator",
    ),
    "unblock-help": (
        "解锁PIN: 用PUK和STK恢复次数, PIN不变。\n\n\b\n例: sscard pin unblock --reader emulator --json",
        "Restore the tries of the PIN under PUK and STK; the PIN stays.\n\n"
        "\b\nExample: sscard pin unblock --reader emulator --json",
    ),
    "old-prompt": ("旧PIN", "old PIN"),
    "new-prompt": ("新PIN", "new PIN"),
    "verify-done": ("PIN正确, 剩 {tries} 次。", "The PIN is right; {tries} tries left."),
    "change-done": ("PIN已修改, 剩 {tries} 次。", "The PIN is changed; {tries} tries left."),
    "reload-done": ("PIN已重装, 剩 {tries} 次。", "The PIN is reloaded; {tries} tries left."),
    "unblock-done": ("PIN已解锁, 剩 {tries} 次。", "The PIN is unblocked; {tries} tries left."),
}
