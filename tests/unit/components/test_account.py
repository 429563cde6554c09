import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from components import account
from components.account import Account, AccountError, Wanted, check, ids, refusals, wanted
from components.settings import DeployFrom, Environment, GitHub, Protection, Reviewers

MAIN = DeployFrom(branch="main")
EVERYTHING = Wanted(("environment",), ("environment.reviewers", "environment.waitTimer"), ruleset=True)
REPOSITORY = {"visibility": "public", "owner": {"type": "Organization"}, "permissions": {"admin": True}}


class GitHubStub:
    """Answers by path: (status, body). Remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, object]] = {}
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.pause = 0.0
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stub.asked.append(self.path.removeprefix("/api/v3"))
                time.sleep(stub.pause)
                status, body = stub.answers.get(stub.asked[-1], (404, {"message": "Not Found"}))
                self.send_response(status)
                for name, value in stub.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if status != 204:
                    self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.github = GitHub(
            owner="acme",
            repository="shop",
            token="ghp_hunter2",
            base_url=f"http://127.0.0.1:{self.server.server_port}/",
        )
        self.account = Account(self.github)


@pytest.fixture
def stub() -> Iterator[GitHubStub]:
    made = GitHubStub()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_public_repository_is_allowed_everything_on_every_plan():
    assert refusals("free", "public", EVERYTHING) == []


def test_a_private_repository_on_team_has_no_reviewers_and_no_wait_timer():
    found = refusals("team", "private", EVERYTHING)
    assert [line.split()[0] for line in found] == ["environment.reviewers", "environment.waitTimer"]
    assert all("Enterprise" in line for line in found)


def test_a_private_repository_on_free_has_no_environments_and_no_rulesets():
    keys = [line.split()[0] for line in refusals("free", "private", EVERYTHING)]
    assert keys == ["environment.reviewers", "environment.waitTimer", "environment", "protection"]


@pytest.mark.parametrize("plan", ["enterprise", "business_plus", None])
def test_enterprise_and_a_server_of_ones_own_are_allowed_everything(plan):
    assert refusals(plan, "private", EVERYTHING) == []


def test_trying_a_ruleset_out_needs_enterprise_even_in_public():
    (line,) = refusals("team", "public", Wanted(ruleset=True, evaluate=True))
    assert line.startswith("protection.enforcement: evaluate")


def test_forbidding_the_bypass_is_asked_for_only_where_there_is_something_to_bypass():
    assert wanted(Environment(), None, MAIN).protection_rules == ()
    rules = wanted(Environment(wait_timer=1), Protection(), MAIN).protection_rules
    assert rules == ("environment.waitTimer", "environment.administratorsBypass")


def test_what_the_plan_refuses_is_said_before_anything_is_changed(stub):
    stub.answers = {
        "/repos/acme/shop": (200, REPOSITORY | {"visibility": "private"}),
        "/orgs/acme": (200, {"plan": {"name": "team"}}),
    }
    with pytest.raises(AccountError, match=r"golive:environment\.waitTimer needs GitHub Enterprise") as caught:
        check(stub.account, wanted(Environment(wait_timer=5), None, MAIN))
    assert len(str(caught.value).splitlines()) == 2


def test_a_token_that_may_not_administer_the_repository_is_named(stub):
    stub.answers = {"/repos/acme/shop": (200, REPOSITORY | {"permissions": {"admin": False}})}
    with pytest.raises(AccountError, match="may not administer acme/shop"):
        check(stub.account, Wanted())


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (401, {}, "refuses the token"),
        (403, {}, "lets the token not read repository acme/shop"),
        (403, {"x-ratelimit-remaining": "0"}, "rate limit"),
        (404, {}, "knows no repository acme/shop"),
        (422, {}, "answered 422"),
        (429, {}, "rate limit"),
        (500, {}, "failed to show repository acme/shop"),
        (301, {}, "answered 301"),
    ],
)
def test_every_failing_answer_is_one_line_with_a_remedy_and_without_the_token(stub, status, headers, said):
    stub.answers, stub.headers = {"/repos/acme/shop": (status, {"message": "no"})}, headers
    with pytest.raises(AccountError, match=said) as caught:
        check(stub.account, Wanted())
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value) + repr(stub.account)


def test_a_github_that_hangs_is_given_up_on(stub, monkeypatch):
    monkeypatch.setattr(account, "PATIENCE", 0.2)
    stub.pause = 1.0
    with pytest.raises(AccountError, match="did not answer within"):
        check(stub.account, Wanted())


def test_a_github_that_is_not_there_is_named_with_its_address():
    gone = GitHub(owner="acme", repository="shop", token="ghp_hunter2", base_url="http://127.0.0.1:1/")
    with pytest.raises(AccountError, match=r"http://127\.0\.0\.1:1/api/v3 cannot be reached"):
        check(Account(gone), Wanted())


def test_an_answer_that_is_no_json_is_taken_as_empty(stub):
    stub.answers = {"/repos/acme/shop": (502, ["a proxy's page"])}
    with pytest.raises(AccountError, match="502"):
        check(stub.account, Wanted())


def test_reviewers_are_found_by_name_and_known_ones_are_not_asked_for(stub):
    stub.answers = {
        "/users/alice": (200, {"id": 1001}),
        "/repos/acme/shop/collaborators/alice/permission": (200, {"permission": "write"}),
        "/orgs/acme/teams/platform": (200, {"id": 7}),
        "/orgs/acme/teams/platform/repos/acme/shop": (204, None),
    }
    found = ids(stub.account, ["alice", "bob"], ["platform"], known={"user:bob": 1002, "user:gone": 1})
    assert found == {"user:alice": 1001, "user:bob": 1002, "team:platform": 7}
    assert not any("bob" in path for path in stub.asked)


def test_every_reviewer_who_is_missing_or_has_no_access_is_named(stub):
    stub.answers = {
        "/users/dave": (200, {"id": 1003}),
        "/repos/acme/shop/collaborators/dave/permission": (200, {"permission": "none"}),
        "/orgs/acme/teams/auditors": (200, {"id": 8}),
    }
    with pytest.raises(AccountError) as caught:
        ids(stub.account, ["nobody", "dave"], ["auditors"], known={})
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert "user nobody" in lines[0]
    assert "dave has no access" in lines[1]
    assert "access of team auditors" in lines[2]


def test_reviewers_in_settings_are_what_is_asked_about():
    asked = wanted(Environment(reviewers=Reviewers(teams=("platform",)), administrators_bypass=True), None, MAIN)
    assert asked.protection_rules == ("environment.reviewers",)
