"""Today's prose and a stored run become a page and the files beside it."""

from __future__ import annotations

import html
import json
from dataclasses import fields
from urllib.parse import parse_qs, urlsplit

import markdown
import pytest
import yaml
from bs4 import BeautifulSoup

from tutorial_engine.course import titles
from tutorial_engine.errors import ExecutionError
from tutorial_engine.html_pages import lean_code, lean_page, named_permalinks, with_formulas
from tutorial_engine.publish import export, make_error_page, make_page
from tutorial_engine.run import Artifact
from tutorial_engine.settings import Settings

from .tiny import TINY, made_run, picture

EXTENSIONS = [
    "attr_list",
    "md_in_html",
    "tables",
    "pymdownx.arithmatex",
    "pymdownx.details",
    "pymdownx.highlight",
    "pymdownx.superfences",
    "tutorial_engine.markdown_extension",
]


@pytest.fixture
def tiny(course):
    course.tutorial()
    return course


def rendered(text: str) -> BeautifulSoup:
    """Return a page as the site's Markdown renders it."""
    body = text.split("---\n", 2)[2]
    options = {"pymdownx.arithmatex": {"generic": True}}
    content = markdown.markdown(body, extensions=EXTENSIONS, extension_configs=options)
    return BeautifulSoup(content, "html.parser")


def front_matter(text: str) -> dict:
    return yaml.safe_load(text.split("---\n", 2)[1])


def stream(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def test_a_page_opens_with_title_summary_and_what_is_needed_first(tiny):
    tiny.tutorial(file="2_more/02_other_one.py", title='The "other" one: 𝑓', needs=["tiny"])
    file = "2_more/02_other_one.py"
    page = tiny.page(made_run(tiny, file), file)
    assert page.path == "more/other-one.md"
    assert front_matter(page.markdown) == {
        "title": 'The "other" one: 𝑓',
        "description": "A tutorial that runs at once.",
        "teaches": [],
        "search": {"boost": 1.3},
    }
    soup = rendered(page.markdown)
    assert soup.h1.text == 'The "other" one: 𝑓'
    assert soup.select_one("p.lead").text == "A tutorial that runs at once."
    assert soup.select_one(".facts a")["href"] == "../part/tiny.md"
    assert soup.select_one(".facts a").text == "Tiny"


def test_a_page_tells_what_is_needed_from_what_helps(tiny):
    tiny.tutorial(file="1_part/02_next.py", title="The next")
    tiny.tutorial(file="2_more/03_other.py", title="Other", needs=["tiny"], helps=["next"])
    page = tiny.page(made_run(tiny, "2_more/03_other.py"), "2_more/03_other.py")
    _, _, needed, helping, *_ = [fact.text for fact in rendered(page.markdown).select(".facts li")]
    assert needed == "You need first: Tiny"
    assert helping == "Helps, but is not needed: The next"


@pytest.mark.parametrize(("seconds", "shown"), [(12.3, "12 s"), (99, "99 s"), (272, "5 minutes")])
def test_the_measured_time_is_shown_and_marked(tiny, seconds, shown):
    soup = rendered(tiny.page(made_run(tiny, wall_s=seconds)).markdown)
    assert soup.select_one(".facts .measured").text == shown


def test_a_page_says_where_it_stands_in_the_course_and_how_long_it_takes_before_it_has_run(tiny):
    tiny.tutorial(file="1_part/05_next.py", title="The next")
    tiny.tutorial(file="2_more/07_other.py", title="Other")
    page = tiny.page(None, "1_part/05_next.py")
    place, reading = [fact.text for fact in rendered(page.markdown).select(".facts li")]
    assert place == "2 of 3"
    assert reading == "To read: 1 minute"


def test_a_page_marks_the_place_of_its_contents_below_its_facts(tiny):
    markdown = tiny.page(made_run(tiny)).markdown
    facts, rest = markdown.split("<!-- contents -->")
    assert facts.rstrip().endswith("</div>")
    assert "Two numbers go in" in rest


def test_downloads_stand_beside_the_page(tiny):
    page = tiny.page(made_run(tiny, artifacts=(Artifact("model.bin", b"weights"),)))
    assert set(page.files) == {"part/tiny/tiny.ipynb", "part/tiny/tiny.py", "part/tiny/model.bin"}
    assert page.files["part/tiny/tiny.py"].decode() == tiny.parse().text
    assert page.files["part/tiny/model.bin"] == b"weights"
    assert page.record[0] == "part/tiny/run.ipynb"
    offered = [link["href"] for link in rendered(page.markdown).select(".facts a")]
    assert offered == ["tiny/tiny.ipynb", "tiny/tiny.py", "tiny/run.ipynb"]


def test_each_claim_is_listed_with_its_condition_and_escaped(tiny):
    soup = rendered(tiny.page(made_run(tiny)).markdown)
    (claim,) = soup.select("ul.claims li")
    assert claim.text == "Two and three make <five>. total == 5"
    assert claim.code.text == "total == 5"


def test_the_code_of_claims_is_not_shown(tiny):
    assert "assert total" not in rendered(tiny.page(made_run(tiny)).markdown).text


def test_the_stamp_tells_where_the_page_comes_from(tiny):
    tiny.data("digits")
    tiny.tutorial("# %%\nimport numpy\n\n" + TINY, data=["digits"], seed=7)
    run = made_run(tiny, artifacts=(Artifact("m", b"weights"),), outputs=[[], [], []])
    soup = rendered(tiny.page(run).markdown)
    rows = {
        row.find_all("td")[0].text: row.find_all("td")[1] for row in soup.select("table tr")[1:]
    }
    assert rows["finished"].text == "2023-11-14 22:13 UTC"
    assert rows["time"].text == "1.2 s, 0.8 CPU s, 64 MB at most"
    assert rows["time"].select_one(".measured")
    assert rows["machine"].text == "a processor, 2 cores"
    assert "numpy " in rows["versions"].text
    assert rows["edition"].text == "default"
    assert rows["data digits"].text == run.parts["data digits"][:16]
    assert rows["seed"].text == "7"
    assert rows["key"].text == run.key
    assert rows["file"].a["href"] == "tiny/m"
    assert run.artifacts[0].sha256 in rows["file"].text


def test_the_date_is_the_source_date_where_that_is_set(tiny, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert "1970-01-01 00:00 UTC" in tiny.page(made_run(tiny)).markdown


def test_a_problem_can_be_reported_only_where_there_is_a_repository(tiny):
    run = made_run(tiny)
    assert "Report a problem" not in tiny.page(run).markdown
    page = tiny.page(run, repo_url="https://example.org/course/").markdown
    (link,) = [each for each in rendered(page).select("a") if "Report" in each.text]
    address = urlsplit(link["href"])
    query = parse_qs(address.query)
    assert (address.netloc, address.path) == ("example.org", "/course/issues/new")
    assert query["title"] == ["Tiny: "]
    assert f"key: {run.key}" in query["body"][0]
    assert "<span" not in query["body"][0]


def test_outputs_follow_their_cell(tiny):
    outputs = [[stream("the <total> is 5\n"), stream("careful\n", "stderr")], []]
    soup = rendered(tiny.page(made_run(tiny, outputs=outputs)).markdown)
    code_block, output, warning = soup.select("div.highlight")[:3]
    assert "from snippets import helper" in code_block.text
    assert output.text.strip() == "the <total> is 5"
    assert {"output", "no-copy"} <= set(output["class"])
    assert "stderr" in warning["class"]


def test_an_output_that_holds_a_fence_does_not_end_its_own(tiny):
    outputs = [[stream("before\n```\n````text\nafter\n")], []]
    soup = rendered(tiny.page(made_run(tiny, outputs=outputs)).markdown)
    assert soup.select("div.output")[0].text.strip() == "before\n```\n````text\nafter"


def test_an_exception_shows_type_and_message(tiny):
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
    soup = rendered(tiny.page(made_run(tiny, outputs=[[error], []])).markdown)
    assert soup.select_one("div.output.error").text.strip() == "ValueError: no"


def test_outputs_that_hang_on_the_clock_are_marked(tiny):
    tiny.edit("# %%\nfrom", '# %% tags=["measured"]\nfrom')
    soup = rendered(tiny.page(made_run(tiny, outputs=[[stream("5 s\n"), picture()], []])).markdown)
    assert soup.select_one("div.output.measured")
    assert soup.select_one("img.figure.measured")["src"] == "tiny/figure-01-measured.webp"


def test_a_table_is_rendered_and_can_be_reached_by_keyboard(tiny):
    table = {
        "output_type": "execute_result",
        "data": {"text/markdown": "| a |\n|---|\n| 1 |", "text/plain": "a 1"},
        "metadata": {},
    }
    soup = rendered(tiny.page(made_run(tiny, outputs=[[table], []])).markdown)
    region = soup.select_one("div.output.rich")
    assert region["tabindex"] == "0"
    assert region.select_one("td").text == "1"


@pytest.mark.parametrize(
    ("alt", "shown"),
    [
        ('A "quoted" word, it\'s here.', None),
        ("Rows [0] and [1](x) lead, \\(not x\\).", None),
        ("A < B > C & D.", None),
        ("Shirt taken for T-shirt/top, 11.8%; *most* of_all_times __here__.", None),
        ("The `code` of $x^2$ costs $5.", None),
        ("Curly {braces} and a | bar.", None),
        ("Two\nlines.", "Two lines."),
        ("<b>no markup</b> &amp; entities.", None),
        ("See https://example.org/ or ![this](no.png).", None),
    ],
)
def test_a_figures_text_survives_to_the_page(tiny, alt, shown):
    run = made_run(tiny, outputs=[[picture(alt=alt)], []])
    (image,) = rendered(tiny.page(run).markdown).select("img")
    assert image["alt"] == (shown or alt)
    assert image["src"] == "tiny/figure-01.webp"


def test_figures_have_sizes_and_those_of_the_first_code_alone_are_fetched_at_once(tiny):
    tiny.tutorial("# %%\nimport numpy\n\n" + TINY)
    run = made_run(tiny, outputs=[[picture(), picture()], [picture()], [picture()]])
    page = tiny.page(run)
    images = rendered(page.markdown).select("img")
    loading = [image["loading"] for image in images]
    assert loading == ["eager", "eager", "lazy"]  # claims show no output
    assert (images[0]["width"], images[0]["height"]) == ("2", "1")
    assert {"part/tiny/figure-01.webp", "part/tiny/figure-01-dark.webp"} <= set(page.files)


def test_a_dark_figure_becomes_a_picture_that_fetches_one_of_two(tiny):
    run = made_run(tiny, outputs=[[picture()], []])
    (source,) = rendered(tiny.page(run).markdown).select("picture source")
    assert source["srcset"] == "tiny/figure-01-dark.webp"
    assert source["media"] == "screen and (prefers-color-scheme: dark)"


def test_maths_becomes_mathml(tiny):
    tiny.edit("Two numbers", r"Here $x^2$ and $\sum_{i=1}^{n} x_i < 3$; two numbers")
    soup = rendered(tiny.page(made_run(tiny)).markdown)
    first, second = soup.select("math")
    assert first["display"] == "inline"
    assert first.msup.text == "x2"
    assert "<" in second.text
    assert "arithmatex" not in str(soup)


def test_code_keeps_its_words_when_its_marks_are_thinned():
    block = '<pre><span></span><code><span class="k">is</span> <span class="n">x</span> <span class="s2">", "</span></code></pre>'
    thin = lean_code(block)
    assert (
        thin == '<pre><code><span class="k">is</span> x <span class="s2">", "</span></code></pre>'
    )


def test_a_page_loses_its_indentation_and_implied_tags_and_code_keeps_its_own():
    page = "<div>\n\n    <p>a\n  b</p>\n<pre>if x:\n\n    y</pre>\n   </div>"
    assert lean_page(page) == "<div><p>a b<pre>if x:\n\n    y</pre></div>"


def test_a_page_loses_attributes_that_no_browser_reads():
    page = '<p class="a" data-search-exclude>1 s</p><svg xmlns="http://www.w3.org/2000/svg" id="b"></svg>'
    assert lean_page(page) == "<p class=a>1 s</p><svg id=b></svg>"
    code = "<code>&lt;svg xmlns=http://www.w3.org/2000/svg> data-search-exclude></code>"
    assert lean_page(code) == code


def test_an_entry_of_the_navigation_loses_the_spaces_at_its_edges():
    entry = '<a href="x"> <span class="md-ellipsis"> Two words </span> </a>'
    assert lean_page(entry) == "<a href=x><span class=md-ellipsis>Two words</span></a>"


def test_a_page_leads_to_the_snippets_that_it_calls(tiny):
    lessons = tiny.lessons()
    page = make_page(
        tiny.parse(), made_run(tiny), tiny.settings(), titles(lessons), links_snippets=True
    )
    assert "| snippets | [helper](../snippets/helper.md) |" in page.markdown
    # Of a site without pages of snippets nothing leads there.
    assert "| snippets | helper |" in tiny.page(made_run(tiny)).markdown


def test_a_whole_program_is_called_one(tiny):
    tiny.tutorial('# %% tags=["program"]\nprint("all of it")\n')
    soup = rendered(tiny.page(made_run(tiny)).markdown)
    assert soup.select_one(".filename").text == "A whole program: it runs alone"


def test_code_that_only_feeds_the_prose_is_folded_and_what_it_prints_is_not(tiny):
    tiny.tutorial('# %% tags=["folded"]\ntotal = 2 + 3\nprint("five")\n')
    run = made_run(tiny, outputs=[[stream("five\n")]])
    soup = rendered(tiny.page(run).markdown)
    assert "total = 2 + 3" in soup.select_one("details").text
    assert soup.select_one("details + div.output").text.strip() == "five"


def test_exercises_are_labelled_and_their_solution_is_folded(tiny):
    tiny.tutorial(
        "# %% [markdown]\n# Do it.\n\n"
        + '# %% tags=["starter"]\nanswer = None\n\n'
        + '# %% tags=["check"]\nassert answer, "answer it"\n\n'
        + '# %% tags=["solution"]\nanswer = 42\nprint(answer)\n'
    )
    run = made_run(tiny, outputs=[[stream("not shown\n")], [], [stream("42\n")]])
    soup = rendered(tiny.page(run).markdown)
    assert [label.text for label in soup.select(".filename")] == ["Your turn"]
    assert [label.text for label in soup.select("details.question > summary")] == ["Check yourself"]
    folded = soup.select_one("details.success")
    assert folded.summary.text == "Solution"
    assert "answer = 42" in folded.text
    assert folded.select_one("div.output").text.strip() == "42"
    assert "not shown" not in soup.text


@pytest.mark.parametrize(
    ("text", "is_array"),
    [
        ("[[1 2]\n [3 4]]", True),
        ("weights: [[0.1 0.2]\n          [0.3 0.4]]", True),
        ("Epoch 1/2 [====] accuracy 0.8", False),
        ("[1 2]", False),
    ],
)
def test_the_rows_of_an_array_are_marked_for_a_narrow_screen(tiny, text, is_array):
    tiny.tutorial("# %%\nprint(text)\n")
    soup = rendered(tiny.page(made_run(tiny, outputs=[[stream(text + "\n")]])).markdown)
    assert ("array" in soup.select_one("div.output")["class"]) == is_array


@pytest.mark.parametrize(
    ("state", "said"), [("", "Waiting to run"), ("waiting", "Waiting"), ("running", "Running")]
)
def test_a_page_without_a_run_shows_prose_code_and_its_state(tiny, state, said):
    from tutorial_engine.publish import make_page

    page = make_page(tiny.parse(), None, tiny.settings(), {}, state)
    soup = rendered(page.markdown)
    assert said in soup.select_one("[role=status]").text
    assert "Two numbers go in" in soup.text
    assert "helper.add" in soup.text
    assert soup.select_one(".pending").text == "…"
    assert (page.files, page.record) == ({}, None)


def test_an_error_page_says_where_what_and_the_remedy(tiny):
    tutorial = tiny.parse()
    error = tutorial.error(ExecutionError, "ValueError: <no>", "correct it", tutorial.cells[1], 2)
    page = make_error_page(tutorial.file, error, tutorial)
    assert page.path == "part/tiny.md"
    soup = rendered(page.markdown)
    alert = soup.select_one("[role=alert]").text
    line = tutorial.cells[1].line + 2
    assert f"tutorials_src/1_part/01_tiny.py, line {line}, cell 2" in alert
    assert "ValueError: <no>" in alert
    assert "What to do: correct it" in alert
    assert front_matter(page.markdown)["search"] == {"exclude": True}


def test_an_error_of_several_paragraphs_stays_in_its_box(tiny):
    error = ExecutionError("first\n\n    second\n\n# third", file="a.py", remedy="none")
    soup = rendered(make_error_page("tutorials_src/1_part/01_tiny.py", error).markdown)
    assert soup.pre.text == "first\n\n    second\n\n# third"
    assert len(soup.select("h1")) == 1


def test_the_same_run_gives_the_same_bytes(tiny):
    run = made_run(tiny, outputs=[[picture(), stream("x\n")], []])
    first, second = tiny.page(run), tiny.page(run)
    assert (first.markdown, first.files, first.record) == (
        second.markdown,
        second.files,
        second.record,
    )


OTHER_SETTINGS = {
    each.name: {"int": 7, "str": "https://elsewhere.example/"}.get(each.type, {"part": "Else"})
    for each in fields(Settings)
    if each.name != "root"
}


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_a_page_hangs_on_the_settings_that_it_shows_and_on_no_other(tiny, name):
    run = made_run(tiny)
    before, after = tiny.page(run), tiny.page(run, **{name: OTHER_SETTINGS[name]})
    assert (before.digest == after.digest) == (before == after)


def test_a_stored_run_gives_the_bytes_that_the_run_itself_gave(tiny):
    tiny.edit("from snippets", "import numpy\nfrom snippets")
    run = made_run(tiny, outputs=[[picture()], []], artifacts=(Artifact("m", b"weights"),))
    tiny.store.save(run)
    fresh, stored = tiny.page(run), tiny.page(tiny.store.load("tiny", tiny.key()))
    assert (fresh.markdown, fresh.files, fresh.record) == (
        stored.markdown,
        stored.files,
        stored.record,
    )


def test_an_export_is_the_page_with_all_that_stands_beside_it(tiny, tmp_path):
    page = tiny.page(made_run(tiny, outputs=[[picture()], []]))
    export([page], tmp_path / "out")
    written = sorted(
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    )
    assert written == [
        "part/tiny.md",
        "part/tiny/figure-01-dark.webp",
        "part/tiny/figure-01.webp",
        "part/tiny/run.ipynb",
        "part/tiny/tiny.ipynb",
        "part/tiny/tiny.py",
    ]
    assert json.loads((tmp_path / "out/part/tiny/run.ipynb").read_text())["nbformat"] == 4


def test_a_claim_with_markup_in_its_condition_is_shown_as_written(tiny):
    tiny.edit("assert total == 5", 'assert total < 6 and "<b>" != "`*x*`"')
    soup = rendered(tiny.page(made_run(tiny)).markdown)
    assert soup.select_one("ul.claims code").text == 'total < 6 and "<b>" != "`*x*`"'
    assert html.escape("<b>") in str(soup.select_one("ul.claims"))


def test_the_sign_beside_a_heading_says_to_which_it_links():
    sign = '<a class="headerlink" href="#a" title="Permanent link">¶</a>'
    html = (
        f'<h1>No sign</h1><h2 id="a">Of <code>x &lt; 1</code> and\n"y"{sign}</h2>'
        f'<p>¶</p><h3 data-search-exclude="" id="b">z{sign}</h3>'
    )
    named = BeautifulSoup(named_permalinks(html), "html.parser")
    assert [each["aria-label"] for each in named.select("a")] == [
        'Link to Of x < 1 and "y"',
        "Link to z",
    ]
    assert named.get_text() == BeautifulSoup(html, "html.parser").get_text()


@pytest.mark.parametrize(
    ("bare", "marked"),
    [
        ("of $x &lt; y$ we", r'of <span class="arithmatex">\(x &lt; y\)</span> we'),
        ("$$\nx^2\n$$", '<div class="arithmatex">\\[\nx^2\n\\]</div>'),
        ("from $5 \\foo to $6", r'from <span class="arithmatex">\(5 \foo to \)</span>6'),
    ],
)
def test_a_records_formulas_are_shown_as_every_mkdocs_jupyter_leaves_them(bare, marked):
    """Up to 0.26 it leaves TeX between dollar signs; 0.27 marks it, two prices too."""
    assert with_formulas(bare) == with_formulas(marked)
    assert ("<math" in with_formulas(bare)) == ("foo" not in bare)
