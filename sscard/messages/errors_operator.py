"""Errors of what the people at the line decide: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "clock-behind": (
        "时钟比本站最后一条记录慢 {seconds} 秒; 生产任务没有开始。|校准时钟 (sscard doctor)。若以前走快了、现在是对的: 加 --accept-clock。",
        "The clock is {seconds} s behind this station's last entry; a production job was not begun.|Set the clock right (sscard doctor). If it was ahead before and is right now: add --accept-clock.",
    ),
    "erase-open": (
        "任务 {job} 没有关闭, 什么都没有删。|先关闭: sscard jobs close {job}。",
        "Job {job} is not closed; nothing was erased.|Close it first: sscard jobs close {job}.",
    ),
    "erase-unsent": (
        "{file} 还没有 {target} 的回执, 什么都没有删。|先送达: sscard outbox send。",
        "{file} has no receipt of {target} yet; nothing was erased.|Deliver it first: sscard outbox send.",
    ),
    "erase-foreign": (
        "{path} 不是任务 {job} 的批次文件, 什么都没有删。|只给出这个批次的文件; 目录里的副本用 --verify 找。",
        "{path} is not the batch file of job {job}; nothing was erased.|Name only files of this batch; --verify finds copies in folders.",
    ),
    "erase-nothing": (
        "任务 {job} 没有可删的文件。|给出批次文件的路径。",
        "There is nothing of job {job} to erase.|Name its batch file.",
    ),
    "erase-never": (
        "链中没有删除任务 {job} 文件的记录。|先运行 sscard erase {job}。",
        "The chain tells of nothing erased of job {job}.|Run sscard erase {job} first.",
    ),
    "erase-failed": (
        "不能删除 {path}: {cause}。|检查权限, 再运行同一条命令。",
        "{path} cannot be erased: {cause}.|See to the permissions and run the same command again.",
    ),
    "job-paused": (
        "任务 {job} 已暂停。|继续: sscard jobs continue {job}。",
        "Job {job} is paused.|To go on: sscard jobs continue {job}.",
    ),
    "job-not-paused": ("任务 {job} 没有暂停。|用 sscard jobs 查看。", "Job {job} is not paused.|See sscard jobs."),
    "job-closed": (
        "任务 {job} 已关闭, 总数已入链, 不再制卡。|新的卡用新的批次; 坏卡走补换卡。",
        "Job {job} is closed and its balance is on record; it takes no more cards.|New cards need a new batch; a bad card is replaced at the social-security side.",
    ),
    "spoil-reason": (
        "作废原因要以文字开头, 最多 40 字, 不含六位以上的数字: 它会进入清单和日志。|例如 --reason 印刷。",
        "The reason must begin with a letter, have up to 40 characters and no long number: it goes into lists and logs.|For example --reason print.",
    ),
    "spoil-in-work": (
        "第 {seq} 行的卡还在制作中, 没有完成。|放回读头做完; 卡已坏或找不到时: sscard jobs lose {seq}。",
        "The card of row {seq} is still in work.|Put it back to finish it; if it is broken or gone: sscard jobs lose {seq}.",
    ),
    "spoil-not-made": (
        "第 {seq} 行没有制好的卡。|用 sscard jobs 查看。",
        "Row {seq} has no finished card.|See sscard jobs.",
    ),
    "spoil-which-job": (
        "有 {count} 个任务的第 {seq} 行已制好。|用 --job 指明任务。",
        "{count} jobs have a finished card for row {seq}.|Say which with --job.",
    ),
    "close-in-work": (
        "任务 {job} 还有 {count} 张卡在制。没有关闭。|做完它们, 或登记遗失: sscard jobs。",
        "Job {job} still has {count} cards in work. It was not closed.|Finish them or declare them lost: sscard jobs.",
    ),
    "close-rows": (
        "任务 {job} 还有 {count} 人没有卡。没有关闭。|继续制卡; 确定不做时加 --give-up-rows。",
        "{count} people of job {job} have no card yet. It was not closed.|Go on making cards; if they are not to be made, add --give-up-rows.",
    ),
    "close-blanks": (
        "账实不符: 空白卡 {blanks} ≠ 良 {good} + 废 {spoiled} + 剩 {left}, 差 {difference}。没有关闭。|重新清点良卡盒、废卡盒和剩余空白卡; 仍不符找主管。",
        "It does not tie: blanks {blanks} ≠ good {good} + spoiled {spoiled} + left {left}, difference {difference}. The job was not closed.|Count good box, reject box and blanks again; if it still differs, the supervisor.",
    ),
    "feeder-start": (
        "{reader} 的送卡机程序不能启动: {cause}。这个读头停止, 其他照常。|检查 --feeder 的命令。",
        "The feeder program of {reader} cannot be started: {cause}. This head stops, the others go on.|Check the command of --feeder.",
    ),
    "feeder-late": (
        "{reader} 的送卡机 {seconds} 秒没有回答 {request}。这个读头停止, 其他照常。|检查卡道有无卡住的卡; 再运行同一条命令。",
        "The feeder of {reader} did not answer {request} within {seconds} s. This head stops, the others go on.|Look for a jammed card; then the same command again.",
    ),
    "feeder-ended": (
        "{reader} 的送卡机程序已退出 ({request})。这个读头停止, 其他照常。|看 feeder-N.log; 再运行同一条命令。",
        "The feeder program of {reader} ended ({request}). This head stops, the others go on.|See feeder-N.log; then the same command again.",
    ),
    "feeder-refused": (
        "{reader} 的送卡机报告故障 ({request}): {answer}。这个读头停止, 其他照常。|排除故障; 再运行同一条命令。",
        "The feeder of {reader} reports a fault ({request}): {answer}. This head stops, the others go on.|Clear it; then the same command again.",
    ),
    "feeder-answer": (
        "{reader} 的送卡机对 {request} 的回答不合约定: {answer}。这个读头停止, 其他照常。|协议见 docs/feeder.md。",
        "The feeder of {reader} answers {request} with {answer}, which means nothing. This head stops, the others go on.|The protocol is in docs/feeder.md.",
    ),
    "feeder-no-card": (
        "{reader} 的送卡机说卡已送到, 读卡器里却没有卡。这个读头停止, 其他照常。|检查卡道; 再运行同一条命令。",
        "The feeder of {reader} says that it brought a card, but the reader sees none. This head stops, the others go on.|Check the card path; then the same command again.",
    ),
    "feeder-command": (
        "--feeder 的命令读不懂: {command}。|写程序和参数, 如 --feeder './hopper --tray 2'。",
        "The command of --feeder cannot be understood: {command}.|Name a program and its arguments, as in --feeder './hopper --tray 2'.",
    ),
    "person-unproved": (
        "{name} 没有输入口令。没有做任何改动。|由本人在终端输入, 或作为标准输入的下一行。",
        "{name} typed no passphrase. Nothing was changed.|Have them type it at a terminal, or give it as the next line of standard input.",
    ),
    "approval-missing": (
        "开启任务要 {wanted} 个人, 只有 {given} 个。没有开始。|请另一位已登记的人输入口令。",
        "{wanted} people open a job; only {given} did. Nothing was begun.|Have another enrolled person type their passphrase.",
    ),
    "approval-same": (
        "{name} 已经签过: 一个人不能算两个。没有开始。|请另一位已登记的人。",
        "{name} has signed already: one person does not count twice. Nothing was begun.|Have another enrolled person sign.",
    ),
    "approval-people": (
        "开启任务要 {wanted} 个人, 名册上只有 {enrolled} 个。没有开始。|登记: sscard ceremony enrol 姓名 --workspace …",
        "{wanted} people open a job, but only {enrolled} are enrolled. Nothing was begun.|Enrol them: sscard ceremony enrol NAME --workspace …",
    ),
    "approval-form": (
        "--approval 要写成 姓名=文件, 不是 {value}。|例如 --approval 王=/dev/fd/3。",
        "--approval is NAME=FILE, not {value}.|For example --approval 王=/dev/fd/3.",
    ),
}
