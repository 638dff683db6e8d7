"""The text files that travel in a model, as the libraries that read them want them."""

from __future__ import annotations

import math
import re

from harness.models.metadata.values import BertTokenizer, RegexTokenizer

_BERT_TOKENS: tuple[str, ...] = ("[CLS]", "[SEP]", "[UNK]")
_REGEX_TOKENS = ("<PAD>", "<UNKNOWN>")  # the Task Library refuses a vocabulary without them; <START> is optional
_PAIR = re.compile(r"\S+ [0-9]{1,9}")  # the Task Library stops the process at a second space


def vocabulary_problem(content: bytes, tokenizer: BertTokenizer | RegexTokenizer) -> str:
    """What is wrong with a vocabulary, or nothing."""
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 ({error})"
    tokens, needed = lines, _BERT_TOKENS
    if isinstance(tokenizer, RegexTokenizer):
        for number, line in enumerate(lines, start=1):
            if not _PAIR.fullmatch(line):
                return f"has {line!r} on line {number} and not `token number`"
        tokens, needed = [line.split()[0] for line in lines], _REGEX_TOKENS
    known = set[str]()
    for token in tokens:
        if token in known:
            return f"has token '{token}' twice"
        known.add(token)
    absent = [token for token in needed if token not in known]
    return f"has no {' nor '.join(absent)}" if absent else ""


def largest_number(content: bytes, tokenizer: BertTokenizer | RegexTokenizer) -> int:
    """The largest number that a vocabulary without problems gives a token."""
    lines = content.decode().splitlines()
    if isinstance(tokenizer, BertTokenizer):
        return len(lines) - 1
    return max(int(line.split()[1]) for line in lines)


def calibration_lines(content: bytes) -> int:
    """How many classes a file of parameters is for: the Task Library takes a last line break for one more, empty line."""
    return content.count(b"\n") + 1


def calibration_problem(content: bytes) -> str:
    """What is wrong with a file of sigmoid parameters (0, 3 or 4 numbers a line, the scale not below 0), or nothing."""
    try:
        lines = content.decode().splitlines()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 ({error})"
    for number, line in enumerate(lines, start=1):
        try:
            numbers = [float(part) for part in line.split(",")] if line.strip() else []
        except ValueError:
            return f"has {line!r} on line {number}, which are no numbers"
        if len(numbers) not in (0, 3, 4) or not all(math.isfinite(one) for one in numbers):
            return f"has {len(numbers)} numbers on line {number}, and 0, 3 or 4 are right"
        if numbers and numbers[0] < 0:
            return f"has a scale below 0 on line {number}"
    return ""
