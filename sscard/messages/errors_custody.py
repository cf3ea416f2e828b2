"""Errors of components, key blocks and the vault's anchor: ``what happened|what to do``."""

TEXTS: dict[str, tuple[str, str]] = {
    "component-check": (
        "第 {index} 个分量 (共 {count} 个) 与它的校验值不符。|重新输入这个分量; 若仍不符, 换备用的一份。",
        "Component {index} of {count} does not fit its check value.|Type it again; if it still does not fit, take the spare.",
    ),
    "component-count": (
        "异或分量只能是 2 或 3 个, 不是 {count} 个。|人数更多时用 k-of-n 份额。",
        "XOR components are 2 or 3, not {count}.|For more people use k-of-n shares.",
    ),
    "component-shares": (
        "份额 {threshold}-of-{count} 不成立: 2 ≤ k ≤ n ≤ 255。|例如 3-of-5。",
        "Shares {threshold} of {count} are impossible: 2 ≤ k ≤ n ≤ 255.|For example 3 of 5.",
    ),
    "component-empty": ("没有可拆分的内容。|", "There is nothing to split.|"),
    "component-kind": (
        "异或分量和 k-of-n 份额不能混用。|核对每张分量单上的类型。",
        "XOR components and k-of-n shares do not mix.|Look at the kind on every sheet.",
    ),
    "component-mixed": (
        "这些分量不是同一套: 总数、门限、方法或长度不同。|核对分量单。",
        "These components are not of one set: count, threshold, method or length differ.|Compare the sheets.",
    ),
    "component-twice": (
        "同一个分量输入了两次。|每人输入自己的分量。",
        "One component was given twice.|Everybody types their own.",
    ),
    "component-missing": (
        "只有 {given} 个分量, 需要 {needed} 个。|请其余的持有人到场。",
        "There are {given} components; {needed} are needed.|Fetch the other holders.",
    ),
    "component-index": (
        "分量序号 {index} 不在 1 到 {count} 之间。|核对分量单。",
        "Component number {index} is not between 1 and {count}.|Look at the sheet.",
    ),
    "component-disagree": (
        "第 {index} 个份额与其余份额不一致。|其中有一个不属于这一套: 核对分量单。",
        "Share {index} does not agree with the others.|One of them is of another set: compare the sheets.",
    ),
}
