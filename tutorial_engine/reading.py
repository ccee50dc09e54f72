"""What a reader sees of a page: its words, as a browser's own rules for HTML find them."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = {"head", "script", "style", "template", "title", "noscript"}
# Elements that show nothing of what stands in them: a browser reads it and draws it nowhere.
_EMPTY = {"mspace", "none", "mprescripts", "path", "circle", "rect", "line", "use", "iframe"}
_INLINE = {
    *("a", "abbr", "b", "button", "cite", "code", "del", "em", "i", "img", "input", "ins", "kbd"),
    *(
        "label",
        "mark",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strong",
        "sub",
        "sup",
        "time",
        "u",
        "var",
    ),
    *("picture", "source", "wbr", "svg", "math", "mi", "mn", "mo", "mrow", "mtext", "msub", "msup"),
    *("msubsup", "mstyle", "mover", "munder", "munderover", "mfrac", "msqrt", "mroot", "mpadded"),
    *("-text", "-comment"),
}


def visible_text(content: str) -> str:
    """Return the words of a page or a part of one; blanks in a row are one, a new block is a blank.

    >>> visible_text("<p>one <b>two</b><p>three<script>four</script><math><mspace>five</mspace>")
    'one two three'
    """
    document = LexborHTMLParser(content)
    return " ".join("".join(_pieces(document.root)).split())


def _pieces(root: LexborNode | None) -> Iterator[str]:
    if root is None:
        return
    # By hand: the parser's own walk does not say where a block ends.
    node: LexborNode | None = root
    while node is not None:
        tag = node.tag
        block = tag not in _INLINE
        if tag == "-text":
            yield node.text_content or ""
        elif block:
            yield " "
        below = None if tag in _UNSEEN or tag in _EMPTY else node.first_child
        if below is not None:
            node = below
            continue
        while node is not None:
            if node.tag not in _INLINE:
                yield " "
            if node.mem_id == root.mem_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent
