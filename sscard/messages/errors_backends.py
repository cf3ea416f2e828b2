"""Errors of the custody back ends: token, key server, device: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "custody-algorithm": (
        "{custody} 不能用 {algorithm} 运算。|选用有此算法的密钥服务 (--keys), 或改用其他算法的卡片规格。",
        "{custody} cannot calculate with {algorithm}.|Choose a back end that can (--keys), or a profile with another algorithm.",
    ),
    "custody-level": (
        "{custody} 中的密钥 {key} 须先分散到市级, 而上级密钥不得离开设备。|把市级密钥装入设备。",
        "{custody} holds {key}, whose city key would have to leave the device to be used.|Load the city's own key into the device.",
    ),
    "keys-spec": (
        "--keys {spec}: {reason}。|例: vault、pkcs11:token=NAME?module-path=FILE&pin-source=file:FILE、server:127.0.0.1:7733、sdf:FILE?keys=FILE。",
        "--keys {spec}: {reason}.|Examples: vault, pkcs11:token=NAME?module-path=FILE&pin-source=file:FILE, server:127.0.0.1:7733, sdf:FILE?keys=FILE.",
    ),
    "typed-differs": (
        "两次输入不同。|再运行一次。",
        "The two did not agree.|Run it again.",
    ),
    "keys-emulator": (
        "--reader emulator 的样卡用自己的密钥, 不用 --keys。|去掉其中一个选项。",
        "The sample card of --reader emulator has keys of its own; --keys has no say.|Leave one of the two out.",
    ),
    "keys-psam": (
        "--psam 与 --keys 只能用一个: 密钥不是在 PSAM 里就是在别处。|去掉其中一个选项。",
        "--psam and --keys do not go together: the keys are in the PSAM or elsewhere.|Leave one of the two out.",
    ),
    "pkcs11-package": (
        "没有安装 python-pkcs11。|运行: pip install 'sscard[pkcs11]'",
        "python-pkcs11 is not installed.|Run: pip install 'sscard[pkcs11]'",
    ),
    "pkcs11-module": (
        "无法装入 PKCS#11 程序库 {path} ({reason})。|核对 module-path; SoftHSM2 另须设置 SOFTHSM2_CONF。",
        "Cannot load the PKCS#11 library {path} ({reason}).|Check module-path; SoftHSM2 also needs SOFTHSM2_CONF.",
    ),
    "token-missing": (
        "程序库 {path} 中没有名为 {token} 的令牌。|列出令牌: softhsm2-util --show-slots, 或厂商工具。",
        "The library {path} has no token named {token}.|List tokens with softhsm2-util --show-slots or the vendor's tool.",
    ),
    "token-several": (
        "有几个令牌都叫 {token}。|给令牌起不同的名称。",
        "Several tokens are named {token}.|Give tokens different labels.",
    ),
    "token-pin": (
        "令牌 {token} 不接受该 PIN。|核对 PIN; 多次出错会锁住令牌。",
        "Token {token} refuses the PIN.|Check it; too many wrong ones lock the token.",
    ),
    "token-pin-none": (
        "没有令牌的 PIN: 未给出 pin-source, 也没有终端可以询问。|在 --keys 中加 pin-source=file:FILE。",
        "No PIN for the token: no pin-source is given and there is no terminal to ask on.|Add pin-source=file:FILE to --keys.",
    ),
    "token-pin-locked": (
        "令牌 {token} 的 PIN 已锁。|由令牌的安全员 (SO) 重设。",
        "The PIN of token {token} is locked.|Its security officer (SO) must set a new one.",
    ),
    "token-in-use": (
        "本进程已登录令牌 {token}。|一个进程只打开一次令牌。",
        "This process is logged in to token {token} already.|A process opens a token once.",
    ),
    "token-empty": (
        "令牌 {token} 中没有本工具的密钥。|装入: sscard keys token load。",
        "Token {token} holds no keys of this toolkit.|Load them: sscard keys token load.",
    ),
    "token-mixed": (
        "令牌 {token} 中既有 DEMO 密钥又有生产密钥。|演示与生产使用不同的令牌。",
        "Token {token} holds both DEMO and production keys.|Use different tokens for them.",
    ),
    "token-extractable": (
        "令牌中的密钥 {key} 可以导出。|删除该密钥, 用 sscard keys token load 重新装入。",
        "Key {key} could be taken out of the token.|Delete it and load it again with sscard keys token load.",
    ),
    "token-holds": (
        "令牌 {token} 中已有密钥 {key} (共 {count} 个相同)。|不会覆盖: 换令牌, 或先用厂商工具删除。",
        "Token {token} holds {key} already ({count} in all).|Nothing is overwritten: use another token, or delete them with the vendor's tool.",
    ),
    "token-differs": (
        "令牌算出的 {key} 校验值不符, 已全部撤回。|令牌或驱动有问题: 不要使用。",
        "The token's check value of {key} differs; everything was taken off again.|Token or driver is faulty: do not use it.",
    ),
    "token-failed": (
        "令牌运算失败: {what} ({reason})。|检查令牌是否仍插着, 再运行一次; 未完成的卡可以续做。",
        "The token failed: {what} ({reason}).|See that the token is still there and run again; cards in work can be resumed.",
    ),
    "keyserver-lost": (
        "密钥服务器 {server} 没有应答: {reason}。|恢复服务器后再运行一次; 未完成的卡可以续做。",
        "The key server {server} does not answer: {reason}.|Bring it back and run again; cards in work can be resumed.",
    ),
    "keyserver-foreign": (
        "{server} 不是本工具的密钥服务器。|核对地址和端口。",
        "{server} is no key server of this toolkit.|Check address and port.",
    ),
    "keyserver-answer": (
        "密钥服务器 {server} 的应答无法理解。|两边使用同一版本的 sscard。",
        "The answer of key server {server} cannot be understood.|Use the same version of sscard on both sides.",
    ),
    "keyserver-token": (
        "密钥服务器不认本站的令牌。|把服务器的令牌文件安全地复制到本站。",
        "The key server does not know this station's token.|Copy the server's token file to this station by a safe way.",
    ),
    "keyserver-impostor": (
        "{server} 不知道令牌: 可能不是真的密钥服务器。|不要继续; 查明是谁占用该端口。",
        "{server} does not know the token: it may not be the key server.|Do not go on; find out who listens there.",
    ),
    "keyserver-changed": (
        "密钥服务器 {server} 中途换了密钥: 演示与生产不符。|查明是谁换的; 不要继续制卡。",
        "The key server {server} changed its keys on the way, demonstration against production.|Find out who did it; make no more cards.",
    ),
    "keyserver-line": (
        "密钥服务器不认识该请求。|两边使用同一版本的 sscard。",
        "The key server does not know this request.|Use the same version of sscard on both sides.",
    ),
    "keyserver-long": (
        "请求有 {size} 字节, 最多 {limit}。|分批请求。",
        "The request has {size} bytes, at most {limit}.|Ask in parts.",
    ),
    "keyserver-factors": (
        "分散因子与地区 {region} 或约定顺序 {order} 不符。|两边使用相同的 factors 设置。",
        "The factors do not fit region {region} or the order agreed on ({order}).|Give both sides the same factors setting.",
    ),
    "keyserver-order": (
        "密钥服务器的分散因子为 {ours}, 本站为 {given}。|两边使用相同的 factors 设置。",
        "The key server takes factors as {ours}, this station sends {given}.|Give both sides the same factors setting.",
    ),
    "keyserver-open": (
        "{host} 可从其他机器访问, 而没有 TLS。|给出 --tls-cert 和 --tls-key, 或用 127.0.0.1。",
        "Other machines can reach {host}, and there is no TLS.|Give --tls-cert and --tls-key, or listen on 127.0.0.1.",
    ),
    "keyserver-address": (
        "无法在 {address} 提供服务: {reason}。|换一个端口或地址。",
        "Cannot serve on {address}: {reason}.|Choose another port or address.",
    ),
    "keyserver-tls": (
        "无法使用证书或私钥 {path}: {reason}。|核对 PEM 文件。",
        "Cannot use certificate or key {path}: {reason}.|Check the PEM files.",
    ),
    "token-file": (
        "令牌文件 {path} 无法使用: {reason}。|从服务器复制 keys/keyserver-token, 权限 600。",
        "The token file {path} cannot be used: {reason}.|Copy keys/keyserver-token from the server, mode 600.",
    ),
    "platform-request": (
        "平台不认识请求 {request}, 或字段数不对。|见 docs/keyserver.md。",
        "The platform does not know request {request}, or not with so many fields.|See docs/keyserver.md.",
    ),
    "platform-card": (
        "请求没有说明是哪张卡。|先发一次 01 请求 (地区、复位信息)。",
        "The request does not say which card is meant.|Send a 01 request first (region, reset information).",
    ),
    "platform-address": (
        "没有密钥地址 {address}。|见 sscard keys catalog --json 的 addresses。",
        "There is no key address {address}.|See addresses in sscard keys catalog --json.",
    ),
    "platform-reset": (
        "复位信息不含 13 个历史字节 (得到 {size} 个)。|给出历史字节或完整的 ATR。",
        "The reset information has no 13 historical bytes ({size} found).|Give the historical bytes or the whole ATR.",
    ),
    "platform-hex": (
        "请求中的十六进制字段不对。|鉴别因子 4、8 或 16 字节, 原始信息 8 字节。",
        "A hexadecimal field of the request is wrong.|Factors have 4, 8 or 16 bytes, originals 8.",
    ),
    "platform-pin": ("PIN 必须是 4 到 16 位数字。|重新输入。", "The PIN must have 4 to 16 digits.|Ask for it again."),
    "platform-length": (
        "命令头 {header} 的长度与数据 ({size} 字节) 不符。|DES 为 0C, SM4 为 14, 解锁为 04。",
        "The length in header {header} does not fit the data ({size} bytes).|It is 0C with DES, 14 with SM4, 04 to unblock.",
    ),
    "sdf-library": (
        "无法装入 SDF 程序库 {path}。|核对路径和厂商驱动的安装。",
        "Cannot load the SDF library {path}.|Check the path and the vendor's driver.",
    ),
    "sdf-device": (
        "密码设备没有应答: {call}, {reason} ({code})。|检查设备和连线后再运行一次; 未完成的卡可以续做。",
        "The device does not answer: {call}, {reason} ({code}).|Check device and cable and run again; cards in work can be resumed.",
    ),
    "sdf-unsupported": (
        "密码设备不支持该调用或算法: {call}, {reason} ({code})。|向厂商确认, 或选用其他密钥服务 (--keys)。",
        "The device has no such call or algorithm: {call}, {reason} ({code}).|Ask the vendor, or choose another back end (--keys).",
    ),
    "sdf-key-missing": (
        "密码设备中没有该密钥: {call}, {reason} ({code})。|核对密钥清单中的 index 和 kek。",
        "The device has no such key: {call}, {reason} ({code}).|Check index and kek in the list of keys.",
    ),
    "sdf-right": (
        "密码设备拒绝使用该密钥: {call}, {reason} ({code})。|由管理员授予密钥使用权限。",
        "The device denies the use of the key: {call}, {reason} ({code}).|The device's administrator must grant it.",
    ),
    "sdf-failed": (
        "密码设备运算失败: {call}, {reason} ({code})。|查厂商手册; 未完成的卡可以续做。",
        "The device failed: {call}, {reason} ({code}).|See the vendor's manual; cards in work can be resumed.",
    ),
    "sdf-keys": (
        "密钥清单 {path} 第 {row} 条有误: {reason}。|见 docs/keys.md。",
        "List of keys {path}, row {row}: {reason}.|See docs/keys.md.",
    ),
    "sdf-differs": (
        "设备中的密钥 {key} 与清单的校验值不符。|不要使用: 核对 index、kek 和清单。",
        "The device's key {key} is not the one of the list.|Do not use it: check index, kek and the list.",
    ),
    "custody-root": (
        "{ref} 不能离开此密码设备, 所以不能为 PSAM 加密导出。|用持有该密钥的密钥库装载 PSAM (--keys vault)。",
        "{ref} cannot leave this device, not even wrapped for a PSAM.|Load PSAMs with the vault that holds the key (--keys vault).",
    ),
}
