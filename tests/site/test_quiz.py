"""Questions: asked by buttons, answered with reasons, kept with the reader's path; folded answers without a script."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

PAGE = "foundations/broadcasting"
KEY = "course.quiz"


def ask(page: Page, address: str) -> Locator:
    page.goto(f"{address}{PAGE}/")
    return page.locator(".quiz-question")


def answer_of(question: Locator) -> Locator:
    place = int(question.get_attribute("data-answer"))
    return question.locator("button.quiz-choice").nth(place - 1)


def distractor_of(question: Locator) -> Locator:
    return question.locator("button.quiz-choice").nth(0 if question.get_attribute("data-answer") != "1" else 1)


def kept(page: Page) -> dict[str, dict[str, bool]]:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}') || '{{}}'"))


def test_every_tutorial_asks_five_questions_with_one_answer_and_a_reason_for_each_choice(site):
    for url in site.course_pages:
        questions = site.pages[url].select(".quiz-question")
        assert len(questions) == 5, url
        for question in questions:
            choices = question.find("ol", recursive=False).find_all("li", recursive=False)
            reasons = question.select("details > ol > li")
            assert len(choices) == len(reasons) >= 3
            answers = [at for at, each in enumerate(reasons, 1) if each.text.startswith("The answer.")]
            assert answers == [int(question["data-answer"])]


def test_the_answer_stands_in_every_place(site):
    """Whoever always takes the first choice is right about as often as chance is."""
    pages = [site.pages[url] for url in site.course_pages]
    places = [each["data-answer"] for page in pages for each in page.select(".quiz-question")]
    assert {"1", "2", "3"} <= set(places)
    assert max(map(places.count, set(places))) < 0.55 * len(places)


def test_every_exercise_folds_a_hint_its_check_and_its_solution(site):
    for url in site.course_pages:
        starters = [
            each for each in site.pages[url].select(".filename") if each.text == "Your turn"
        ]
        folded = [each.text for each in site.pages[url].select("details > summary")]
        for name in ("Hint", "Check yourself", "Solution"):
            assert folded.count(name) == len(starters), (url, name)


def test_a_choice_shows_its_own_reason_by_keyboard_and_says_it(address, laptop):
    question = ask(laptop, address).first
    wrong = distractor_of(question)
    wrong.focus()
    laptop.keyboard.press("Enter")
    verdict = question.get_by_role("status")
    expect(verdict).to_contain_text("Not this one.")
    expect(wrong).to_have_attribute("aria-pressed", "true")
    answer_of(question).focus()
    laptop.keyboard.press("Space")
    expect(verdict).to_contain_text("Right.")
    place = int(question.get_attribute("data-answer"))
    reason = question.locator("details > ol > li").nth(place - 1)
    said = " ".join(reason.text_content().split()).removeprefix("The answer.").strip()
    assert " ".join(verdict.text_content().split()) == f"Right. {said}"
    assert question.get_attribute("role") == "group"
    expect(laptop.get_by_role("group", name="Question 1.").first).to_be_visible()


def test_only_the_first_try_counts_and_it_outlasts_the_page(address, laptop):
    questions = ask(laptop, address)
    distractor_of(questions.nth(0)).click()
    answer_of(questions.nth(0)).click()
    answer_of(questions.nth(1)).click()
    result = laptop.locator(".quiz-result [role=status]")
    expect(result).to_have_text("1 of 5 right at the first try, 2 answered.")
    laptop.reload()
    expect(result).to_have_text("1 of 5 right at the first try, 2 answered.")
    assert list(kept(laptop)) == [PAGE]
    laptop.get_by_role("button", name="Ask me again").click()
    expect(result).to_be_hidden()
    expect(questions.nth(0).locator("button.quiz-choice").first).to_be_focused()
    assert kept(laptop) == {}


def test_the_way_through_the_course_says_what_was_answered_and_erases_it(address, laptop):
    questions = ask(laptop, address)
    distractor_of(questions.nth(0)).click()
    answer_of(questions.nth(1)).click()
    laptop.goto(address)
    status = laptop.locator("[data-path=status]")
    expect(status).to_contain_text("Of 2 questions answered, 1 right at the first try.")
    row = laptop.locator(f".course-list a[href='{PAGE}/']")
    expect(row).to_have_attribute("data-quiz", "1 right of 2 answered")
    laptop.on("dialog", lambda dialog: dialog.accept())
    laptop.locator("[data-path=erase]").click()
    expect(row).not_to_have_attribute("data-quiz", "1 right of 2 answered")
    assert kept(laptop) == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{", f'{{"{PAGE}": 3}}', f'{{"{PAGE}": {{"x": true, "y": 1}}}}']
)
def test_what_does_not_fit_is_as_if_nothing_was_kept(address, laptop, text):
    problems: list[str] = []
    laptop.on("pageerror", lambda error: problems.append(str(error)))
    laptop.add_init_script(f"localStorage.setItem('{KEY}', {json.dumps(text)})")
    questions = ask(laptop, address)
    expect(laptop.locator(".quiz-result")).to_be_hidden()
    answer_of(questions.nth(0)).click()
    expect(laptop.locator(".quiz-result [role=status]")).to_contain_text("1 of 5 right")
    laptop.goto(address)
    assert problems == []


def test_the_script_moves_nothing_when_it_comes(address, browser):
    context = browser.new_context(viewport={"width": 360, "height": 900})
    page = context.new_page()
    later = re.compile(r"(?<!/start)\.js$")  # all that wait until the page is painted
    page.route(later, lambda route: None)  # held, until nothing is to be done with it
    with page.expect_request(later):
        page.goto(f"{address}{PAGE}/", wait_until="domcontentloaded")
    heights = "all => all.map(each => each.getBoundingClientRect().height)"
    questions = page.locator(".quiz-question")
    page.evaluate("document.fonts.ready")
    before = questions.evaluate_all(heights)
    page.unroute(later)
    expect(questions.locator("button.quiz-choice").first).to_be_visible()
    assert questions.evaluate_all(heights) == before
    assert len(before) == 5
    context.close()


def test_without_a_script_the_choices_are_read_and_the_answers_unfold(address, browser):
    context = browser.new_context(java_script_enabled=False)
    question = ask(context.new_page(), address).first
    assert question.locator(":scope > ol > li").count() >= 3
    expect(question.locator("button.quiz-choice")).to_have_count(0)
    question.locator("summary").click()
    expect(question.get_by_text("The answer.")).to_be_visible()
    context.close()
