"""The whole site leaves as sources that need nothing of ours, and nothing else is ever overwritten."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib

import markdown
import pytest
import yaml
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tutorial_engine.__main__ import main
from tutorial_engine.export_site import MANIFEST, ExportError, write_export
from tutorial_engine.portable import portable, with_terms
from tutorial_engine.site_config import as_toml, as_yaml, exported_config, read_config
from tutorial_engine.terms import Vocabulary

from .tiny import REPOSITORY, TINY, made_run, picture, stored

EXTENSIONS = ["attr_list", "footnotes", "md_in_html", "tables", "toc", "pymdownx.superfences"]
HOME = """\
---
title: Home
hide: [toc]
---

# Home

<!-- figure 1 of tiny -->

<!-- claim 1 of tiny -->

[Begin](part/tiny.md#words-first-used-here), see $x^2$.

- **Stay**: read.
- **Leave**: [all of it](tiny.zip).
  [How](about/offline.md).

<!-- course map -->
"""


@pytest.fixture
def site(course, monkeypatch):
    """A course with a site of its own: figure, formula, term, zip."""
    monkeypatch.setenv("COLUMNS", "200")
    course.site()
    text = (course.root / "mkdocs.yml").read_text()
    text = text.replace(
        "      - about/checks.md\n", "      - about/checks.md\n      - about/offline.md\n"
    )
    (course.root / "mkdocs.yml").write_text(
        text.replace("  - tutorials\n", "  - tutorials\n  - glossary.md\n")
    )
    (course.root / "pyproject.toml").write_text('[tool.tutorial_engine]\noffline = "tiny.zip"\n')
    (course.root / "docs/index.md").write_text(HOME)
    (course.root / "docs/about").mkdir()
    (course.root / "docs/about/offline.md").write_text("# Offline\n\n[All of it](../tiny.zip).\n")
    (course.root / "docs/assets").mkdir()
    (course.root / "docs/assets/course.css").write_text("p { margin: 0 }\n")
    (course.root / "docs/search.yml").write_text("background: []\n")
    course.glossary("sum")
    body = TINY.replace(
        "one comes out.", "one sum comes out: $a + b \\le c$. See [home](../index.md)."
    )
    course.tutorial(body, teaches=["sum"])
    course.store.save(made_run(course, outputs=[[picture()], []]))
    return course


def export(site, name: str = "out") -> int:
    return main(["export", "--site", str(site.root / name)], root=site.root)


def files(folder) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_export_has_every_page_and_what_it_needs(site):
    assert export(site) == 0
    assert set(files(site.root / "out")) == {
        *(".tutorial-export.json", "README.md", "mkdocs.yml", "zensical.toml"),
        *("overrides/404.html", "overrides/main.html", "overrides/partials/source.html"),
        *("overrides/partials/palette.html", "overrides/partials/javascripts/palette.html"),
        "overrides/.icons/course/logo.svg",
        *("docs/index.md", "docs/glossary/index.md", "docs/about/checks/index.md"),
        *("docs/build.json", "docs/assets/glossary.json", "docs/assets/course.css"),
        "docs/part/tiny/index.md",
        *(f"docs/part/tiny/{name}" for name in ("tiny.py", "tiny.ipynb", "run.ipynb")),
        *(f"docs/part/tiny/figure-01{name}.webp" for name in ("", "-dark")),
    }


def test_an_export_names_nothing_of_ours(site):
    export(site)
    for name in ("mkdocs.yml", "zensical.toml"):
        text = (site.root / "out" / name).read_text()
        assert "tutorial_engine" not in text
        assert "arithmatex" not in text
    config = yaml.safe_load((site.root / "out/mkdocs.yml").read_text())
    assert config["plugins"] == ["search"]
    assert config["nav"] == [
        {"Home": "index.md"},
        {"Part": [{"1. Tiny": "part/tiny/index.md"}]},
        "glossary/index.md",
        {"About": ["about/checks/index.md"]},
    ]
    toml = tomllib.loads((site.root / "out/zensical.toml").read_text())["project"]
    assert toml["nav"] == config["nav"]
    assert toml["theme"]["palette"] == config["theme"]["palette"]
    assert toml["markdown_extensions"]["pymdownx.tabbed"] == {"alternate_style": True}


def test_both_configurations_of_the_real_site_say_the_same(monkeypatch):
    monkeypatch.setenv("SITE_URL", "https://example.org/course")
    site = read_config(REPOSITORY / "mkdocs.yml")
    exported = exported_config(site, [{"Home": "index.md"}], ['a "b".md'], {"atlas": "help/"})
    toml, yml = tomllib.loads(as_toml(exported))["project"], yaml.safe_load(as_yaml(exported))
    assert toml["site_url"] == "https://example.org/course/"
    assert toml.pop("plugins") == {"search": {}}
    assert yml.pop("plugins") == ["search"]
    named = [
        {each: {}} if isinstance(each, str) else each for each in yml.pop("markdown_extensions")
    ]
    assert toml.pop("markdown_extensions") == {name: each[name] for each in named for name in each}
    assert toml["theme"].pop("variant") == "classic"
    assert toml.pop("validation")
    assert yml.pop("validation") == site["validation"]
    assert toml == yml


def test_marks_are_filled_in_and_what_the_build_alone_writes_is_left_out(site):
    export(site)
    home = (site.root / "out/docs/index.md").read_text()
    assert "Two and three make &lt;five&gt;." in home
    assert '<source srcset="part/tiny/figure-01-dark.webp"' in home
    assert "](part/tiny/figure-01.webp)" in home
    assert "](part/tiny/index.md#words-first-used-here)" in home
    assert '<a href="part/tiny/"' in home
    assert "<!--" not in home
    assert "**Stay**" in home
    assert "zip" not in home
    assert "offline" not in home
    glossary = (site.root / "out/docs/glossary/index.md").read_text()
    assert "First used in [Tiny](../part/tiny/index.md)" in glossary


def test_an_export_builds_strictly_without_our_plugin(site, caplog):
    export(site)
    config = load_config(str(site.root / "out/mkdocs.yml"), site_dir=str(site.root / "out/site"))
    assert not any("tutorial" in name for name in (*config.plugins, *config.markdown_extensions))
    build(config)
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]
    page = BeautifulSoup((site.root / "out/site/part/tiny/index.html").read_text(), "html.parser")
    (formula,) = page.select("article math")
    assert (formula["display"], formula["data-tex"]) == ("inline", "a + b \\le c")
    (source,) = page.select("article picture source")
    image = source.find_next_sibling("img")
    assert (source["srcset"], image["src"]) == ("figure-01-dark.webp", "figure-01.webp")
    assert page.select_one("a.term")["href"] == "../../glossary/#sum"
    assert page.select_one("nav.contents")
    assert "search.js" not in str(page.find_all("script", src=True))


def test_a_second_export_takes_the_place_of_the_first(site):
    export(site)
    before = files(site.root / "out")
    assert export(site) == 0
    assert files(site.root / "out") == before
    (site.root / "docs/about/more.md").write_text("# More\n")
    export(site)
    assert "docs/about/more/index.md" in files(site.root / "out")
    (site.root / "docs/about/more.md").unlink()
    assert export(site) == 0
    assert files(site.root / "out") == before
    assert not (site.root / "out/docs/about/more").exists()


@pytest.mark.parametrize("name", ["docs/index.md", "mkdocs.yml"])
def test_what_no_export_wrote_is_not_overwritten(site, capsys, name):
    target = site.root / "out" / name
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    assert export(site) == 2
    assert files(site.root / "out") == {name: b"mine"}
    said = capsys.readouterr().out
    assert name in said
    assert "name another folder" in said


def test_what_was_changed_since_an_export_is_not_overwritten(site, capsys):
    export(site)
    (site.root / "out/docs/index.md").write_text("mine")
    before = files(site.root / "out")
    assert export(site) == 2
    assert files(site.root / "out") == before
    assert "docs/index.md" in capsys.readouterr().out


def test_an_export_cut_short_is_taken_up_again(site):
    export(site)
    (site.root / "docs/index.md").write_text("# Another\n")
    folder = site.root / "out"
    with pytest.MonkeyPatch.context() as patch:
        from tutorial_engine import export_site

        calls = []

        def note(*arguments):
            calls.append(arguments)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return real(*arguments)

        real = export_site._note
        patch.setattr(export_site, "_note", note)
        assert export(site) == 130
    assert (folder / "docs/index.md").read_text() == "# Another\n"
    assert export(site) == 0


# A configuration as somebody else writes it.


def both(text: str, tmp_path) -> tuple[dict, dict]:
    """Return what both configurations of an export of a site with this one say."""
    (tmp_path / "mkdocs.yml").write_text(text)
    exported = exported_config(read_config(tmp_path / "mkdocs.yml"), ["index.md"], [], {})
    return tomllib.loads(as_toml(exported))["project"], yaml.safe_load(as_yaml(exported))


def test_a_setting_without_a_value_is_left_out(tmp_path, monkeypatch):
    monkeypatch.delenv("SITE_URL", raising=False)
    text = "site_name: A\nsite_url: !ENV SITE_URL\nextra:\n  a: !ENV SITE_URL\n  b: [1, null]\ntheme:\n  name: material\n"
    for config in both(text, tmp_path):
        assert "site_url" not in config
        assert config["extra"] == {"b": [1]}


@pytest.mark.parametrize(
    ("theme", "name"), [("theme: material\n", "material"), ("", "mkdocs"), ("theme:\n", "mkdocs")]
)
def test_a_theme_may_be_a_name_alone_or_none(tmp_path, theme, name):
    for config in both(f"site_name: A\n{theme}", tmp_path):
        assert config["theme"]["name"] == name


def test_extensions_may_be_a_mapping_and_have_no_settings(tmp_path):
    text = "site_name: A\nmarkdown_extensions:\n  toc:\n    permalink: true\n  tables:\n"
    toml, yml = both(text, tmp_path)
    assert toml["markdown_extensions"] == {"toc": {"permalink": True}, "tables": {}}
    assert yml["markdown_extensions"] == [{"toc": {"permalink": True}}, {"tables": {}}]


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "has no settings"), ("- a\n", "has no settings"), ("theme: material\n", "site_name")],
)
def test_a_configuration_that_is_none_is_named(tmp_path, text, said):
    with pytest.raises(ValueError, match=said):
        both(text, tmp_path)


def test_what_a_site_excludes_is_excluded_by_pattern(site):
    for name in (
        "drafts/one.md",
        "about/drafts/kept.md",
        "about/a.tmp",
        "b.tmp",
        "c.tmp",
        ".d/e.txt",
    ):
        (site.root / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (site.root / "docs" / name).write_text("# One\n")
    with (site.root / "mkdocs.yml").open("a") as file:
        file.write("\nexclude_docs: |\n  # what is not ready\n  /drafts/\n  *.tmp\n  !c.tmp\n")
    assert export(site) == 0
    found = {name for name in files(site.root / "out/docs") if "draft" in name or "tmp" in name}
    assert found == {"about/drafts/kept/index.md", "c.tmp"}
    assert not (site.root / "out/docs/.d").exists()


# The list of what an export wrote lies in the folder, and may have been written by anybody.


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "path",
    [
        "../mine.txt",
        "docs/../../mine.txt",
        "{root}/mine.txt",
        "linked/mine.txt",
        "./../mine.txt",
        "docs//../../mine.txt",
    ],
)
def test_an_export_deletes_nothing_outside_its_folder_whatever_its_list_says(tmp_path, path):
    mine, folder = tmp_path / "mine.txt", tmp_path / "out"
    mine.write_bytes(b"mine")
    write_export({"docs/index.md": b"# One\n"}, folder)
    (folder / "linked").symlink_to(tmp_path)
    noted = json.loads((folder / MANIFEST).read_text())
    noted[path.replace("{root}", str(tmp_path))] = [digest(b"mine")]
    (folder / MANIFEST).write_text(json.dumps(noted))
    write_export({"docs/index.md": b"# Two\n"}, folder)
    assert mine.read_bytes() == b"mine"
    assert (folder / "docs/index.md").read_bytes() == b"# Two\n"
    assert list(json.loads((folder / MANIFEST).read_text())) == ["docs/index.md"]


def test_an_export_writes_nothing_through_a_link_that_leads_out_of_its_folder(tmp_path):
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    folder.mkdir()
    (folder / "docs").symlink_to(elsewhere)
    with pytest.raises(ExportError, match=r"docs/index\.md"):
        write_export({"docs/index.md": b"# One\n"}, folder)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    "noted",
    [
        *("[1]", '"docs/index.md"', "null", "{", "", "[" * 100_000),
        *('{"docs/index.md": 1}', '{"docs/index.md": "MINE"}', '{"docs/index.md": [1, ""]}'),
    ],
)
def test_a_list_that_is_none_makes_no_file_an_exports_own(tmp_path, noted):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_bytes(b"mine")
    (tmp_path / MANIFEST).write_text(noted.replace("MINE", digest(b"mine")))
    with pytest.raises(ExportError, match=r"docs/index\.md"):
        write_export({"docs/index.md": b"# One\n"}, tmp_path)
    assert (tmp_path / "docs/index.md").read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["docs", "docs/part"])
def test_a_file_where_an_export_needs_a_folder_is_named(site, capsys, name):
    (site.root / "out" / name).parent.mkdir(parents=True)
    (site.root / "out" / name).write_text("mine")
    assert export(site) == 2
    assert files(site.root / "out") == {name: b"mine"}
    assert f"changed since: {name}." in capsys.readouterr().out


def test_a_file_in_place_of_the_folder_is_said(site, capsys):
    (site.root / "out").write_text("mine")
    assert export(site) == 2
    assert (site.root / "out").read_text() == "mine"
    assert "cannot be written" in capsys.readouterr().out


def test_a_page_that_becomes_a_folder_takes_the_place_of_its_file(tmp_path):
    write_export({"docs/more": b"one"}, tmp_path)
    write_export({"docs/more/index.md": b"two"}, tmp_path)
    assert (tmp_path / "docs/more/index.md").read_bytes() == b"two"


def test_a_course_that_fails_is_not_exported(site):
    stored(site, "well")
    site.tutorial("# %%\nx = 1\n", file="1_part/02_broken.py", needs=["nobody"])
    assert export(site) == 1
    assert not (site.root / "out").exists()


# What Markdown reads of a portable page is what it read of the page.


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(markdown.markdown(text, extensions=EXTENSIONS), "html.parser")


FORMULAS = [
    *(r"x^2", r"a_1 * b_2 * c", r"\{x \mid y\}", r"a < b > c", r"|x| + [y](z)", r"5\% \& 3\_"),
    *(r"\text{a *c* d}", r"f(x)!", r"\mathbf{W}^\top \hat{y}"),
]
PLACES = ["{}", "Text {} *and* {}\n{} more.", "- {}\n", "| a | b |\n|---|---|\n| {} | c |\n"]


@pytest.mark.parametrize(
    ("tex", "around"),
    # A table would end its cell at a line in the TeX.
    [(tex, place) for tex in FORMULAS for place in PLACES if "|" not in tex or place[0] != "|"],
)
def test_a_formula_arrives_whole_wherever_it_stands(tex, around):
    text = around.replace("{}", f"${tex}$")
    page, expected = (
        soup(portable(text, "a.md")),
        markdown.markdown(
            text,
            extensions=[*EXTENSIONS, "pymdownx.arithmatex", "tutorial_engine.markdown_extension"],
            extension_configs={"pymdownx.arithmatex": {"generic": True}},
        ),
    )
    shown = page.select("math")
    assert [each.attrs.pop("data-tex") for each in shown] == [tex] * text.count(f"${tex}$")
    assert list(map(str, shown)) == list(
        map(str, BeautifulSoup(expected, "html.parser").select("math"))
    )
    assert page.text.split() == BeautifulSoup(expected, "html.parser").text.split()


def test_a_block_of_maths_stays_a_block():
    (formula,) = soup(
        portable("Text.\n\n$$\na \\\\ b\n$$\n\nMore.".replace("\\\\", "+"), "a.md")
    ).select("math")
    assert formula["display"] == "block"
    assert formula.parent.name != "p"


def test_a_dollar_in_code_or_html_stays():
    text = "It costs `$5$`, or $x$.\n\n<div>$y$ and $x$</div>\n"
    page = soup(portable(text, "a.md"))
    assert len(page.select("math")) == 1
    assert page.code.text == "$5$"
    assert page.div.text == "$y$ and $x$"


def test_a_heading_with_a_formula_keeps_its_address():
    text = "## One\n\n## On $x^2$\n\n## On $y$ { .wide }\n"
    headings = soup(portable(text, "a.md")).select("h2")
    plain = markdown.markdown(text, extensions=["attr_list", "toc"])
    assert [each["id"] for each in headings] == re.findall('id="([^"]+)"', plain)
    assert headings[2]["class"] == ["wide"]


def test_links_lead_to_the_same_files_from_a_pages_new_place():
    text = "[a](other.md#x) [b](../index.md) [c](tiny/tiny.py) [d](#here) [e](https://example.org/a.md) `[f](g.md)`"
    assert portable(text, "part/tiny.md") == (
        "[a](../other/index.md#x) [b](../../index.md) [c](tiny.py) [d](#here) [e](https://example.org/a.md) `[f](g.md)`"
    )


def test_the_first_use_of_a_term_leads_to_its_entry_and_no_other_place_does():
    vocabulary = Vocabulary(["batch size", "batch", "layer"])
    text = (
        "## A layer\n\n`layer` *layer* [layer](layer.md) Two layers, then a layer.\n\n"
        "Each batch\nsize is **batch** { .batch }\n"
    )
    found = with_terms(
        text, vocabulary, {"batch size", "batch", "layer"}, lambda term: f"g.md#{term}"
    )
    assert found == text.replace("Two layers", "Two [layers](g.md#layer){ .term }").replace(
        "batch\nsize", "[batch\nsize](g.md#batch size){ .term }"
    ).replace("**batch**", "**[batch](g.md#batch){ .term }**")
    assert "term" not in with_terms(text, vocabulary, set(), str)
