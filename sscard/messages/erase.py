"""Texts of ``sscard erase``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "任务关闭、回盘送达之后: 覆盖并删除含个人信息的文件 (FILE: 此任务的批次文件及其副本; 发件箱中的回盘)。链中记下删了什么、谁同意。",
        "After a job is closed and its return files have arrived: overwrite and remove what holds people (FILE: the job's batch file and its copies; "
        "the return files in the outbox). The chain says what was erased, and who agreed.",
    ),
    "option-verify": (
        "只查看: 工作目录和 FOLDER 中是否还有被删文件的内容; 有则退出码为 1",
        "only look whether the workspace and each FOLDER still hold what was erased; exit code 1 if so",
    ),
    "option-yes": ("不再询问", "do not ask"),
    "confirm": (
        "删除任务 {job} 含个人信息的文件, 不能恢复。继续吗",
        "Erase the files of job {job} that hold people, for good",
    ),
    "erased": ("已删除 {path}", "erased {path}"),
    "remains": ("还在 {path}", "still there: {path}"),
    "none": ("任务 {job} 被删的文件都不在了 ✓", "nothing that was erased of job {job} is left ✓"),
}
