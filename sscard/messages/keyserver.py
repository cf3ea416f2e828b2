"""What ``sscard keyserver`` shows."""

TEXTS: dict[str, tuple[str, str]] = {
    "help": (
        "密钥服务器: 工位不持有密钥, 只来请求运算 (docs/keyserver.md)。\n\n\b\n例: sscard keyserver --workspace ws --listen 127.0.0.1:7733",
        "Key server: stations hold no keys, they ask for calculations (docs/keyserver.md).\n\n\b\nExample: sscard keyserver --workspace ws --listen 127.0.0.1:7733",
    ),
    "listen": ("地址和端口; 端口 0 为任一空闲端口", "address and port; port 0 is any free one"),
    "tls-cert": ("服务器证书 (PEM); 非本机地址必须有", "server certificate (PEM); a must beyond this machine"),
    "tls-key": ("证书的私钥 (PEM)", "private key of the certificate (PEM)"),
    "factors": ("请求中的分散因子及其顺序", "the factors in a request, in their order"),
    "most": ("同时连接数上限", "connections at a time"),
    "idle": ("空闲多少秒后断开", "seconds of silence before a connection is cut"),
    "rate": ("每秒请求数; 超出的等待", "requests a second; more have to wait"),
    "both": ("--tls-cert 与 --tls-key 须同时给出", "--tls-cert and --tls-key go together"),
    "short": ("少于 32 个字符", "fewer than 32 characters"),
    "tls-on": ("有", "yes"),
    "tls-off": ("无", "no"),
    "serving": (
        "密钥服务器 {address}, TLS: {tls}, 令牌: {token}",
        "Key server on {address}, TLS: {tls}, token: {token}",
    ),
    "demo": ("DEMO 演示密钥。按 Ctrl-C 停止。", "DEMO keys.  Ctrl-C stops."),
    "stop": ("按 Ctrl-C 停止。", "Ctrl-C stops."),
}
