"""Texts of ``sscard face``."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "卡面预览与整批核对。--check 在第一张卡之前核对全批: 每个字是否有字形、是否放得下、照片是否齐全; --seq 画出一行的卡面 "
        "(85.60 × 53.98 mm; .png、.pdf 或 .json 打印任务)。卡面上是未遮盖的个人信息: 先确认, 并记入审计日志。不给 BATCH 时画虚构人员的样张。",
        "Preview card faces and check a whole batch. --check looks at every row before card one: whether each character has a "
        "glyph, each text fits, each photo is there; --seq draws the face of one row (85.60 × 53.98 mm; .png, .pdf, or .json "
        "for a print job). A face shows a person unmasked: it asks first and goes to the audit log. Without BATCH a synthetic "
        "person is drawn.",
    ),
    "option-check": ("核对整批, 不画卡面", "check the whole batch, draw nothing"),
    "option-seq": ("批次中的序号", "row of the batch"),
    "option-out": ("写入的文件: .png、.pdf 或 .json", "file to write: .png, .pdf or .json"),
    "option-layout": ("版式名称或 .toml 文件", "layout, by name or .toml file"),
    "option-photos": ("照片文件夹", "folder of photos"),
    "option-font": (
        "字体文件, 可多次给出, 依次查找 (字体集: 文件#序号)",
        "font file, may be given more than once, tried in order (collection: FILE#INDEX)",
    ),
    "option-side": (
        "哪一面 (PNG 默认为有姓名的一面, PDF 默认为全部)",
        "which side (PNG: by default the one with the name, PDF: all)",
    ),
    "option-dpi": ("PNG 每英寸点数", "dots an inch of a PNG"),
    "option-yes": ("不询问 (仍记入审计日志)", "do not ask; the audit log still tells"),
    "option-force": ("覆盖已有的文件", "replace a file that exists"),
    "need-out": (
        "用 --out 指定文件, 或用 --check 核对整批",
        "name a file with --out, or check the whole batch with --check",
    ),
    "need-seq": ("用 --seq 指定一行", "choose a row with --seq"),
    "need-batch": ("--check 需要批次文件", "--check needs a batch file"),
    "confirm": (
        "卡面显示第 {seq} 行人员的全部打印信息, 将写入 {path} 并记入审计日志。继续?",
        "The face shows what is printed of the person of row {seq}; it is written to {path} and the audit log tells. Go on?",
    ),
    "written": ("已写出 {path} ({layout}, {fonts})", "Written to {path} ({layout}, {fonts})"),
    "sound": (
        "{rows} 行: 每个字都有字形, 每项都放得下{photos} ✓ ({fonts})",
        "{rows} rows: every character has a glyph, every text fits{photos} ✓ ({fonts})",
    ),
    "sound-photos": (", 照片齐全", ", every photo is there"),
    "found": (
        "{rows} 行: {count} 处不符。先处理再开始制卡。",
        "{rows} rows: {count} findings. Settle them before the first card.",
    ),
    "character": ("字体没有这个字: {character} {code_point}", "no font has this character: {character} {code_point}"),
    "too-long": ("{column} 放不进 {detail}", "{column} does not fit into {detail}"),
    "no-photo": ("没有照片", "there is no photo"),
    "bad-photo": ("照片不能使用: {detail}", "the photo cannot be used: {detail}"),
    "photo-shape": ("照片比例不对: {detail}", "the photo has other proportions than its place: {detail}"),
    "same-photo": ("与第 {detail} 行的照片相同", "the same photo as row {detail}"),
    "rows": ("序号 {seqs}", "row {seqs}"),
    "more-rows": ("… 共 {count} 行", "… {count} rows in all"),
}
