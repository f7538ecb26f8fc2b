"""The twelve tasks of docs/tasks.md, done by pressing exactly the keys that stand there."""

import base64
import json
import re

import pytest

import cluster as clusters
from cluster import eventually
from screen import open_screen, own_state  # noqa: F401 (open_screen is a fixture)

TABLE = clusters.ROOT / "docs/tasks.md"
# tmux's names of keys that the table calls otherwise.
NAMES = {"Esc": "Escape"}


def tasks():
    """The rows of the table: number, task, keys of kdash, their count, keys of k9s, their count."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \| `(.*?)` \| (\d+) \| `(.*?)` \| (\d+) \|$", TABLE.read_text(), re.M)
    return {int(number): (task, ours.split(), int(our_count), theirs.split(), int(their_count))
            for number, task, ours, our_count, theirs, their_count in rows}


def deployment(name, image, replicas=1, **template):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": {"metadata": {"labels": {"app": name}}, "spec": {
                         "terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": image, **template}]}}}}


def pod(name, namespace, script, **container):
    made = clusters.pod(name, "host/busybox:latest", ["sh", "-c", script], container=container)
    made["metadata"]["namespace"] = namespace
    return made


WAITS = "trap 'exit 0' TERM; sleep 100000 & wait"


@pytest.fixture
def day(fresh, base, open_screen):
    """A cluster as the tasks find it, and a way to open its pods with the cursor on one."""
    one = fresh
    one.busybox()
    for name in ("shop", "payments"):
        one.kubectl("create", "namespace", name)
    objects = [
        pod("broken", "shop", "echo instance $(date +%s%N); exit 3"),
        pod("greedy", "shop", WAITS, resources={"requests": {"cpu": "1000"}}),
        pod("spare", "shop", WAITS),
        pod("ledger-0", "payments", WAITS), pod("teller-0", "payments", WAITS),
        deployment("web", "kdash.dev/demo:1", args=["log"], ports=[{"containerPort": 8080}]),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "shop"},
         "data": {"password": base64.b64encode(b"correct horse").decode()}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ledger-settings", "namespace": "shop"}, "data": {"currency": "EUR"}},
    ]
    for each in objects:
        one.apply(each)
    return Day(one, base, open_screen)


class Day:
    def __init__(self, cluster, base, open_screen):
        self.cluster, self.base, self.open_screen = cluster, base, open_screen
        self.opened = 0

    def open(self, name):
        """The pods of namespace shop; the cursor is on the one whose name begins so."""
        self.opened += 1
        # A state of its own: kdash opens where it was left.
        state = own_state(self.cluster, self.base / f"screen-{self.opened}")
        screen = self.open_screen(self.cluster, "--data-dir", self.cluster.data, "--namespace", "shop", env=state)
        screen.expect("BROWSE", "broken", "greedy", "spare", "web-")
        screen.press("Home")
        for _ in range(10):
            if self.row_under_cursor(screen).startswith(name):
                return screen
            screen.press("j")
        raise AssertionError(f"the cursor does not come to {name}:\n{screen.text()}")

    @staticmethod
    def row_under_cursor(screen):
        """What the row of the cursor shows of its object, once the cursor rests."""
        shown = clusters.steady(screen.text, span=0.2)
        return next((line.split("▌", 1)[1].strip() for line in shown.split("\n") if "▌" in line), "")

    def deployment(self, *path):
        value = self.cluster.get("deployment", "web", "-n", "shop")
        for step in path:
            value = value[step]
        return value

    def pods(self):
        return [each for each in json.loads(self.cluster.kubectl("get", "pods", "-n", "shop", "-l", "app=web", "-o", "json"))["items"]
                if "deletionTimestamp" not in each["metadata"]]


class Hands:
    """Presses the keys of one task, in steps; between two steps one looks at the screen, as a person does."""

    def __init__(self, screen, number):
        self.screen, self.number = screen, number
        self.left = list(tasks()[number][1])

    def press(self, keys, *expected, gone=()):
        """Presses the next keys of the table, which are these, and waits for what they show."""
        wanted = keys.split()
        assert self.left[:len(wanted)] == wanted, f"task {self.number}: the table goes on with {self.left}, the test with {wanted}"
        del self.left[:len(wanted)]
        for key in wanted:
            self.screen.press(NAMES.get(key, key))
        for text in gone:
            self.screen.expect_gone(text)
        return self.screen.expect(*expected)

    def done(self):
        assert not self.left, f"task {self.number}: {self.left} is left to press"
        self.screen.close()


def test_the_table_counts_right_and_needs_at_most_60_percent():
    found = tasks()
    assert list(found) == list(range(1, 13))
    for number, (task, ours, our_count, theirs, their_count) in found.items():
        assert len(ours) == our_count and len(theirs) == their_count, f"{number} {task}: {len(ours)} and {len(theirs)} presses"
        assert our_count <= their_count, f"{number} {task}: more presses than k9s"
    ours, theirs = sum(row[2] for row in found.values()), sum(row[4] for row in found.values())
    text = TABLE.read_text()
    assert f"| **{ours}** | | **{theirs}** |" in text, f"the sums are {ours} and {theirs}"
    share = re.search(r"kdash takes (\d+) % of the presses", text)
    assert share and int(share.group(1)) == round(100 * ours / theirs) <= 60, f"{100 * ours / theirs:.1f} %"


def test_reading_tasks(day):
    one = day.cluster
    eventually(lambda: one.get("pod", "broken", "-n", "shop")["status"]["containerStatuses"][0]["restartCount"] >= 1, within=60, what="a restart")
    screen = day.open("broken")
    # The log as it is now is beside the table.
    screen.expect("broken/main", "instance ")
    hands = Hands(screen, 1)
    hands.press("p", "instance ", "previous")
    hands.done()

    hands = Hands(day.open("greedy"), 2)
    hands.press("w", "no node fits it", "Insufficient cpu")
    hands.done()

    hands = Hands(day.open("broken"), 8)
    hands.press("g S", "login", "Secrets")
    hands.press("v", "correct horse")
    hands.done()

    hands = Hands(day.open("broken"), 10)
    hands.press("n", "Namespace")
    hands.press("p Enter", "ledger-0", "teller-0")
    hands.press("/", "filter:")
    hands.press("l e d Enter", "ledger-0", gone=["teller-0"])
    hands.done()

    hands = Hands(day.open("broken"), 11)
    hands.press("g f", "Find an object of any kind")
    hands.press("l e d", "ledger-settings")
    hands.press("Enter", "currency: EUR")
    hands.done()


def test_changing_tasks(day):
    one = day.cluster
    eventually(lambda: day.deployment("status").get("readyReplicas") == 1, what="the Deployment")
    hands = Hands(day.open("web-"), 3)
    hands.press("a", "Set the image of a container")
    hands.press("i", "image of app", "kdash.dev/demo:1")
    hands.press("BSpace 2 Enter", "demo:2")
    image = ("spec", "template", "spec", "containers", 0, "image")
    eventually(lambda: day.deployment(*image) == "kdash.dev/demo:2", what="the new image")
    hands.done()

    hands = Hands(day.open("web-"), 4)
    hands.press("a", "Undo a rollout")
    hands.press("u", "Back to which revision?", "revision 1")
    hands.press("Enter", "Back to revision 1?", "the server accepts it")
    hands.press("y", gone=["Back to revision 1?"])
    eventually(lambda: day.deployment(*image) == "kdash.dev/demo:1", what="the old image")
    hands.done()

    eventually(lambda: len(day.pods()) == 1, what="one pod again")
    hands = Hands(day.open("web-"), 5)
    hands.press("a", "Scale")
    hands.press("s", "replicas of deployment shop/web, now 1")
    hands.press("BSpace 3 Enter")
    eventually(lambda: day.deployment("status").get("readyReplicas") == 3, what="three pods")
    hands.done()

    before = {each["metadata"]["uid"] for each in day.pods()}
    hands = Hands(day.open("web-"), 6)
    hands.press("r", "Restart?", "web")
    hands.press("y", gone=["Restart?"])
    eventually(lambda: len(day.pods()) == 3 and not before & {each["metadata"]["uid"] for each in day.pods()}, within=60, what="every pod replaced")
    hands.done()

    hands = Hands(day.open("web-"), 12)
    hands.press("F", "Forward a local port to it")
    hands.press("F", "Forward to which port?", "deployment shop/web:8080")
    hands.press("Enter", "local port for deployment shop/web:8080")
    hands.press("Enter", "leads to deployment shop/web:8080")
    hands.done()

    hands = Hands(day.open("spare"), 7)
    hands.press("s", "F12 leaves", "#")
    hands.press("F12", "BROWSE", "spare")
    hands.done()

    hands = Hands(day.open("spare"), 9)
    hands.press("D", "Delete")
    hands.press("d", "Delete this pod?", "spare")
    hands.press("y", gone=["Delete this pod?"])
    eventually(lambda: "spare" not in one.kubectl("get", "pods", "-n", "shop", "-o", "name"), what="the pod gone")
    hands.done()
