#!/bin/sh
# Markdown 3.11.3 (which MkDocs renders with) against markdown-it-py 4.3.0 (CommonMark, as Jupyter has it): an
# apostrophe in a link's address swallows the text behind the link.
#
# A course links to Bayes'_theorem on Wikipedia. Alone in its paragraph the link is right. With a quoted word before a
# bracket later on, or another link with a title, the address ends at its apostrophe, and the text up to there becomes
# the link's title: prose, brackets and whole links are gone from the page, and no error is raised.
# Expected: a title begins behind a blank, as in the original Markdown and in CommonMark; the address is whole. "%27"
# in the address helps.
#
# Run: sh findings/markdown-apostrophe-in-an-address-swallows-text.sh. Fails once the behaviour is another.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check markdown==3.11.3 markdown-it-py==4.3.0
cat > "$folder/run.py" <<'PYTHON'
import markdown
from markdown_it import MarkdownIt

BAYES = "[Bayes](https://en.wikipedia.org/wiki/Bayes'_theorem)"
TEXTS = [
    f"{BAYES} turns a prior into a posterior.",
    f"{BAYES} turns a prior (short for 'prior belief') into a posterior.",
    f"{BAYES} turns a prior into a posterior, as [he](a.md) and [Laplace](b.md 'later') found.",
]
for text in [*TEXTS, TEXTS[1].replace("s'_t", "s%27_t")]:
    site, jupyter = markdown.markdown(text), MarkdownIt("commonmark").render(text).strip()
    print(f"site:    {site}\njupyter: {jupyter}\n")
    swallowed = text in TEXTS[1:]
    assert ("turns a prior" not in site.partition(">Bayes</a>")[2]) == swallowed
    assert ('href="https://en.wikipedia.org/wiki/Bayes"' in site) == swallowed
    assert "turns a prior" in jupyter.partition(">Bayes</a>")[2]
    assert jupyter.count("<a ") == text.count("](")
assert markdown.markdown(TEXTS[2]).count("<a ") == 1
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
echo "As described."
