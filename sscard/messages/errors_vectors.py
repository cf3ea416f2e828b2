"""What is wrong with a file of test vectors."""

TEXTS: dict[str, tuple[str, str]] = {
    "vector-unreadable": (
        "向量文件 {file} 无法读取: {reason}。|检查路径; 文件必须是 UTF-8 文本。",
        "The vector file {file} cannot be read: {reason}.|Check the path; the file must be UTF-8 text.",
    ),
    "vector-json": (
        "向量文件 {file} 第 {line} 行不是合法的 JSON: {reason}。|文件应为向量数组, 格式见 docs/vectors.md。",
        "{file}, line {line}: not valid JSON: {reason}.|The file is an array of vectors, see docs/vectors.md.",
    ),
    "vector-form": (
        "向量文件 {file} 第 {line} 行, 向量 {id}: 格式不对: {reason}。|格式见 docs/vectors.md。",
        "{file}, line {line}, vector {id}: wrong form: {reason}.|The form is told in docs/vectors.md.",
    ),
    "vector-twice": (
        "向量文件 {file} 第 {line} 行: 编号 {id} 重复。|每个向量需要唯一的编号。",
        "{file}, line {line}: the id {id} stands twice.|Give every vector an id of its own.",
    ),
    "vector-none": (
        "没有找到向量文件。|在命令后写出文件名。",
        "No vector files were found.|Name the files on the command line.",
    ),
}
