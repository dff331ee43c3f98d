"""The worker portal in a real browser, from signing in to the completed job.

Pictures of the pages are kept in the test's temporary directory, or where PORTAL_PICTURES says.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.portal.conftest import opened, party, picture
from tests.support.labelings import put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.controlplane.labelwork import LabelingWork
    from sagectl.controlplane.plane import ControlPlane
    from tests.portal.conftest import MakeJob
    from tests.support.provider import Provider

pytestmark = pytest.mark.browser

RED, BLUE = (190, 60, 50), (40, 90, 180)
OUTPUT = "s3://pets/out/pets/manifests/output/output.manifest"


class Browser:
    """A person at a headless Chromium."""

    def __init__(self, driver: Any, pictures: Path) -> None:
        self.driver = driver
        self.pictures = pictures

    def find(self, css: str) -> Any:
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(self.driver, 10, poll_frequency=0.05)
        return wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, css))

    def all(self, css: str) -> list[Any]:
        from selenium.webdriver.common.by import By

        return list(self.driver.find_elements(By.CSS_SELECTOR, css))

    def click(self, css: str) -> None:
        self.find(css).click()

    def leave_by(self, css: str) -> None:
        """Click what leads to another page, and be there."""
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        # A page is left when its mark is gone. Asking whether its body is stale instead can hit
        # the moment between two documents, for which the driver has an error of its own.
        self.driver.execute_script("window.left_behind = true")
        self.click(css)
        arrived = "return !window.left_behind && document.readyState === 'complete'"
        patience = WebDriverWait(
            self.driver, 10, poll_frequency=0.05, ignored_exceptions=[WebDriverException]
        )
        patience.until(lambda driver: driver.execute_script(arrived))
        self.find("main")

    def sign_in(self, url: str, name: str) -> None:
        self.driver.get(url)
        self.find("input[name=name]").send_keys(name)
        self.find("input[name=password]").send_keys("open-sesame")
        self.leave_by("main button")

    def sign_out(self) -> None:
        self.leave_by("header button")

    def drag(self, element: Any, begin: tuple[int, int], end: tuple[int, int]) -> None:
        """Drag from one place of ``element`` to another, places from its upper left corner."""
        from selenium.webdriver.common.action_chains import ActionChains

        size = element.size
        half = (size["width"] // 2, size["height"] // 2)
        first = [at - middle for at, middle in zip(begin, half, strict=True)]
        chain = ActionChains(self.driver, duration=20)
        chain.move_to_element_with_offset(element, *first).click_and_hold()
        chain.move_by_offset(*(b - a for a, b in zip(begin, end, strict=True))).release()
        chain.perform()

    def look(self, name: str) -> None:
        self.driver.save_screenshot(str(self.pictures / f"{name}.png"))


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    binary, service = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not service:
        pytest.fail("Chromium is not installed: run .ci/browser")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.accept_insecure_certs = True  # the provider of a test has one of its own
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1100,820"):
        options.add_argument(f"--{flag}")
    found = webdriver.Chrome(options=options, service=webdriver.ChromeService(service))
    yield found
    found.quit()


@pytest.fixture
def browser(driver: Any, tmp_path: Path) -> Browser:
    driver.delete_all_cookies()
    driver.get_log("browser")  # what the pages of other tests said is theirs
    pictures = Path(os.environ.get("PORTAL_PICTURES") or tmp_path)
    pictures.mkdir(exist_ok=True)
    return Browser(driver, pictures)


def output(work: LabelingWork) -> list[dict[str, Any]]:
    text = work.objects.path(OUTPUT).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def status(plane: ControlPlane) -> str:
    found = plane.handle("DescribeLabelingJob", {"LabelingJobName": "pets"})
    return str(found["LabelingJobStatus"])


def no_complaints(browser: Browser) -> None:
    """The pages ran without an error in their scripts."""
    assert [row for row in browser.driver.get_log("browser") if row["level"] == "SEVERE"] == []


def test_two_workers_classify_texts_to_a_completed_job(
    plane: ControlPlane, make_job: MakeJob, browser: Browser
) -> None:
    work = make_job([{"source": "It purrs & naps."}, {"source": "It barks."}])
    with opened(work) as url:
        for name in ("ann", "bob"):
            browser.sign_in(url, name)
            browser.look("tasks")
            browser.leave_by(".jobs a")
            assert "It purrs & naps." in browser.find(".text").text
            browser.click("#submit")
            assert "Choose a label." in browser.find(".foot").text
            browser.click("[data-label=cat]")
            browser.look("text")
            browser.leave_by("#submit")
            browser.click("[data-label=dog]")
            browser.leave_by("#submit")
            assert "Thank you" in browser.find("main").text
            browser.sign_out()
        no_complaints(browser)
    assert status(plane) == "Completed"
    assert [row["pet"] for row in output(work)] == [0, 1]


def test_several_labels_of_an_image_are_chosen(
    plane: ControlPlane, make_job: MakeJob, browser: Browser, tmp_path: Path
) -> None:
    put(plane, "s3://pets/1.png", picture(640, 400, [(80, 90, 200, 180, RED)]), tmp_path)
    work = make_job(
        [{"source-ref": "s3://pets/1.png"}],
        task="ImageMultiClassMultiLabel",
        workers=1,
        labels=("red", "blue", "square"),
    )
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.click("[data-label=red]")
        browser.click("[data-label=square]")
        assert browser.driver.execute_script("return document.images[0].naturalWidth") == 640
        browser.look("image")
        browser.leave_by("#submit")
        no_complaints(browser)
    [row] = output(work)
    assert row["pet"] == [0, 2]
    assert row["pet-metadata"]["class-map"] == {"0": "red", "2": "square"}


def test_an_image_is_classified_by_a_key(
    plane: ControlPlane, make_job: MakeJob, browser: Browser, tmp_path: Path
) -> None:
    put(plane, "s3://pets/1.png", picture(320, 200, [(80, 50, 90, 90, BLUE)]), tmp_path)
    work = make_job([{"source-ref": "s3://pets/1.png"}], task="ImageMultiClass", workers=1)
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.find("body").send_keys("2")
        browser.leave_by("#submit")
    assert [row["pet"] for row in output(work)] == [1]


def test_boxes_are_drawn_removed_and_consolidated(
    plane: ControlPlane, make_job: MakeJob, browser: Browser, tmp_path: Path
) -> None:
    shapes = [(60, 60, 180, 140, RED), (380, 200, 160, 150, BLUE)]
    put(plane, "s3://pets/1.png", picture(640, 420, shapes), tmp_path)
    work = make_job(
        [{"source-ref": "s3://pets/1.png"}], task="BoundingBox", labels=("red", "blue")
    )
    with opened(work) as url:
        for name, slip in (("ann", 0), ("bob", 6)):
            browser.sign_in(url, name)
            browser.leave_by(".jobs a")
            frame = browser.find(".frame")
            assert frame.size == {"width": 640, "height": 420}
            browser.drag(frame, (60, 60 + slip), (240, 200 + slip))
            browser.click("[data-label=blue]")
            browser.drag(frame, (380, 200), (540, 350))
            browser.drag(frame, (300, 20), (360, 80))
            assert len(browser.all(".box")) == 3
            browser.click("[aria-label='Remove box 3']")
            browser.look("boxes")
            browser.leave_by("#submit")
            browser.sign_out()
        no_complaints(browser)
    [row] = output(work)
    assert row["pet"]["image_size"] == [{"width": 640, "height": 420, "depth": 3}]
    red, blue = row["pet"]["annotations"]
    assert (red["class_id"], blue["class_id"]) == (0, 1)
    wanted = {"left": 60, "top": 63, "width": 180, "height": 140}
    assert all(abs(red[side] - value) <= 2 for side, value in wanted.items())


CORRECTION = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-bounding-box name="annotatedResult" labels="['red', 'blue']" header="Correct the boxes"
    src="{{ task.input.taskObject | grant_read_access }}"
    initial-value="[
    {% for box in task.input.manifestLine.shapes.annotations %}
      {% capture class_id %}{{ box.class_id }}{% endcapture %}
      {% assign label = task.input.manifestLine.shapes-metadata.class-map[class_id] %}
      {
        label: {{label | to_json}},
        left: {{box.left}},
        top: {{box.top}},
        width: {{box.width}},
        height: {{box.height}},
      },
    {% endfor %}
   ]">
    <short-instructions>Remove what is <b>not</b> there.</short-instructions>
    <full-instructions header="All about boxes">Leave no margin.</full-instructions>
  </crowd-bounding-box>
</crowd-form>"""
JUDGMENT = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-image-classifier name="crowd-image-classifier" categories="['good', 'bad']"
    src="{{ task.input.taskObject | grant_read_access }}" header="Is it right?"
    overlay="{
      'semanticSegmentation': {
        'labels': ['red'],
        'labelMappings': { 'red': { 'color': '#be3c32' } },
        'src': '{{ task.input.manifestLine.shapes-ref | grant_read_access }}',
      }
    }">
    <worker-comment link-text="What is wrong?"></worker-comment>
  </crowd-image-classifier>
</crowd-form>"""


def test_boxes_of_an_earlier_job_are_corrected(
    plane: ControlPlane, make_job: MakeJob, browser: Browser, tmp_path: Path
) -> None:
    shapes = [(60, 60, 180, 140, RED), (380, 200, 160, 150, BLUE)]
    put(plane, "s3://pets/1.png", picture(640, 420, shapes), tmp_path)
    sides = ("left", "top", "width", "height")
    rows = [
        {"class_id": number, **dict(zip(sides, shape[:4], strict=True))}
        for number, shape in enumerate([*shapes, (5, 5, 40, 40)])
    ]
    line = {
        "source-ref": "s3://pets/1.png",
        "shapes": {"annotations": rows},
        "shapes-metadata": {"class-map": {"0": "red", "1": "blue", "2": "red"}},
    }
    work = make_job(
        [line],  # type: ignore[list-item]
        task="AdjustmentBoundingBox",
        workers=1,
        labels=("red", "blue"),
        template=CORRECTION,
    )
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.find(".box:nth-of-type(3)")
        assert "Remove what is not there." in browser.find(".instructions").text
        browser.look("correction")
        browser.click("[aria-label='Remove box 3']")
        browser.leave_by("#submit")
        no_complaints(browser)
    [row] = output(work)
    assert [one["class_id"] for one in row["pet"]["annotations"]] == [0, 1]
    assert row["pet"]["annotations"][1]["left"] == 380
    assert row["pet-metadata"]["adjustment-status"] == "adjusted"


def test_a_mask_of_an_earlier_job_is_judged(
    plane: ControlPlane, make_job: MakeJob, browser: Browser, tmp_path: Path
) -> None:
    put(plane, "s3://pets/1.png", picture(640, 420, [(60, 60, 180, 140, BLUE)]), tmp_path)
    put(plane, "s3://pets/mask.png", picture(640, 420, [(60, 90, 180, 140, RED)]), tmp_path)
    work = make_job(
        [{"source-ref": "s3://pets/1.png", "shapes-ref": "s3://pets/mask.png"}],
        task="VerificationSemanticSegmentation",
        workers=1,
        labels=("good", "bad"),
        template=JUDGMENT,
    )
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        assert "red" in browser.find(".legend").text
        width = "return document.querySelector('.painted').naturalWidth"
        assert browser.driver.execute_script(width) == 640
        browser.click("[data-label=bad]")
        browser.find(".side textarea").send_keys("Too low.")
        browser.look("judgment")
        browser.leave_by("#submit")
        no_complaints(browser)
    [row] = output(work)
    assert row["pet"] == 1
    assert row["pet-metadata"]["worker-feedback"] == [{"comment": "Too low."}]


def test_many_long_labels_fit_a_narrow_window(make_job: MakeJob, browser: Browser) -> None:
    long = "a label that takes more words than anybody would put into a label"
    labels = [*(f"label {number}" for number in range(1, 50)), long]
    work = make_job([{"source": "purrs " * 400}], workers=1, labels=labels)
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.look("many")
        is_wide = "return document.documentElement.scrollWidth > innerWidth"
        browser.find("body").send_keys("q")
        size = browser.driver.get_window_size()
        try:
            browser.driver.set_window_size(500, 820)
            browser.look("narrow")
            assert not browser.driver.execute_script(is_wide)
            browser.driver.execute_script("scrollTo(0, 0)")
            browser.look("narrow-top")
        finally:
            browser.driver.set_window_size(size["width"], size["height"])
        from selenium.webdriver.common.keys import Keys

        browser.driver.execute_script("window.left_behind = true")
        browser.find("body").send_keys(Keys.CONTROL, Keys.ENTER)
        browser.find(".note[role=status]")
    [row] = output(work)
    assert row["pet-metadata"]["class-name"] == "label 11"


def test_names_in_a_text_are_marked(
    plane: ControlPlane, make_job: MakeJob, browser: Browser
) -> None:
    text = "Mia 🐈 lives in Oslo with Rex."
    work = make_job(
        [{"source": text}], task="NamedEntityRecognition", workers=1, labels=("name", "city")
    )
    select = """
        const [word] = arguments;
        const walker = document.createTreeWalker(document.querySelector('.text'), 4);
        while (walker.nextNode()) {
          const at = walker.currentNode.data.indexOf(word);
          if (at < 0) continue;
          const range = document.createRange();
          range.setStart(walker.currentNode, at);
          range.setEnd(walker.currentNode, at + word.length);
          getSelection().removeAllRanges();
          getSelection().addRange(range);
        }
        document.querySelector('.text').dispatchEvent(new PointerEvent('pointerup'));
    """
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.driver.execute_script(select, "Mia")
        browser.driver.execute_script(select, "lives ")
        browser.click("mark:nth-of-type(2)")
        browser.driver.execute_script(select, "Rex")
        browser.click("[data-label=city]")
        browser.driver.execute_script(select, "Oslo")
        browser.look("names")
        browser.leave_by("#submit")
        no_complaints(browser)
    [row] = output(work)
    found = row["pet"]["annotations"]["entities"]
    marked = [(text[one["startOffset"] : one["endOffset"]], one["label"]) for one in found]
    assert marked == [("Mia", "name"), ("Oslo", "city"), ("Rex", "name")]


def test_a_template_of_the_job_is_rendered_and_submitted(
    plane: ControlPlane, make_job: MakeJob, browser: Browser
) -> None:
    template = """
<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-classifier name="pet" categories="{{ task.input.labels | to_json | escape }}"
    header="Which animal?">
    <classification-target><b>{{ task.input.taskObject }}</b></classification-target>
  </crowd-classifier>
  <crowd-input name="why" label="Why?" required></crowd-input>
  <crowd-button form-action="submit">Send</crowd-button>
</crowd-form>"""
    work = make_job([{"source": "<i>purrs</i>"}], workers=1, template=template)
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        assert browser.find(".text b").text == "<i>purrs</i>"
        browser.click("[data-label=cat]")
        browser.find("crowd-input input").send_keys("the sound")
        browser.look("template")
        browser.leave_by("crowd-button button")
        no_complaints(browser)
    assert [row["pet"] for row in output(work)] == [0]
    [[answer]] = work.answers(work.job("pets")).values()
    assert answer.content["why"] == "the sound"


def test_a_task_ends_when_its_time_is_over(make_job: MakeJob, browser: Browser) -> None:
    work = make_job([{"source": "purrs"}], TaskTimeLimitInSeconds=30)
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        assert browser.find("#clock").text.endswith(" left")
        browser.driver.execute_script("Date.now = (now => () => now() + 60000)(Date.now)")
        browser.find("#late:not([hidden])")
        assert not browser.find("#submit").is_enabled()
        browser.look("late")


def test_an_answer_outlives_the_session_it_was_begun_in(
    make_job: MakeJob, browser: Browser
) -> None:
    work = make_job([{"source": "purrs"}], workers=1)
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.click("[data-label=dog]")
        here = browser.driver.current_window_handle
        browser.driver.delete_all_cookies()
        browser.click("#submit")
        browser.find("#told:not([hidden])")
        browser.look("signed-out")
        browser.click("#told a")
        [there] = set(browser.driver.window_handles) - {here}
        browser.driver.switch_to.window(there)
        browser.sign_in(url, "bob")
        browser.driver.switch_to.window(here)
        browser.click("#submit:enabled")
        browser.find("#told:not([hidden])")
        assert "bob is signed in now" in browser.find("#told").text
        browser.driver.switch_to.window(there)
        browser.sign_out()
        browser.sign_in(url, "ann")
        browser.driver.close()
        browser.driver.switch_to.window(here)
        browser.leave_by("#submit:enabled")
    [[answer]] = work.answers(work.job("pets")).values()
    assert (answer.worker, answer.content) == ("ann", {"crowd-classifier": {"label": "dog"}})


def test_an_answer_stays_while_the_portal_cannot_be_reached(
    make_job: MakeJob, browser: Browser
) -> None:
    work = make_job([{"source": "purrs"}])
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.click("[data-label=dog]")
        line = {"latency": 0, "throughput": 0}
        browser.driver.set_network_conditions(offline=True, **line)
        browser.click("#submit")
        browser.find("#told:not([hidden])")
        assert "cannot be reached" in browser.find("#told").text
        browser.driver.delete_network_conditions()
        browser.leave_by("#submit:enabled")
    [[answer]] = work.answers(work.job("pets")).values()
    assert answer.content == {"crowd-classifier": {"label": "dog"}}


def test_a_skipped_task_does_not_come_back(make_job: MakeJob, browser: Browser) -> None:
    work = make_job([{"source": "purrs"}, {"source": "barks"}])
    with opened(work) as url:
        browser.sign_in(url, "ann")
        browser.leave_by(".jobs a")
        browser.leave_by("#skip")
        assert browser.find(".text").text == "barks"
        browser.leave_by("#skip")
        assert "Nothing is left for you" in browser.find("main").text


def test_a_worker_signs_in_at_the_provider_and_out_again(
    make_job: MakeJob, provider: Provider, browser: Browser
) -> None:
    provider.is_silent = False
    work = make_job([{"source": "purrs"}], workers=1)
    with opened(work, party(provider)) as url:
        provider.allowed = [f"{url}/oauth2/idpresponse"]
        browser.driver.get(url.replace("127.0.0.1", "localhost"))
        browser.look("provider")
        browser.click("main a")
        browser.click("#consent")
        assert "1 for you" in browser.find(".jobs").text
        assert browser.find("header span:not(.grow)").text == "Ann"
        cookies = browser.driver.get_cookies()
        assert {(one["name"], one["sameSite"]) for one in cookies} == {
            ("sagectl-portal", "Strict")
        }
        assert browser.driver.execute_script("return document.cookie") == ""
        browser.leave_by(".jobs a")
        browser.click("[data-label=cat]")
        browser.leave_by("#submit")
        no_complaints(browser)
        browser.click("header button")
        browser.click("#back")
        assert browser.find("main h1").text == "Sign in"
    [row] = output(work)
    assert row["pet"] == 0
    [[answer]] = work.answers(work.job("pets")).values()
    assert answer.worker == "ann"
