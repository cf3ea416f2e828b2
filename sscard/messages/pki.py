"""What ``sscard pki`` shows."""

_MAKE = "sscard pki key-pair --image card.json --out card.pem"
_ISSUE = "sscard pki demo-ca card.pem --out ca"
_INSTALL = "sscard pki install ca --image card.json"
_CHECK = "sscard pki check --image card.json --ca ca/ca.cer --possession"

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "第三代卡的PKI应用: SM2密钥对和证书。PIN和密钥总是提示输入, 不在命令行上。\n\n"
        "卡生成签名密钥对, 公钥送CA; CA发回两张证书和加密密钥对的信封, 装入卡中。\n\n\b\n"
        f"例: {_MAKE}\n    {_ISSUE}\n    {_INSTALL}\n    {_CHECK}",
        "The PKI application of third-generation cards: SM2 key pairs and certificates. PINs and keys are prompted for, never "
        "on the command line.\n\n"
        "The card makes its signature pair and the public key goes to the CA; the CA sends back two certificates and the "
        "encryption pair in an envelope, which are installed.\n\n\b\n"
        f"Examples: {_MAKE}\n          {_ISSUE}\n          {_INSTALL}\n          {_CHECK}",
    ),
    "key-pair-help": (
        f"让卡生成签名密钥对并显示公钥 (X‖Y 和 PEM)。需要用户PIN。\n\n\b\n例: {_MAKE}",
        f"Let the card make its signature pair and show the public key (X‖Y and PEM). Wants the user PIN.\n\n\b\nExample: {_MAKE}",
    ),
    "public-key-help": (
        f"读公钥 (X‖Y 和 PEM)。\n\n\b\n例: {_MAKE}\n    sscard pki public-key --image card.json --json",
        f"Read a public key (X‖Y and PEM).\n\n\b\nExamples: {_MAKE}\n          sscard pki public-key --image card.json --json",
    ),
    "demo-ca-help": (
        "演示CA: 为虚构人员签发签名证书和加密证书, 连同加密密钥对的信封 (SKF_ENVELOPEDKEYBLOB) 写入目录。根密钥人人可知, "
        f"不保护任何东西。\n\n\b\n例: {_MAKE}\n    {_ISSUE}",
        "A demonstration CA: certificates for signature and encryption for a made-up person, with the encryption pair in its "
        "envelope (SKF_ENVELOPEDKEYBLOB), into a folder. Its root key is known to everybody and protects nothing.\n\n\b\n"
        f"Examples: {_MAKE}\n          {_ISSUE}",
    ),
    "install-help": (
        "把CA发回的东西装入卡: signature.cer, encryption.cer (PEM、DER或base64), envelope.txt (JMMY, base64)。先核对后写, 写后回读。"
        f"需要用户PIN。\n\n\b\n例: {_MAKE}\n    {_ISSUE}\n    {_INSTALL}",
        "Put on the card what the CA sent back: signature.cer and encryption.cer (PEM, DER or base64) and envelope.txt (JMMY, "
        "base64). Compared first, read back afterwards. Wants the user PIN.\n\n\b\n"
        f"Examples: {_MAKE}\n          {_ISSUE}\n          {_INSTALL}",
    ),
    "check-help": (
        "检查密钥和证书是否齐全、相配。有不符时退出码为1。\n\n\b\n"
        f"例: {_MAKE}\n    {_ISSUE}\n    {_INSTALL}\n    {_CHECK}",
        "See whether keys and certificates are there and belong together. Exit code 1 where something does not.\n\n\b\n"
        f"Examples: {_MAKE}\n          {_ISSUE}\n          {_INSTALL}\n          {_CHECK}",
    ),
    "pin-help": (
        "修改用户PIN (6位) 或管理员PIN (8位)。修改用户PIN的命令由管理员PIN推得。\n\n\b\n例: sscard pki pin user --reader emulator",
        "Change the user PIN (6 digits) or the administrator PIN (8 digits). The command for the user PIN is derived from that "
        "for the administrator's.\n\n\b\nExample: sscard pki pin user --reader emulator",
    ),
    "master-key-help": (
        "更换主控密钥, 先ADF后DDF, 并确认旧密钥不再有效。\n\n\b\n例: sscard pki master-key --reader emulator",
        "Change the master keys, first of the ADF, then of the DDF, and see that the old one no longer opens.\n\n\b\n"
        "Example: sscard pki master-key --reader emulator",
    ),
    "option-image": (
        "保存在文件中的软件卡; 没有则新建一张示例卡",
        "a software card kept in a file; made for the sample person where there is none",
    ),
    "option-replace": (
        "替换已有的密钥对: 原私钥不可恢复",
        "replace the pair that is there: its private key is gone for good",
    ),
    "option-out": ("公钥另存为PEM文件", "also write the public key to a PEM file"),
    "option-of": ("哪一对密钥", "which pair"),
    "option-folder": ("写入的目录", "folder to write to"),
    "option-name": ("姓名 (测试…)", "name (测试…)"),
    "option-ssn": ("社会保障号码 (990101…)", "social-security number (990101…)"),
    "option-card-no": ("卡号 (T…)", "card number (T…)"),
    "option-ca": ("CA证书: 另查签发者的签名", "certificate of the CA: its signature is checked too"),
    "option-possession": (
        "让卡用签名私钥解一个随机密文 (需用户PIN)",
        "let the card open a random cipher with its signature key (wants the user PIN)",
    ),
    "option-only": ("只换一个目录的主控密钥 (中断后接着做)", "only one directory (to go on after an interruption)"),
    "one-of": ("--reader 和 --image 只用一个。", "Give either --reader or --image."),
    "pin-prompt": ("{role}PIN ({digits}位)", "{role} PIN ({digits} digits)"),
    "old-prompt": ("旧{role}PIN ({digits}位)", "old {role} PIN ({digits} digits)"),
    "new-prompt": ("新{role}PIN ({digits}位)", "new {role} PIN ({digits} digits)"),
    "old-master-prompt": ("旧主控密钥 (32位十六进制)", "old master key (32 hex digits)"),
    "new-master-prompt": ("新主控密钥 (32位十六进制)", "new master key (32 hex digits)"),
    "role-user": ("用户", "user"),
    "role-administrator": ("管理员", "administrator"),
    "pair-signature": ("签名", "signature"),
    "pair-encryption": ("加密", "encryption"),
    "rule-public-key": ("公钥", "public key"),
    "rule-both-ways": ("两种读法一致", "the same read both ways"),
    "rule-certificate": ("证书", "certificate"),
    "rule-own-key": ("证书的公钥是本卡的", "certificate for this card's key"),
    "rule-usage": ("证书用途", "use of the certificate"),
    "rule-validity": ("证书有效期", "validity"),
    "rule-issuer": ("CA的签名", "signature of the CA"),
    "rule-possession": ("卡持有私钥", "the card has the private key"),
    "check-good": ("通过  {pair}: {rule}", "ok      {pair}: {rule}"),
    "check-bad": ("不符  {pair}: {rule}", "wrong   {pair}: {rule}"),
    "demo-ca-done": ("已写入 {folder}: {files}。", "Written to {folder}: {files}."),
    "install-done": (
        "已装入: 签名证书 {signature:X}, 加密证书 {encryption:X}。",
        "Installed: signature certificate {signature:X}, encryption certificate {encryption:X}.",
    ),
    "pin-done": ("PIN已修改。", "The PIN is changed."),
    "master-key-done": (
        "{place} 的主控密钥已更换, 旧密钥已无效。",
        "The master key of the {place} is changed; the old one no longer opens.",
    ),
}
