"""People from CSV and YAML."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from sagectl.manifest.people import read_people

if TYPE_CHECKING:
    from pathlib import Path

ANN = ("ann@example.com", "Ann", ("doctors", "nurses"))


def read(text: str) -> tuple[list[tuple[str, str, tuple[str, ...]]], list[str]]:
    """Everybody in ``text``, and where what is wrong."""
    people, findings = read_people("-", stdin=io.StringIO(text))
    places = [
        f"{each.span.line}:{each.span.column} {each.summary}" for each in findings if each.span
    ]
    return [person[:3] for person in people], places


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("email,name,groups\nann@example.com,Ann,doctors;nurses\n", id="csv"),
        pytest.param("Groups,Email,Name\nnurses; doctors,ANN@example.com, Ann\n", id="order"),
        pytest.param(
            'email,name,groups\r\n"Ann@example.com","Ann",nurses;doctors;nurses', id="dos"
        ),
        pytest.param(
            "email,name,groups\n\n,,\nann@example.com,Ann,doctors;nurses", id="empty-rows"
        ),
        pytest.param(
            "people: [{email: ann@example.com, name: Ann, groups: [doctors, nurses]}]",
            id="yaml",
        ),
        pytest.param(
            '# staff\npeople:\n- email: "Ann@Example.com"\n  name: Ann\n'
            "  groups:\n  - nurses\n  - doctors\n",
            id="yaml-block",
        ),
        pytest.param(
            '{"people": [{"email": "ann@example.com", "name": "Ann",'
            ' "groups": ["doctors", "nurses"]}]}',
            id="json",
        ),
    ],
)
def test_a_person_is_read(text: str) -> None:
    assert read(text) == ([ANN], [])


def test_a_name_may_hold_a_comma_and_a_line() -> None:
    people, findings = read('email,name,groups\na@b.cd,"Ann, MD\nof Bonn",\ne@b.cd,,x\n')

    assert findings == []
    assert [person[0] for person in people] == ["a@b.cd", "e@b.cd"]


def test_a_line_is_the_one_where_the_row_begins() -> None:
    _, findings = read('email,name,groups\na@b.cd,"Ann\nMD",\nnobody,,x\n')

    assert findings == ["4:1 'nobody' is not an e-mail address"]


def test_every_finding_is_told() -> None:
    _, findings = read(
        "email,name,groups\nann@example.com,,night shift\nbob@,,\nANN@example.com,,\na,b\n"
    )

    assert findings == [
        "2:1 'night shift' is not the name of a group, which has no spaces",
        "3:1 'bob@' is not an e-mail address",
        "4:1 the same person as in line 2",
        "5:1 has 2 cells, and the header has 3",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("mail,name,groups\n", "1:1 no column is called 'mail'", id="column"),
        pytest.param("email,name\n", "1:1 the column groups is missing", id="no-groups"),
        pytest.param("email,name,groups,groups\n", "1:1 a column is there twice", id="twice"),
        pytest.param("", "1:1 the columns email, name, groups are missing", id="empty"),
        pytest.param('email,name,groups\na@b.cd,"x"y,\n', "2:1 is not CSV", id="quotes"),
        pytest.param('email,name,groups\na@b.cd,"x\n', "2:1 is not CSV", id="open-quote"),
        pytest.param("people: {a: b}", "1:1 is not a mapping of people", id="no-list"),
        pytest.param("people: []\nteams: []", "1:1 is not a mapping of people", id="more"),
        pytest.param("people: [ann]", "1:10 is not a mapping of email", id="a-text"),
        pytest.param("people: [{name: Ann}]", "1:10 email is missing", id="no-email"),
        pytest.param(
            "people: [{email: a@b.cd, mail: x}]", "1:26 mail is not known", id="field"
        ),
        pytest.param(
            "people: [{email: a@b.cd, email: x}]", "1:26 email is there", id="repeated"
        ),
        pytest.param("people: [{email: [a@b.cd]}]", "1:18 is not a text", id="email-list"),
        pytest.param("people: [{email: a@b.cd, groups: x}]", "1:34 is not a list", id="groups"),
        pytest.param(
            "people: [{email: a@b.cd, groups: [[x]]}]", "1:35 is not a text", id="group"
        ),
        pytest.param("people: [", "is never closed", id="broken-yaml"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, said: str) -> None:
    people, findings = read(text)

    assert people == []
    assert findings, "there is a finding"
    if text != "people: [":
        assert findings[0].startswith(said)


@pytest.mark.parametrize(
    "email",
    [
        *("ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a..b@example.com"),
        *(".a@example.com", "ann@-x.com", "ann@ex_ample.com", "<ann@example.com>"),
        *(
            f"{'a' * 65}@example.com",
            f"a@{'x' * 250}.com",
            '"a"@example.com',
            "ann@example.com;",
        ),
    ],
)
def test_what_is_no_address_is_told(email: str) -> None:
    cell = email.replace('"', '""')
    assert read(f'email,name,groups\n"{cell}",,\n')[1]


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert read_people(str(tmp_path / "none.csv"))[1][0].rule == "manifest.file"


def test_a_file_is_yaml_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("email,name,groups\n")

    assert read_people(str(path))[1][0].rule == "people.shape"


def test_missing_columns_are_named_together() -> None:
    assert read("name\nAnn\n")[1] == ["1:1 the columns email, groups are missing"]
    assert read("email,groups\n")[1] == ["1:1 the column name is missing"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "is empty", id="empty"),
        pytest.param("# nobody yet\n", "is empty", id="remarks"),
        pytest.param(
            "people: [{email: a@b.cd}]\npeople: [{email: e@b.cd}]\n", "one list", id="twice"
        ),
        pytest.param("peoples: [{email: a@b.cd}]\n", "a mapping of people", id="another-key"),
    ],
)
def test_a_yaml_file_is_refused_that_is(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text(text)

    people, [finding] = read_people(str(path))

    assert not people
    assert said in finding.summary
    assert str(finding.span) == f"{path}:1:1"
    assert finding.hint is not None


def test_a_folder_is_no_file_of_people(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("people: [{email: a@b.cd}]")

    people, [finding] = read_people(str(tmp_path))

    assert not people
    assert finding.summary == f"{tmp_path} is a folder"
