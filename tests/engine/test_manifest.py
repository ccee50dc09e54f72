"""The manifest: what a program finds of the snippets, and that it is what their pages offer."""

from __future__ import annotations

import hashlib
import json

from tutorial_engine.build_cache import BuildCache
from tutorial_engine.copying import Project, copied, copies_of, needs_of, read_project
from tutorial_engine.examples import example_tutorial
from tutorial_engine.manifest import manifest
from tutorial_engine.snippet_pages import snippet_page
from tutorial_engine.snippet_tests import Results

from .test_copying import SHAPES

COURSE = Project("course", "1.2", "MIT")
ANGLES = '''\
"""Angles
of shapes.

Needs: numpy, scipy (1.13 or newer). Copy this one file into your project and `import angles`.
"""


def right():
    return 90


class Turn:
    """A turn."""


LEFT = 90
'''
SOURCES = {"shapes": SHAPES, "angles": ANGLES}


def test_the_manifest_says_what_the_snippets_are_from():
    document = json.loads(manifest(SOURCES, COURSE))
    told = {name: document[name] for name in ("project", "version", "license")}
    assert told == {"project": "course", "version": "1.2", "license": "MIT"}


def test_a_snippet_has_its_first_line_its_needs_and_its_public_names_in_the_order_of_the_file():
    angles, shapes = json.loads(manifest(SOURCES, COURSE))["snippets"]
    assert (angles["name"], angles["summary"]) == ("angles", "Angles of shapes.")
    assert angles["needs"] == "numpy, scipy (1.13 or newer)"
    assert (angles["page"], angles["file"]) == ("snippets/angles/", "snippets/angles.py")
    right, turn = angles["names"]
    assert (right["name"], right["summary"]) == ("right", "")
    assert (turn["name"], turn["summary"]) == ("Turn", "A turn.")
    assert [each["name"] for each in shapes["names"]] == ["area", "total", "unused"]
    area = shapes["names"][0]
    assert (area["page"], area["file"]) == ("snippets/shapes/#area", "snippets/shapes.area.py")


def test_digests_and_lines_are_those_of_the_files_that_the_page_offers():
    for each in json.loads(manifest(SOURCES, COURSE))["snippets"]:
        examples = example_tutorial(each["name"], SOURCES[each["name"]])
        page = snippet_page(
            examples,
            None,
            tests=[],
            results=Results({}, {}),
            users={},
            project=COURSE,
            build_cache=BuildCache(),
        )
        offered = {entry["file"]: entry for entry in (each, *each["names"])}
        assert set(offered) == set(page.files)
        for file, content in page.files.items():
            assert offered[file]["sha256"] == hashlib.sha256(content).hexdigest()
            assert offered[file]["lines"] == content.count(b"\n")
        assert each["sha256"] in page.markdown


def test_the_same_snippets_give_the_same_bytes_in_whatever_order_they_come():
    assert manifest(SOURCES, COURSE) == manifest(dict(reversed(SOURCES.items())), COURSE)


def test_the_copies_of_a_snippet_are_those_that_the_command_writes(course):
    course.snippet("shapes", SHAPES)
    (course.root / "pyproject.toml").write_text('[project]\nname = "course"\nversion = "1.2"\n')
    copies = copies_of("shapes", SHAPES, Project("course", "1.2"))
    assert list(copies) == ["shapes", "shapes.area", "shapes.total", "shapes.unused"]
    assert copies == {asked: copied(course.root, asked) for asked in copies}


def test_what_a_snippet_needs_is_read_over_the_ends_of_lines():
    assert needs_of(ANGLES.replace("scipy (", "scipy\n(")) == "numpy, scipy (1.13 or newer)"
    assert needs_of('"""Nothing."""\n') == ""


def test_a_project_is_read_where_a_file_names_it(course):
    assert read_project(course.root) == Project(course.root.name)
    file = course.root / "pyproject.toml"
    file.write_text('[project]\nname = "course"\nversion = "1.2"\nlicense = "MIT"\n')
    assert read_project(course.root) == COURSE
    file.write_text('[project]\nname = "other"\nlicense = { file = "LICENSE" }\n')
    assert read_project(course.root) == Project("other")
