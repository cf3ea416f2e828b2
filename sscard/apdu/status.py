"""Status words of the social-security card: what each means, in Chinese and English.

Source: ISO 7816-4 and the command chapters of the LD/T 32 drafts (see docs/card.md, status words).
"""

from __future__ import annotations

OK = 0x9000

MEANINGS: dict[int, tuple[str, str]] = {
    0x9000: ("成功", "success"),
    0x6283: ("选择的文件无效", "selected file is blocked"),
    0x6581: ("存储器故障", "memory failure"),
    0x6700: ("长度错误", "wrong length (Lc or Le)"),
    0x6901: ("当前状态不接受此命令", "command not accepted in this state"),
    0x6981: ("命令与文件结构不符", "command does not fit the file structure"),
    0x6982: ("安全状态不满足", "security state not satisfied"),
    0x6983: ("PIN或密钥已锁定", "PIN or key is locked"),
    0x6984: ("引用数据无效: 没有有效的随机数", "no valid challenge"),
    0x6985: ("使用条件不满足", "conditions of use not satisfied"),
    0x6986: ("没有当前文件", "no current EF"),
    0x6987: ("缺少安全报文数据", "MAC missing"),
    0x6988: ("MAC或密文错误", "MAC or cipher wrong"),
    0x6A80: ("数据域参数错误", "data field wrong"),
    0x6A81: ("功能不支持或卡已锁定", "not supported, or card blocked"),
    0x6A82: ("文件未找到", "file not found"),
    0x6A83: ("记录未找到", "record not found"),
    0x6A84: ("空间不足", "not enough room"),
    0x6A85: ("Lc与TLV结构不符", "Lc does not fit the TLV"),
    0x6A86: ("P1或P2错误", "P1 or P2 wrong"),
    0x6A88: ("密钥或引用数据未找到", "key or referenced data not found"),
    0x6A89: ("文件已存在", "file already exists"),
    0x6B00: ("偏移超出文件", "offset outside the file"),
    0x6D00: ("命令代码不支持", "instruction not supported"),
    0x6E00: ("命令类别不支持", "class not supported"),
    0x6F00: ("没有数据", "no data"),
    0x9302: ("MAC无效", "MAC invalid"),
    0x9303: ("应用永久锁定", "application permanently blocked"),
    0x9401: ("余额不足", "not enough money"),
    0x9402: ("计数器达到最大值", "counter at its maximum"),
    0x9403: ("密钥索引不支持", "key index not supported"),
    0x9406: ("交易认证码不可用", "transaction proof not available"),
}


def tries_left(sw: int) -> int | None:
    """Tries left told by ``63Cx``; None where ``sw`` tells nothing (unknown is not zero)."""
    return sw & 0x0F if sw & 0xFFF0 == 0x63C0 else None


def meaning(sw: int) -> tuple[str, str]:
    """``(Chinese, English)`` meaning of a status word, with its number where it carries one."""
    known = MEANINGS.get(sw)
    if known:
        return known
    low = sw & 0xFF
    if sw & 0xFFF0 == 0x63C0:
        return f"验证失败, 还剩 {sw & 0x0F} 次", f"verification failed, {sw & 0x0F} tries left"
    if sw >> 8 == 0x61:
        return f"还有 {low or 256} 字节待取", f"{low or 256} bytes wait for GET RESPONSE"
    if sw >> 8 == 0x6C:
        return f"Le 错误, 正确长度 {low or 256}", f"wrong Le, right length is {low or 256}"
    return "未知状态字", "unknown status word"
