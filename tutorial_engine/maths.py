"""Maths: TeX becomes MathML that a browser draws as TeX would, or is refused.

latex2mathml prints what it does not know as text, and writes for renderers that know all of MathML;
browsers draw MathML Core. This module sees to both.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from xml.etree.ElementTree import Element, tostring

from latex2mathml import commands
from latex2mathml.converter import Converter
from latex2mathml.symbols_parser import convert_symbol

THIN_SPACE = "0.167em"
_APPLY = "\u2061"  # an invisible "of": the ln of 10
# Environments that the converter does not know, and the ones that draw the same.
_SAME_ENVIRONMENT = {"aligned": "align*", "gathered": "displaylines", "gather*": "displaylines"}
_ENVIRONMENT = re.compile(r"\\(?P<end>begin|end)\s*\{(?P<name>[^}]*)\}")
_KNOWN_ENVIRONMENTS = {
    name[1:] for name in commands.MATRICES if name not in (commands.ALIGN, commands.SUBSTACK)
}
_OPERATOR_NAME = re.compile(r"\\operatorname(?P<star>\*?)\s*\{(?P<name>(?:[^{}\\]|\\[,;:! ])*)\}")
_ROW_DISTANCE = re.compile(r"(\\\\)\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
_NOT_EQUAL = re.compile(r"\\not\s*=")
_ESCAPED = re.compile(r"\\([%_#&${}])")
# TeX takes one digit for an argument without braces, the converter the whole number.
_BARE_DIGITS = re.compile(
    r"(?P<command>\\(?P<name>[A-Za-z]+)\s*(?:\[[^\]]*\]\s*)?)(?P<first>\d)\s*(?P<second>\d)"
)
_OF_TWO = {name[1:] for name in commands.COMMANDS_WITH_TWO_PARAMETERS}
_OF_ONE = {name[1:] for name in commands.COMMANDS_WITH_ONE_PARAMETER} | {"sqrt"}
_NAMED_SPACES = {
    f"{sign}{kind}mathspace": f"{'-' * bool(sign)}{width}em"
    for sign in ("", "negative")
    for kind, width in (("thin", 0.167), ("medium", 0.222), ("thick", 0.278))
}
_VARIANTS = {
    "bold": "BOLD",
    "bold-italic": "BOLD ITALIC",
    "double-struck": "DOUBLE-STRUCK",
    "fraktur": "FRAKTUR",
    "italic": "ITALIC",
    "monospace": "MONOSPACE",
    "sans-serif": "SANS-SERIF",
    "sans-serif-italic": "SANS-SERIF ITALIC",
    "script": "SCRIPT",
}
_FUNCTIONS = {name[1:] for name in (*commands.FUNCTIONS, *commands.LIMIT)}
_ROWS = ("math", "mrow", "mstyle", "mtd", "msqrt", "mpadded", "mphantom", "menclose")
_SCRIPTS = ("msub", "msup", "msubsup", "munder", "mover", "munderover")
_CHILDREN = {"mfrac": 2, "mroot": 2} | dict.fromkeys(_SCRIPTS, 2)
_CHILDREN |= {"msubsup": 3, "munderover": 3}
_OPENING, _CLOSING = "([{|‖⟨⌊⌈", ")]}⟩⌋⌉!"
_SIGNS = "+-−±∓"
_PREFIXES = f"{_SIGNS}¬∂∇∑∏∫√"


@functools.lru_cache(maxsize=4096)
def mathml(tex: str, display: str = "inline") -> str:
    """Return a formula as a `<math>` element on one line, every element closed by a tag of its own.

    Args:
        display: `inline` or `block`.

    Raises:
        ValueError: the TeX does not read, or holds what would be shown as its source; names it.

    >>> mathml(r"x^2")
    '<math display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    """
    _check_source(tex)
    try:
        root = Converter(display=display).convert_to_element(_rewrite(tex))
    except Exception as error:
        reason = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
        raise ValueError(
            f"{reason.removesuffix(' error')}: close each brace, each \\left and each environment, "
            "and give each command its arguments"
        ) from None
    del root.attrib["xmlns"]  # HTML knows the element by its name
    for element in root.iter():
        _check_element(element)
        if element.text:
            element.text = html.unescape(element.text)
        _as_browsers_read(element)
    for row in [each for each in root.iter() if each.tag in _ROWS]:
        _space_functions(row)
    return tostring(root, encoding="unicode", short_empty_elements=False)


def _check_source(tex: str) -> None:
    """Refuse what the converter drops, or shows as something else, without a trace in its answer."""
    bare = re.sub(r"\\.", "", tex, flags=re.DOTALL)
    if "%" in bare:
        raise ValueError("% begins a comment, and the rest is lost: write \\%")
    if bare.count("{") != bare.count("}"):
        raise ValueError("the braces do not balance")
    for match in _ENVIRONMENT.finditer(tex):
        name = match["name"]
        if name in _SAME_ENVIRONMENT or name in _KNOWN_ENVIRONMENTS:
            continue
        if name == "align":
            raise ValueError("\\begin{align} would number each formula from (1): write align*")
        known = ", ".join(sorted({*_KNOWN_ENVIRONMENTS, *_SAME_ENVIRONMENT}))
        raise ValueError(f"unknown environment {name}; known are {known}")


def _rewrite(tex: str) -> str:
    """Return TeX that means the same in words that the converter knows."""

    def environment(match: re.Match[str]) -> str:
        name = _SAME_ENVIRONMENT.get(match["name"], match["name"])
        return f"\\{match['end']}{{{name}}}"

    def operator(match: re.Match[str]) -> str:
        # A thin space is the one blank that the converter keeps in a name.
        name = re.sub(r"\\[,;: ]", "\u2009", match["name"].replace("\\!", ""))
        return f"\\operatorname{match['star']}{{{name}}}"

    def digits(match: re.Match[str]) -> str:
        command, first, second = match["command"], match["first"], match["second"]
        if match["name"] in _OF_TWO:
            return f"{command}{{{first}}}{{{second}}}"
        is_one = match["name"] in _OF_ONE or match["name"].startswith("math")
        return f"{command}{{{first}}}{second}" if is_one else match[0]

    tex = _NOT_EQUAL.sub(r"\\ne ", tex)
    tex = _ROW_DISTANCE.sub(r"\1", tex)  # shown as it stands otherwise
    tex = _BARE_DIGITS.sub(digits, tex)
    return _OPERATOR_NAME.sub(operator, _ENVIRONMENT.sub(environment, tex))


def _check_element(element: Element) -> None:
    """Refuse source that the converter passed through; its own symbols are still character references."""
    if element.tag == "mtext" and html.unescape(element.text or "") == "\u29f8":
        raise ValueError("\\not strikes nothing through here: write \\ne, \\notin or the like")
    if len(element) != _CHILDREN.get(element.tag, len(element)):
        raise ValueError("a command lacks an argument: give each in braces of its own")
    text = element.text or ""
    if element.tag == "mtext":
        if unread := re.search(r"\\[A-Za-z]*|[${}]", _ESCAPED.sub("", text)):
            raise ValueError(
                f"{unread[0]} inside text is shown as it stands: end the text before it"
            )
        element.text = _ESCAPED.sub(r"\1", text)
        return
    if text.startswith("\\"):
        if symbol := convert_symbol(text):
            element.text = f"&#x{symbol};"
        elif escaped := _ESCAPED.fullmatch(text):
            element.text = escaped[1]
        else:
            raise ValueError(f"unknown command {text}")
    elif "\\" in text:
        raise ValueError(f"unknown command {text[text.index(chr(92)) :]}")
    if text in ("{", "}"):
        raise ValueError("the braces do not balance")
    if text == "&":
        raise ValueError("& stands outside an environment that aligns")
    if element.tag == "mo" and not text and "fence" not in element.attrib:  # not the dot of \\left.
        raise ValueError("an operator without a name: \\operatorname takes letters and blanks")
    if element.get("linebreak") == "newline":
        raise ValueError("\\\\ outside an environment breaks no line: write aligned or gathered")
    if element.get("columnlines") or element.get("rowlines"):
        raise ValueError("browsers draw no lines between the cells of an array")
    if element.tag == "menclose" and element.get("notation") != "box":
        raise ValueError(
            f"browsers draw no {element.get('notation')}: \\boxed is the one frame they can"
        )


def _as_browsers_read(element: Element) -> None:
    """Say in MathML Core what the converter says in MathML 3."""
    width = element.get("width", "")
    if width in _NAMED_SPACES:
        element.set("width", _NAMED_SPACES[width])
    variant = element.get("mathvariant", "normal")
    if variant in _VARIANTS and element.tag in ("mi", "mn", "mo", "mtext"):
        element.text = "".join(_letter(each, _VARIANTS[variant]) for each in element.text or "")
        del element.attrib["mathvariant"]
    if element.tag in _SCRIPTS and _has_limits(element[0]):
        element[0].set("movablelimits", "true")
        element.tag = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}.get(
            element.tag, element.tag
        )


def _letter(character: str, variant: str) -> str:
    """Return a letter or digit in a mathematical alphabet, itself where the alphabet has none."""
    name = unicodedata.name(character, "")
    for prefix, replacement in (("LATIN ", ""), ("GREEK ", ""), ("DIGIT ", "DIGIT ")):
        if name.startswith(prefix):
            name = replacement + name.removeprefix(prefix).replace("LETTER ", "")
            for block in ("MATHEMATICAL ", ""):  # a few letters are older than the alphabets
                kind = variant.replace("FRAKTUR", "BLACK-LETTER") if not block else variant
                try:
                    return unicodedata.lookup(f"{block}{kind} {name}")
                except KeyError:
                    continue
    return character


def _has_limits(base: Element) -> bool:
    return base.tag == "mo" and (
        base.get("movablelimits") == "true" or f"\\{base.text}" in commands.LIMIT
    )


def _is_function(element: Element) -> bool:
    if element.tag in _SCRIPTS:
        return len(element) > 0 and _is_function(element[0])
    text = element.text or ""
    if element.tag == "mo":
        return text != "mod" and len(text) > 1 and text.replace("\u2009", "").isalpha()
    return element.tag == "mi" and text in _FUNCTIONS


def _space_functions(row: Element) -> None:
    """Put the distances around named functions that TeX puts there: a bracket needs none."""
    children = list(row)
    row[:] = []
    for position, child in enumerate(children):
        if _is_function(child):
            name = child
            while name.tag in _SCRIPTS:
                name = name[0]
            if name.tag == "mo":  # it would keep the distances of an unknown operator
                name.attrib |= {"lspace": "0", "rspace": "0"}
            if position and _ends_a_factor(children[position - 1]):
                row.append(Element("mspace", width=THIN_SPACE))
            row.append(child)
            following = children[position + 1] if position + 1 < len(children) else None
            if following is not None and (distance := _distance_to(following)) is not None:
                apply = Element("mo", lspace="0", rspace=distance)
                apply.text = _APPLY
                row.append(apply)
        else:
            if _is_sign(child) and (not position or not _ends_a_factor(children[position - 1])):
                child.set("form", "prefix")  # a minus that subtracts nothing stands close
            row.append(child)


def _is_sign(element: Element) -> bool:
    return element.tag == "mo" and (element.text or " ") in _SIGNS


def _ends_a_factor(element: Element) -> bool:
    if _is_function(element) or element.tag == "mspace":
        return False
    return element.tag != "mo" or (element.text or "") in tuple(_CLOSING)


def _distance_to(argument: Element) -> str | None:
    """Return the distance from a function's name to what follows it, None if that is no argument."""
    leaf = argument
    while len(leaf) and leaf.tag in (*_ROWS, *_SCRIPTS):
        leaf = leaf[0]
    if leaf.tag == "mspace":
        return None
    if leaf.tag == "mo" and not _is_function(leaf):
        text = leaf.text or " "
        if text in _OPENING:
            return "0"
        return THIN_SPACE if text in _PREFIXES else None
    return THIN_SPACE
