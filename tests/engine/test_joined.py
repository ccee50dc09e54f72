"""What every page fetches comes as one file of styles and one of scripts."""

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from tutorial_engine.joined import join_files

CONTENTS = {
    "assets/one.css": "p { color: red }",
    "assets/two.css": "a { color: blue }",
    "assets/one.js": "(() => { first() })()",
    "assets/two.js": "(() => { second() })()",
    "other/three.js": "third()",
}


def joined(
    styles: list, scripts: list, written: dict[str, str] = CONTENTS
) -> tuple[list, list, Files]:
    """Return the lists and the files of a site whose files have been joined."""
    config = MkDocsConfig()
    config.load_dict({"site_name": "A site", "extra_css": styles, "extra_javascript": scripts})
    errors, _ = config.validate()
    assert all(name == "docs_dir" for name, _ in errors), errors
    config.plugins._current_plugin = "tutorials"  # as MkDocs has it while it asks a plugin
    files = Files([File.generated(config, path, content=text) for path, text in written.items()])
    join_files(config, files)
    return config.extra_css, config.extra_javascript, files


def content(files: Files, path: str) -> str:
    file = files.get_file_from_path(path)
    assert file is not None
    return file.content_string


def test_styles_and_scripts_come_as_one_file_each_in_their_order():
    styles, scripts, files = joined(
        ["assets/two.css", "assets/one.css"], ["assets/one.js", "assets/two.js"]
    )
    assert (styles, scripts) == (["assets/site.css"], ["assets/site.js"])
    assert content(files, "assets/site.css") == "a { color: blue }\np { color: red }"
    # Each is a whole statement, however the one before it ended.
    assert content(files, "assets/site.js") == "(() => { first() })();\n(() => { second() })()"
    assert set(files.src_uris) == {"assets/site.css", "assets/site.js", "other/three.js"}


@pytest.mark.parametrize(
    "scripts",
    [
        pytest.param(["assets/one.js"], id="one alone"),
        pytest.param(["assets/one.js", "other/three.js"], id="in two folders"),
        pytest.param(["assets/one.js", "https://example.org/two.js"], id="from elsewhere"),
        pytest.param(["assets/one.js", "assets/none.js"], id="not there"),
        pytest.param(["assets/one.js", {"path": "assets/two.js", "defer": True}], id="deferred"),
        pytest.param(["assets/one.js", "assets/two.mjs"], id="a module"),
    ],
)
def test_a_list_that_does_not_come_to_one_file_stays(scripts):
    _, stayed, files = joined([], scripts, CONTENTS | {"assets/two.mjs": "export default 2"})
    given = [each if isinstance(each, str) else each["path"] for each in scripts]
    assert [str(each) for each in stayed] == given
    assert files.get_file_from_path("assets/one.js") is not None
