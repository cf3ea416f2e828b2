"""Help texts of the command line."""

TEXTS: dict[str, tuple[str, str]] = {
    "root": (
        "社会保障卡个人化与终端工具。",
        "Social Security Card (社会保障卡) personalization and terminal toolkit.",
    ),
    "commands": ("命令", "Commands"),
    "option-json": ("每行输出一个 JSON 对象", "print one JSON object per line"),
    "option-reader": (
        "读卡器名称或其一部分; emulator 为软件卡",
        "PC/SC reader, by name or part of it; 'emulator' is a software card",
    ),
    "option-keys": (
        "密钥所在: vault (缺省)、pkcs11:…、server:…、sdf:…, 见 docs/keys.md",
        "where the keys are: vault (default), pkcs11:…, server:…, sdf:…; see docs/keys.md",
    ),
    "option-workspace": ("工作目录 (默认当前目录)", "workspace folder (default: the current one)"),
    "demo": ("演示: 用软件卡完成整个制卡过程", "run the whole job on software cards"),
    "init": ("建立工作目录", "make a workspace"),
    "people": ("生成虚构人员批次 (地区 990101)", "write a batch of synthetic people (region 990101)"),
    "check": ("检查批次文件", "check a batch file"),
    "personalize": ("个人化一批空白卡", "personalize a batch on blank cards"),
    "jobs": ("查看任务, 处理遗失的卡", "show jobs; settle lost cards"),
    "read": ("读取卡内数据项", "read the items of a card"),
    "info": (
        "识别卡: ATR、版本、算法、识别码、线速",
        "identify a card: ATR, generation, algorithm, id, speed",
    ),
    "pin": ("PIN: 校验、修改、重装、解锁", "the holder's PIN: verify, change, reload, unblock"),
    "purse": ("医保账户: 余额、划入、消费、认证码、明细", "the medical purse: balance, load, debit, proof, log"),
    "tree": ("显示目录、文件与读写规则", "show directories, files and access rules"),
    "profile": ("比较、检查卡片配置", "compare and check card profiles"),
    "apdu": ("发送 APDU 并解释状态字", "send APDUs and explain the status word"),
    "readers": ("列出读卡器", "list readers"),
    "doctor": ("逐层检查环境并给出处理办法", "check every layer and say what to do"),
    "emulate": ("把软件卡接到 vpcd 虚拟读卡器", "serve a software card to pcscd's virtual reader"),
    "card": ("导出、导入、比较卡片", "export, import and compare cards"),
    "keys": ("密钥目录与密钥库", "key catalogue and vault"),
    "keyserver": ("密钥服务器: 为工位运算", "key server: calculates for stations without keys"),
    "vectors": ("运行测试向量", "run test vectors"),
    "selftest": ("自检: 断电续作的证明", "proofs run here and now: power cuts"),
    "explain": ("解释状态字、规则号与错误码", "explain a status word, rule or error code"),
}
