"""`kdash --plain` as somebody uses it who hears the screen: a line is a command, every answer is whole lines."""

import os
import pathlib
import selectors
import subprocess
import time

import pytest

import cluster as clusters
from cluster import eventually


@pytest.fixture
def talk(shared):
    """Opens sessions that are ended after the test."""
    sessions = []

    def open_one(*arguments):
        sessions.append(Plain(shared, *arguments))
        return sessions[-1]

    yield open_one
    for session in sessions:
        session.close()


class Plain:
    def __init__(self, cluster, *arguments):
        self.process = subprocess.Popen([str(clusters.PROGRAM), "--plain", "--data-dir", str(cluster.data), *arguments], env=cluster.env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.ready = selectors.DefaultSelector()
        self.ready.register(self.process.stdout, selectors.EVENT_READ)
        self.said, self.read = "", 0

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def hears(self, *texts, within=20):
        """Waits for every text in what was said since the last answer, and returns that."""
        end = time.monotonic() + within
        while not all(text in self.said[self.read:] for text in texts):
            assert time.monotonic() < end, f"{texts} was not said:\n{self.said[self.read:]}"
            if self.ready.select(0.2):
                self.said += os.read(self.process.stdout.fileno(), 1 << 16).decode()
        answer, self.read = self.said[self.read:], len(self.said)
        return answer

    def ask(self, line, *texts, **options):
        self.say(line)
        return self.hears(*texts, **options)

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()


def test_a_whole_session(shared, base, talk):
    shared.busybox()
    script = "i=0; trap 'exit 0' TERM; while :; do echo tick $i; i=$((i+1)); sleep 0.1; done"
    shared.apply(clusters.pod("heard", "host/busybox:latest", ["sh", "-c", script]))
    shared.apply(clusters.pod("greedy", "host/busybox:latest", ["true"], container={"resources": {"requests": {"cpu": "1000"}}}))
    shared.phase("heard", "Running")
    eventually(lambda: "Insufficient cpu" in shared.kubectl("describe", "pod", "greedy"), what="the scheduler's answer")
    plain = talk("--namespace", "default")
    plain.hears("kdash, context kdash, writable, namespace default. Type help for the commands.")
    plain.ask("help", "list KIND", "quit: end")
    plain.ask("where", "context kdash, namespace default, writable")

    answer = plain.ask("list pods", "heard, ready 1/1, status Running", "greedy")
    assert answer.startswith("2 pods in namespace default\n")
    answer = plain.ask("list pods hear", "heard, ready 1/1")
    assert answer.startswith("1 pods with hear") and "greedy" not in answer
    plain.ask("describe pod heard", "heard", "host/busybox:latest")
    plain.ask("why greedy", "no node fits it", "Insufficient cpu")
    plain.ask("yaml pod heard", "kind: Pod", "name: heard")

    plain.ask("logs heard --tail 3", "tick ", "end of the log")
    plain.ask("logs heard -f --tail 1", "press Enter to stop", "tick ")
    first = plain.hears("tick ")
    assert "end of the log" not in first
    plain.ask("", "end of the log")

    manifest = pathlib.Path(base) / "map.yaml"
    manifest.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: spoken\ndata:\n  word: hello\n")
    plain.ask(f"apply {manifest}", "the server accepts ConfigMap", "type yes")
    plain.ask("no", "nothing was changed")
    assert "spoken" not in shared.kubectl("get", "cm", "-o", "name")
    plain.ask(f"apply {manifest}", "type yes")
    plain.ask("yes", "applied ConfigMap")
    assert shared.get("configmap", "spoken")["data"] == {"word": "hello"}

    plain.ask("delete cm spoken", "type spoken to delete it")
    plain.ask("yes", "nothing was deleted")
    assert "spoken" in shared.kubectl("get", "cm", "-o", "name")
    plain.ask("delete cm spoken", "type spoken to delete it")
    plain.ask("spoken", "is deleted")
    assert "spoken" not in shared.kubectl("get", "cm", "-o", "name")

    plain.ask("use nowhere", "error: ", "nowhere")
    plain.ask("use all", "all namespaces from now on")
    plain.ask("list pods heard", "default/heard")
    for line, said in [("lst pods", "did you mean list"), ("list podz", "did you mean pods"), ("describe pod nobody", "error: "), ("logs", "logs of which pod?"),
                       ("apply /nonexistent", "error: "), ("logs heard --tail many", "--tail takes a number"), ("list pods \x1b[2J", "0 pods with")]:
        assert "\x1b" not in plain.ask(line, said)
    plain.say("quit")
    assert plain.process.wait(20) == 0
    shared.kubectl("delete", "pod", "heard", "greedy", "--wait=false")


def test_a_read_only_session_changes_nothing_and_the_end_of_input_ends_it(shared, talk):
    plain = talk("--readonly", "--namespace", "default")
    plain.hears("read-only")
    plain.ask("delete cm kube-root-ca.crt", "type kube-root-ca.crt")
    plain.ask("kube-root-ca.crt", "error: ")
    assert "kube-root-ca.crt" in shared.kubectl("get", "cm", "-o", "name")
    plain.process.stdin.close()
    assert plain.process.wait(20) == 0
