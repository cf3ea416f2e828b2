"""Errors of passes, arriving cards and linkage: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "pass-unknown": (
        "卡结构 {profile} 没有工序 {name}; 有: {known}。|改正 --pass 或工作区设置 pass。",
        "Profile {profile} has no pass {name}; it has: {known}.|Correct --pass or the workspace setting pass.",
    ),
    "pass-needs-pin": (
        "文件 {file} 只有出示个人密码才能读, 这道工序却没有密码。|在工序的 stages 中加上 pin, 或换一个数据项。",
        "File {file} opens to the PIN alone, and this pass has none.|Add pin to the stages of the pass, or take another item.",
    ),
    "pass-count": (
        "工序 {name} 制的是不属于任何人的卡: 用 --count 给出张数, BATCH 是这笔订单的名称 (字母、数字、点、横线), 不是文件。"
        "|例: sscard personalize INIT-1 --pass {name} --count 100",
        "Pass {name} makes cards of nobody: --count tells how many, and BATCH is the name of the order (letters, digits, dots, "
        "dashes), not a file.|Example: sscard personalize INIT-1 --pass {name} --count 100",
    ),
    "order-same-name": (
        "订单名 {batch} 已用过, 张数不同 (任务 {job})。没有动任何卡。|换一个名称; 要继续那个任务, 用原来的张数。",
        "The order {batch} was made with another count (job {job}). No card was touched.|Give the order a new name; to go on with that job, give its count.",
    ),
    "pass-no-count": (
        "工序 {name} 按批次文件制卡, 不用 --count。|去掉 --count。",
        "Pass {name} works from a batch file and takes no --count.|Leave out --count.",
    ),
    "pass-no-link": (
        "工序 {name} 的卡按顺序取行, 不用 --on 或 --feedback。|去掉这些选项。",
        "The cards of pass {name} take rows in turn; --on and --feedback have no meaning.|Leave them out.",
    ),
    "pass-no-rehearsal": (
        "工序 {name} 的试运行需要前一道工序 {after} 的密钥 {key}, 这里没有。|在有这些密钥的工作区试运行。",
        "A dry run of pass {name} needs a card of pass {after}, whose key {key} is not here.|Rehearse in a workspace that has it.",
    ),
    "pass-no-pki": (
        "卡结构 {profile} 没有PKI应用, 工序里却有证书 (certificates)。|换用出厂带PKI应用的卡结构, 如 ssc3-sm4+overlay-pki, 或去掉这一阶段。",
        "Profile {profile} has no PKI application, yet its pass has certificates.|Take a profile that has, as ssc3-sm4+overlay-pki, or leave the stage out.",
    ),
    "ca-needed": (
        "工序 {name} 要写证书, 没有给出CA。没有动任何卡。|加上 --ca demo (演示) 或 --ca 程序。",
        "Pass {name} writes certificates, and no CA is named. No card was touched.|Add --ca demo (demonstration) or --ca PROGRAM.",
    ),
    "ca-missing": (
        "这一步要证书, 没有CA。|用 sscard personalize 的 --ca 给出。",
        "This step wants certificates, and there is no CA.|Name one with --ca of sscard personalize.",
    ),
    "ca-demo": (
        "演示CA不能用于生产工作区。|用 --ca 程序 给出真正的CA。",
        "The demonstration CA is not for a production workspace.|Name the real CA with --ca PROGRAM.",
    ),
    "ca-command": (
        "CA程序不能这样写: {command}。|写成程序和参数, 如 --ca 'ask-ca --site 1'。",
        "This is no command for a CA: {command}.|Write program and arguments, as --ca 'ask-ca --site 1'.",
    ),
    "ca-silent": (
        "CA程序 {program} 没有给出证书 ({cause})。卡可以从断点继续。|查明CA后再运行同一条命令。",
        "The CA's program {program} gave no certificates ({cause}). The card can go on where it stopped.|See to the CA and run the same command again.",
    ),
    "ca-answer": (
        "CA的回答不能用于这张卡: {what}。卡上没有写入证书, 可以从断点继续。|查明CA后再运行同一条命令。",
        "The CA's answer is not for this card: {what}. No certificate was written; the card can go on where it stopped.|See to the CA and run the same command again.",
    ),
    "ca-kept": (
        "CA的回答存不下来或读不出来: {path} ({cause})。卡可以从断点继续。|检查磁盘和权限, 再运行同一条命令。",
        "The CA's answer cannot be kept or read: {path} ({cause}). The card can go on where it stopped.|Check disk and permissions and run the same command again.",
    ),
    "quarantine-certificate": (
        "卡上的密钥和证书不完整 ({pair}: {rule})。卡已隔离。|放入废卡盒; 此人会用另一张卡制作。",
        "Keys and certificates of the card are not whole ({pair}: {rule}). The card is set aside.|Put it into the reject box; the person gets another card.",
    ),
    "card-not-begun": (
        "这张卡没有 {directory} ({sw}): 还没有经过工序 {after}。没有写入任何内容。|先做工序 {after}, 或换一张做过的卡。",
        "This card has no {directory} ({sw}): pass {after} was never made on it. Nothing was written.|Make pass {after} first, or insert a card that has it.",
    ),
    "card-item-empty": (
        "卡上的 {item} ({at}) 还是空的: 前一道工序没有做完。没有写入任何内容。|先完成前一道工序, 或换一张卡。",
        "Item {item} ({at}) of this card is empty: the pass before is not finished. Nothing was written.|Finish it first, or insert another card.",
    ),
    "card-has-holder": (
        "卡上的 {item} ({at}) 已有内容: 这张卡已有持卡人。不会覆盖。|换一张已初始化、没有持卡人的卡。",
        "Item {item} ({at}) of this card is set: it has a holder already. It is not overwritten.|Insert an initialised card without a holder.",
    ),
    "card-not-hollow": (
        "卡上已有文件 {at}: 这一方的数据已经写过。不会覆盖。|换一张还没有做过这道工序的卡。",
        "This card already has file {at}: this side was written before. It is not overwritten.|Insert a card on which this pass was not made yet.",
    ),
    "card-not-ours": (
        "卡的内部认证 ({key}) 与这里的密钥不符: 不是本发卡机构的卡。没有写入任何内容, 没有消耗次数。|换一张卡; 若多张如此, 核对密钥库的地区和版本。",
        "The card's own proof ({key}) does not agree with the keys here: it is another issuer's. Nothing was written, no try was spent.|"
        "Insert another card; where several do this, check region and version of the keys.",
    ),
    "card-other-keys": (
        "卡不接受密钥 {key}, 还剩 {tries} 次。没有写入任何内容。|换一张卡; 若多张如此, 核对密钥库的地区和版本。",
        "The card does not accept key {key}; {tries} tries left. Nothing was written.|Insert another card; where several do this, check region and version of the keys.",
    ),
    "card-unreadable": (
        "卡上的 {at} 读不出来 ({sw})。没有写入任何内容。|换一张卡。",
        "{at} of this card cannot be read ({sw}). Nothing was written.|Insert another card.",
    ),
    "link-stranger": (
        "这张卡的人不在本批次中 (按 {item} 查找)。没有写入任何内容。|取出, 换一张本批次的卡。",
        "The person of this card is not in the batch (looked up by {item}). Nothing was written.|Take it out and insert a card of this batch.",
    ),
    "link-no-feedback": (
        "第一方的回盘文件里没有这张卡 ({card})。没有写入任何内容。|取出, 换一张回盘文件里有的卡。",
        "The first party's return file does not name this card ({card}). Nothing was written.|Take it out and insert one that it names.",
    ),
    "link-good": (
        "此人 (第 {seq} 行) 已用另一张卡做完这道工序。没有写入任何内容。|取出这张卡, 查明为何有两张。",
        "The person of row {seq} already has this pass on another card. Nothing was written.|Take this card out and find out why there are two.",
    ),
    "link-work": (
        "此人 (第 {seq} 行) 的另一张卡还在制作中。没有写入任何内容。|先放回那张卡, 或登记遗失: sscard jobs lose {seq}。",
        "Another card of the person of row {seq} is in work. Nothing was written.|Put that card back, or give it up: sscard jobs lose {seq}.",
    ),
    "link-differs": (
        "卡上的内容与第 {seq} 行不是同一个人 ({items})。没有写入任何内容。|取出, 核对双方的数据。",
        "Card and row {seq} do not tell of the same person ({items}). Nothing was written.|Take it out and compare the data of both parties.",
    ),
    "feedback-troubles": (
        "批次与第一方的回盘文件 {path} 对不上: {count} 处。没有动任何卡。|按上面列出的行更正; 只是缺少的可加 --allow-missing。",
        "The batch and the first party's return file {path} do not agree in {count} places. No card was touched.|"
        "Correct the rows listed above; rows that are merely missing pass with --allow-missing.",
    ),
    "feedback-unreadable": (
        "第一方的回盘文件 {path} 第 {line} 行不能用: {what}。|用 --feedback-format 给出它的格式, 或向第一方重新索取。",
        "Line {line} of the first party's return file {path} cannot be used: {what}.|Name its format with --feedback-format, or ask for the file again.",
    ),
    "profile-pass-after": (
        "{file}: 工序 {after} 不存在, 或从空白卡开始的工序写了 after ({place})。|改正 after: 接着做的工序必须写前一道, 从空白卡开始的不写。",
        "{file}: no pass {after}, or a pass that takes blank cards names one ({place}).|Correct after: a pass that goes on names the one before, one that takes blanks names none.",
    ),
    "profile-pass-link": (
        "{file}: 主环境中没有数据项 {link}, 或从空白卡开始的工序写了 link ({place})。|改正 link。",
        "{file}: the first environment has no item {link}, or a pass that takes blank cards names one ({place}).|Correct link.",
    ),
    "profile-pass-place": (
        "{file}: 没有 {at} 这个位置 ({place})。|写成 目录/文件/标识, 如 SSSE/EF05/07; must_be_empty 也可写环境的名称。",
        "{file}: there is no {at} ({place}).|Write directory/file/tag, as SSSE/EF05/07; must_be_empty also takes the name of an environment.",
    ),
}
