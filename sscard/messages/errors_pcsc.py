"""What went wrong at the readers: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "pcsc-module": (
        "没有安装 pyscard, 无法使用读卡器。|执行: pip install 'sscard[pcsc]' (需要 gcc 和 libpcsclite-dev)。",
        "pyscard is not installed: readers cannot be used.|Run: pip install 'sscard[pcsc]' (needs gcc and libpcsclite-dev).",
    ),
    "pcsc-library": (
        "缺少 PC/SC 程序库 libpcsclite。|执行: sudo apt-get install libpcsclite1",
        "The PC/SC library libpcsclite is missing.|Run: sudo apt-get install libpcsclite1",
    ),
    "pcsc-service": (
        "PC/SC 服务没有运行。|执行 sscard doctor 查看原因。",
        "The PC/SC service is not running.|Run sscard doctor to see why.",
    ),
    "pcsc-service-lost": (
        "PC/SC 服务在使用中停止。|重新启动服务 (sudo systemctl restart pcscd), 放回同一张卡继续。",
        "The PC/SC service stopped while in use.|Start it again (sudo systemctl restart pcscd) and resume with the same card.",
    ),
    "pcsc-permission": (
        "当前用户无权使用 PC/SC 服务。|执行 sscard doctor 查看处理办法。",
        "This user may not use the PC/SC service.|Run sscard doctor for the remedy.",
    ),
    "pcsc-failed": (
        "读卡器 {reader} 出错: PC/SC 状态 {status}。|重新插拔读卡器再试。",
        "Reader {reader} failed with PC/SC status {status}.|Unplug the reader, plug it in again.",
    ),
    "reader-none": (
        "没有读卡器。|插上读卡器, 然后执行 sscard readers。不用读卡器练习: --reader emulator。",
        "There is no reader.|Plug one in and run sscard readers. To practise without: --reader emulator.",
    ),
    "reader-unknown": (
        "没有名称含 {pattern} 的读卡器。|现有: {candidates}",
        "No reader is called {pattern}.|There are: {candidates}",
    ),
    "reader-which": (
        "有多个读卡器符合: {candidates}。|用 --reader 指明一个。",
        "More than one reader fits: {candidates}.|Name one with --reader.",
    ),
    "reader-pattern": (
        "{pattern} 不是正确的正则表达式: {reason}。|例: --reader 're:00 0[01]$'",
        "{pattern} is not a regular expression: {reason}.|Example: --reader 're:00 0[01]$'",
    ),
    "reader-hung": (
        "读卡器 {reader} 已 {seconds} 秒没有反应, 该头已停用, 其他头继续。卡仍算在制。|拔插该读卡器 (或重启 pcscd), 再运行同一条命令, 放回同一张卡。",
        "The reader {reader} has shown no sign of life for {seconds} s. Its head is parked, the others go on; its card stays in work.|"
        "Unplug and plug the reader (or restart pcscd), run the same command again, and put the same card back.",
    ),
    "reader-lost": (
        "读卡器 {reader} 不见了。|检查连接线; 重新插上后放回同一张卡继续。",
        "Reader {reader} is gone.|Check its cable; plug it in and resume with the same card.",
    ),
    "reader-busy": (
        "读卡器 {reader} 里的卡被其他程序占用。|关闭占用的程序 (常见: scdaemon, 浏览器, 另一个 sscard) 再试。",
        "Another program holds the card in {reader}.|Close it (often scdaemon, a browser, or another sscard) and try again.",
    ),
    "card-missing": (
        "读卡器 {reader} 里没有卡。|插入卡片。",
        "There is no card in {reader}.|Insert one.",
    ),
    "card-reset": (
        "卡被其他程序复位, 安全状态已丢失。|关闭其他使用读卡器的程序, 重新开始这张卡。",
        "Another program reset the card: its security state is gone.|Close other programs that use the reader and start this card again.",
    ),
    "card-protocol": (
        "读卡器 {reader} 不能用卡要求的协议通信。|换一个读卡器。",
        "Reader {reader} cannot speak the protocol the card asks for.|Use another reader.",
    ),
    "card-closed": (
        "卡已经释放。|重新连接。",
        "The card has been let go.|Connect again.",
    ),
    "trace-form": (
        '{path} 第 {line} 行不是通信记录的格式。|通信记录以 "# sscard trace 1" 开头, 每条命令后跟一条应答。',
        'Line {line} of {path} is not a line of a trace.|A trace begins with "# sscard trace 1"; each command is followed by its answer.',
    ),
    "trace-differs": (
        "第 {number} 条命令与记录不符: 记录 {expected}, 实际 {sent}。|",
        "Command {number} differs from the trace: recorded {expected}, sent {sent}.|",
    ),
    "trace-end": (
        "记录只有 {count} 步, 已播放完。|",
        "The trace ends after {count} steps.|",
    ),
}
