"""Errors of key custody: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "key-unknown": (
        "密钥目录中没有 {name}。|用 sscard keys catalog 查看全部 55 个密钥。",
        "The key catalogue has no {name}.|See sscard keys catalog for all 55 keys.",
    ),
    "key-missing": (
        "没有密钥 {ref}。|核对地区、名称和版本: sscard keys list。",
        "There is no key {ref}.|Check region, name and version: sscard keys list.",
    ),
    "key-state": (
        "密钥 {ref} 当前状态为 {state}, 不可使用。|改用有效的密钥版本。",
        "Key {ref} is {state} and may not be used.|Use a version that is active.",
    ),
    "key-twice": (
        "密钥 {key} 已在密钥库中。|换一个版本号。",
        "Key {key} is already in the vault.|Give another version.",
    ),
    "key-length": (
        "密钥 {key} 的长度 {size} 字节与 {algorithm} 不符。|SM4 为 16 字节; DES 为 8 或 16 字节; PIN 和传输码为 1 到 16 字节。",
        "Key {key} has {size} bytes, which does not fit {algorithm}.|SM4 takes 16, DES 8 or 16, PIN and transport code 1 to 16.",
    ),
    "key-version": ("密钥 {key} 的版本必须是 1 到 255。|", "Key {key}: the version must be 1 to 255.|"),
    "key-region-path": (
        "密钥 {key} 的地区路径不对。|全国为空, 省为两位数字, 市为六位数字。",
        "Key {key}: no such region path.|Empty for the nation, two digits for a province, six for a city.",
    ),
    "key-city": (
        "密钥 {ref} 逐级分散需要六位地区码。|在密钥引用中给出发卡地区。",
        "Key {ref} is derived level by level and needs a six-digit region.|Give the issuing region in the reference.",
    ),
    "key-card-level": (
        "{ref} 是主密钥, 只用于分散。|先分散到卡: 引用中须有卡片分散因子。",
        "{ref} is a stored key and only derives.|Name a card key: the reference needs a card factor.",
    ),
    "card-factor": (
        "{ref}: 卡片分散因子必须是 {size} 字节。|取历史字节的最后 8 个字节。",
        "{ref}: the card factor must have {size} bytes.|It is the last 8 of the historical bytes.",
    ),
    "key-other-card": (
        "{ref} 与 {under} 不是同一张卡、同一地区的密钥。|装载密钥的引用必须属于同一张卡。",
        "{ref} and {under} are not keys of one card and region.|Both references of a key load must name the same card.",
    ),
    "key-prefix": (
        "{ref}: 密钥前后数据 {size} 字节, 最多 {limit}。|核对 COS 方言。",
        "{ref}: head or fill of the key block has {size} bytes, at most {limit}.|Check the COS dialect.",
    ),
    "key-input": (
        "{ref}: 随机数 {challenge} 字节、原始信息 {original} 字节, 不符合规则。|随机数 4、8 或 16 字节 (16 仅用于 SM4); 原始信息 8 字节。",
        "{ref}: a challenge of {challenge} and an original of {original} bytes do not fit.|Challenge 4, 8 or 16 bytes (16 only with SM4), original 8.",
    ),
    "key-plain": (
        "{ref}: 要加密的PIN有 {size} 字节。|PIN为 1 到 8 字节 (2 到 16 位数字)。",
        "{ref}: a PIN of {size} bytes is to be enciphered.|A PIN has 1 to 8 bytes.",
    ),
    "key-plain-direct": (
        "{ref}: 要加密的数据有 {size} 字节。|线路保护的数据为 1 到 239 字节。",
        "{ref}: {size} bytes are to be enciphered.|Data under line protection has 1 to 239 bytes.",
    ),
    "key-not-des": (
        "{ref} 不是 DES 密钥, 此命令只用 DES。|检查卡片方案的算法与密钥库是否一致。",
        "{ref} is not a DES key, and this command knows DES only.|"
        "Check that the algorithm of the profile and the vault agree.",
    ),
    "key-not-tac": (
        "{ref} 不是计算交易认证码 (TAC) 的密钥。|使用 DTK。",
        "{ref} is not a key for transaction codes (TAC).|Use DTK.",
    ),
    "key-not-master": (
        "{ref} 不是发卡方主控密钥。|只有主控密钥可以保护密钥装载, 或首次明文装载。",
        "{ref} is no issuer master key.|Only master keys protect a key load or are loaded in clear the first time.",
    ),
    "key-not-presented": (
        "{ref} 不是直接出示的数据。|只有 PIN 和传输码可以直接出示给卡。",
        "{ref} is not presented as it is.|Only the PIN and the transport code are.",
    ),
    "key-presented-only": (
        "{ref} 只能出示, 不能用于运算。|运算请使用密钥目录中的密钥。",
        "{ref} is only presented, never calculated with.|Name a key of the catalogue.",
    ),
    "key-batch": (
        "一次最多预备 {limit} 张卡的密钥, 要求 {count} 张。|分批预备。",
        "Keys of at most {limit} cards are prepared at a time, {count} were asked for.|Prepare them in parts.",
    ),
    "key-stored-level": (
        "{ref} 已是卡片密钥。|预备时给出不带卡片分散因子的密钥引用。",
        "{ref} names a card key.|Name the stored key, without a card factor.",
    ),
    "vault-missing": (
        "没有密钥库 {path}。|用 sscard init 建立工作目录, 或用 --workspace 指定。",
        "There is no vault {path}.|Make a workspace with sscard init, or name one with --workspace.",
    ),
    "vault-exists": (
        "密钥库 {path} 已存在, 不会覆盖。|换一个文件夹。",
        "The vault {path} exists and is never overwritten.|Choose another folder.",
    ),
    "vault-unreadable": (
        "无法读取密钥库 {path}: {reason}。|检查文件权限。",
        "Cannot read the vault {path}: {reason}.|Check its permissions.",
    ),
    "vault-unwritable": (
        "无法写入密钥库 {path}: {reason}。原文件未变。|检查磁盘空间和权限。",
        "Cannot write the vault {path}: {reason}. The old file is unchanged.|Check disk space and permissions.",
    ),
    "keys-vault-only": (
        "此命令只使用工作区自己的密钥库, 而 --keys 或 sscard.toml 指定了别处的密钥。|要使用密钥库, 加上 --keys vault。",
        "This command works with the workspace's own vault, but --keys or sscard.toml says that the keys are elsewhere.|"
        "To work with the vault say --keys vault.",
    ),
    "vault-changed": (
        "密钥库 {path} 在打开后被其他程序改动, 未保存。|重新打开后再做一次。",
        "The vault {path} was changed by another program since it was opened; nothing saved.|Open it again and repeat.",
    ),
    "vault-format": (
        "{path} 不是本版本的密钥库文件, 或已被改动、截断。|从备份恢复; 较新的文件请升级 sscard。",
        "{path} is no vault file of this version, or was edited or cut short.|Restore a backup; for a newer file upgrade sscard.",
    ),
    "vault-cost": (
        "密钥库文件头要求的内存或运算量超出限度。|文件可能被人改动: 从备份恢复。",
        "The vault's header asks for memory or work outside the limits.|Somebody may have changed it: restore a backup.",
    ),
    "vault-sealed": (
        "无法打开密钥库 {path}: 口令不对, 或文件已被改动。|核对口令; 若口令无误, 从备份恢复。",
        "The vault {path} does not open: the passphrase is wrong or the file was changed.|Check the passphrase; if it is right, restore a backup.",
    ),
    "passphrase-short": (
        "口令太短: 至少 {minimum} 个字节。|换一个更长的口令。",
        "The passphrase is too short: at least {minimum} bytes.|Choose a longer one.",
    ),
    "passphrase-file": (
        "无法读取存放口令、PIN或令牌的文件 {path}: {reason}。|检查文件和权限。",
        "Cannot read {path}, the file of a passphrase, PIN or token: {reason}.|Check the file and its permissions.",
    ),
    "passphrase-open": (
        "存放口令、PIN或令牌的文件 {path} 可被其他用户读取。|运行: chmod 600 {path}",
        "Others can read {path}, the file of a passphrase, PIN or token.|Run: chmod 600 {path}",
    ),
    "passphrase-none": (
        "没有口令: 未设置 SSCARD_PASSPHRASE_FILE, 也没有终端可以询问。|把 SSCARD_PASSPHRASE_FILE 设为口令文件的路径。",
        "No passphrase: SSCARD_PASSPHRASE_FILE is not set and there is no terminal to ask on.|Set SSCARD_PASSPHRASE_FILE to the path of a file.",
    ),
    "keys-incomplete": (
        "缺少或不能使用的密钥 {count} 个。|见上面的列表。",
        "Keys that are missing or cannot be used: {count}.|They are listed above.",
    ),
}
