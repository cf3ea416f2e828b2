"""What goes wrong with certificates and the PKI application."""

TEXTS: dict[str, tuple[str, str]] = {
    "pki-absent": (
        "这张卡没有PKI应用。|换一张第三代卡; 软件卡用配置 ssc3-sm4+overlay-pki。",
        "This card has no PKI application.|Take a third-generation card; for a software card the profile ssc3-sm4+overlay-pki.",
    ),
    "pki-no-pair": (
        "卡上还没有这对密钥。|先运行 sscard pki key-pair。",
        "The card has no such key pair yet.|First run sscard pki key-pair.",
    ),
    "pki-pair-there": (
        "卡上已有签名密钥对, 没有重新生成: 原证书会失效。|确要替换请加 --replace。",
        "The card has a signature pair; none was made, since its certificate would be void.|To replace it give --replace.",
    ),
    "pki-other-card": (
        "签名证书的公钥不是这张卡的, 没有写入。|核对证书属于哪张卡。",
        "The signature certificate is not for this card's key; nothing was written.|See which card it belongs to.",
    ),
    "pki-other-envelope": (
        "加密证书与信封中的公钥不同, 没有写入。|核对CA发回的是否同一批。",
        "Encryption certificate and envelope hold different keys; nothing was written.|See that both came together from the CA.",
    ),
    "pki-usage": (
        "文件 {file} 的证书用途不符, 没有写入。|签名证书写0018, 加密证书写0019。",
        "The certificate for file {file} is made for another use; nothing was written.|Signature goes to 0018, encryption to 0019.",
    ),
    "pki-master-kept": (
        "{place} 仍接受旧主控密钥。|留下这张卡, 联系厂商。",
        "The {place} still takes its old master key.|Keep the card and ask its vendor.",
    ),
    "pki-demo-person": (
        "演示CA只为虚构人员签发: 姓名测试…, 号码990101…, 卡号T…。|改用虚构数据。",
        "The demonstration CA certifies made-up people only: name 测试…, number 990101…, card T….|Use made-up data.",
    ),
    "pki-pin-form": (
        "此PIN应为 {digits} 位数字。|重新输入。",
        "This PIN has {digits} digits.|Type it again.",
    ),
    "pki-master-form": (
        "主控密钥应为 {digits} 位十六进制数字。|重新输入。",
        "A master key has {digits} hex digits.|Type it again.",
    ),
    "public-key-form": (
        "不是SM2公钥。|应为PEM、DER或128位十六进制的 X‖Y。",
        "Not a public key of SM2.|Give PEM, DER, or X‖Y in 128 hex digits.",
    ),
    "public-key-card": (
        "卡上文件 {file} 不是SM2公钥。|留下这张卡, 联系厂商。",
        "File {file} of the card holds no public key of SM2.|Keep the card and ask its vendor.",
    ),
    "certificate-form": (
        "不是X.509证书 ({detail})。|应为PEM、DER或base64。",
        "Not an X.509 certificate ({detail}).|Give PEM, DER or base64.",
    ),
    "certificate-algorithm": (
        "证书不是SM2的: {algorithm}。|向CA索取SM2证书。",
        "The certificate is not of SM2: {algorithm}.|Ask the CA for one of SM2.",
    ),
    "certificate-size": (
        "证书有 {size} 字节, 卡上最多 {limit} 字节。|向CA索取较短的证书。",
        "The certificate has {size} bytes, the card takes {limit}.|Ask the CA for a shorter one.",
    ),
    "certificate-kept": (
        "文件 {file} 回读与写入不同。|再装一次; 仍不同则换卡。",
        "File {file} reads back different from what was written.|Install again; where it stays so, take another card.",
    ),
    "pki-not-sent-back": (
        "文件夹 {folder} 中没有 {file}。|给出CA返回的文件夹: signature.cer, encryption.cer, envelope.txt。",
        "The folder {folder} has no {file}.|Give the one the CA sent back: signature.cer, encryption.cer, envelope.txt.",
    ),
    "envelope-form": (
        "信封 (JMMY) 不符合 GM/T 0016: {part}。|核对收到的字段是否完整。",
        "The envelope (JMMY) is not of GM/T 0016: {part}.|See whether the field arrived whole.",
    ),
}
