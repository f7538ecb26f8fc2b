"""HTTP/2 as curl and kubectl speak it: one connection, many requests, and nothing that differs from HTTP/1.1 but the framing."""

import json
import re
import socket
import ssl
import struct
import subprocess
import threading

import pytest

import cluster as clusters
from cluster import eventually

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


class Curl:
    """curl with the administrator's certificate."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.server = re.search(r"server: \"?(https://[^\s\"]+)", cluster.kubeconfig.read_text()).group(1)
        pki = cluster.data / "pki"
        self.base = ["curl", "-sS", "--cacert", str(pki / "ca.crt"), "--cert", str(pki / "admin.crt"), "--key", str(pki / "admin.key")]

    def run(self, path, *options, version="--http2", stdin=None):
        """Protocol, status and body of one request."""
        command = [*self.base, version, *map(str, options), "-w", "\n%{http_version} %{http_code}", self.server + path]
        done = subprocess.run(command, capture_output=True, timeout=60, input=stdin, env=self.cluster.env)
        assert done.returncode == 0, done.stderr
        body, _, last = done.stdout.rpartition(b"\n")
        protocol, status = last.decode().split()
        return protocol, int(status), body

    def follow(self, *arguments):
        return Stream([*self.base, "--http2", "-N", *map(str, arguments)], self.cluster.env)

    def post(self, path, value, **options):
        return self.run(path, "-H", "content-type: application/json", "--data-binary", "@-", stdin=json.dumps(value).encode(), **options)

    def traffic(self):
        """What the server counts, without this question itself."""
        text = self.run("/metrics", version="--http1.1")[2].decode()
        return {(name, protocol): int(value) for name, protocol, value in re.findall(r'^kdash_http_(\w+){protocol="([^"]+)"} (\d+)$', text, re.M)}


class Stream:
    """A program whose lines are kept as they come."""

    def __init__(self, command, env):
        self.lines = []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        threading.Thread(target=lambda: self.lines.extend(iter(self.process.stdout.readline, "")), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def has(self, text):
        return any(text in line for line in self.lines)


class Frames:
    """A connection of HTTP/2 that sends the frames it is told."""

    DATA, HEADERS, RESET, SETTINGS, FAREWELL, WINDOW = 0, 1, 3, 4, 7, 8

    def __init__(self, curl):
        context = ssl.create_default_context(cafile=curl.base[3])
        context.load_cert_chain(curl.base[5], curl.base[7])
        context.set_alpn_protocols(["h2", "http/1.1"])
        host, port = curl.server.removeprefix("https://").rsplit(":", 1)
        self.socket = context.wrap_socket(socket.create_connection((host, int(port)), timeout=20), server_hostname=host)
        assert self.socket.selected_alpn_protocol() == "h2"
        self.buffer = b""
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        self.send(self.SETTINGS, 0, 0)
        self.send(self.WINDOW, 0, 0, struct.pack(">I", 1 << 30))
        # Before it knows the server's settings a client may not ask for so much at a time.
        self.until(lambda frame: frame[0] == self.SETTINGS and not frame[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, kind, flags, stream, payload=b""):
        self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def get(self, stream, path):
        fields = ((":method", "GET"), (":scheme", "https"), (":path", path), (":authority", "kdash"))
        self.send(self.HEADERS, 5, stream, b"".join(b"\0" + bytes([len(n)]) + n.encode() + bytes([len(v)]) + v.encode() for n, v in fields))

    def reset(self, stream):
        self.send(self.RESET, 0, stream, struct.pack(">I", 8))

    def next(self):
        """The next frame as kind, flags, stream and payload; None at the end."""
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            piece = self.socket.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        end = 9 + int.from_bytes(self.buffer[:3], "big")
        kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
        payload, self.buffer = self.buffer[9:end], self.buffer[end:]
        if kind == self.SETTINGS and not flags:
            self.send(self.SETTINGS, 1, 0)
        return kind, flags, stream, payload

    def until(self, wanted):
        """The first frame that is wanted."""
        while (frame := self.next()) is not None:
            if wanted(frame):
                return frame
        raise AssertionError("the connection ended before the frame that was waited for")


@pytest.fixture(scope="module")
def curl(shared):
    return Curl(shared)


def config_map(name, size=1):
    return {"metadata": {"name": name}, "data": {"k": "x" * size}}


def test_curl_gets_creates_and_lists(curl):
    assert curl.run("/livez") == ("2", 200, b"ok")
    protocol, status, _ = curl.post(CONFIGMAPS, config_map("made"))
    assert (protocol, status) == ("2", 201)
    protocol, status, body = curl.run(CONFIGMAPS)
    assert (protocol, status) == ("2", 200)
    assert "made" in [item["metadata"]["name"] for item in json.loads(body)["items"]]
    assert curl.run(CONFIGMAPS + "/none")[:2] == ("2", 404)
    assert curl.run(CONFIGMAPS + "/made", "-X", "DELETE")[:2] == ("2", 200)


def test_both_protocols_answer_alike(curl):
    for path in ("/api/v1/namespaces/default", "/apis", "/openapi/v2", "/version", "/api/v1/nothing"):
        second, first = curl.run(path), curl.run(path, version="--http1.1")
        assert (second[0], first[0]) == ("2", "1.1")
        assert second[1:] == first[1:], path


def test_large_answers_are_compressed_for_who_asks(curl):
    plain = curl.run("/openapi/v2")[2]
    assert curl.run("/openapi/v2", "--compressed")[2] == plain
    packed = curl.run("/openapi/v2", "-H", "accept-encoding: gzip")[2]
    assert packed[:2] == b"\x1f\x8b" and len(packed) < len(plain) / 4


def test_a_watch_delivers_each_event_as_it_comes(curl):
    with curl.follow(f"{curl.server}{CONFIGMAPS}?watch=1&allowWatchBookmarks=true") as watch:
        for index in range(5):
            assert curl.post(CONFIGMAPS, config_map(f"event-{index}"))[1] == 201
            eventually(lambda: watch.has(f"event-{index}"), what=f"event {index}")
        assert watch.process.poll() is None
    old = curl.run(f"{CONFIGMAPS}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true")
    assert old[:2] == ("2", 200) and b"BOOKMARK" in old[2]


def test_a_body_beyond_the_limit_is_413_announced_or_not(curl):
    body = b" " * (4 << 20)
    for options in (["--data-binary", "@-"], ["-X", "POST", "-T", "-"]):
        protocol, status, answer = curl.run(CONFIGMAPS, "-H", "content-type: application/json", *options, stdin=body)
        assert (protocol, status) == ("2", 413)
        assert "limit is 3145728" in json.loads(answer)["message"]
    almost = json.dumps(config_map("large", size=1_000_000)).encode()
    assert curl.run(CONFIGMAPS, "-H", "content-type: application/json", "--data-binary", "@-", stdin=almost)[:2] == ("2", 201)


def test_a_log_is_followed(curl, shared):
    image = shared.busybox()
    shared.apply(clusters.pod("talker", image, ["sh", "-c", "i=0; while [ $i -lt 1000 ]; do echo line-$i; i=$((i+1)); sleep 0.2; done"]))
    shared.phase("talker", "Running")
    with curl.follow(f"{curl.server}/api/v1/namespaces/default/pods/talker/log?follow=true") as log:
        eventually(lambda: log.has("line-0"), what="the first line")
        seen = len(log.lines)
        eventually(lambda: len(log.lines) > seen + 2, what="lines that are written later")


def test_kubectl_speaks_http2_and_upgrades_over_http1(curl, shared):
    before = curl.traffic()
    shared.kubectl("get", "namespaces")
    shared.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "ConfigMap", **config_map("by-kubectl")}))
    after = curl.traffic()
    assert after["requests_total", "h2"] >= before["requests_total", "h2"] + 3
    # Of these one is the question itself.
    assert after["requests_total", "http/1.1"] == before["requests_total", "http/1.1"] + 1
    image = shared.busybox()
    shared.apply(clusters.pod("sleeper", image, ["sleep", "1000"]))
    shared.phase("sleeper", "Running")
    before = curl.traffic()
    assert shared.kubectl("exec", "sleeper", "--", "echo", "through") == "through\n"
    after = curl.traffic()
    assert after["requests_total", "http/1.1"] >= before["requests_total", "http/1.1"] + 2


def test_an_upgrade_over_http2_gets_the_answer_of_an_apiserver(curl):
    path = "/api/v1/namespaces/default/pods/none/exec?command=id&stdout=true"
    protocol, status, body = curl.run(path, "-X", "POST")
    assert (protocol, status) == ("2", 400) and b"Upgrade request required" in body


def test_requests_of_one_curl_share_a_connection(curl, base):
    before = curl.traffic()
    tls = [f'{name[2:]} = "{value}"' for name, value in zip(curl.base[2::2], curl.base[3::2])]
    one = "\n".join([f'url = "{curl.server}{CONFIGMAPS}?watch=1&timeoutSeconds=600"', 'output = "/dev/null"', "http2", *tls])
    (base / "curl").write_text("\nnext\n".join([one] * 90))
    with Stream(["curl", "-sS", "-Z", "--parallel-max", "90", "-K", str(base / "curl")], curl.cluster.env):
        now = eventually(lambda: (found := curl.traffic())["open_requests", "h2"] == before["open_requests", "h2"] + 90 and found,
                         what="90 watches")
        assert now["connections", "h2"] == before["connections", "h2"] + 1
        assert curl.run("/livez")[2] == b"ok"
    eventually(lambda: curl.traffic()["open_requests", "h2"] == before["open_requests", "h2"], what="no watch left")
    eventually(lambda: curl.traffic()["connections", "h2"] == before["connections", "h2"], what="no connection left")


def test_250_watches_of_one_connection_hear_of_a_change_and_end_when_they_are_reset(curl):
    before = curl.traffic()
    with Frames(curl) as frames:
        streams = range(1, 501, 2)
        for stream in streams:
            frames.get(stream, f"{CONFIGMAPS}?watch=1&resourceVersion=0&fieldSelector=metadata.name=heard")
        eventually(lambda: curl.traffic()["open_requests", "h2"] == before["open_requests", "h2"] + 250, what="250 watches")
        assert curl.post(CONFIGMAPS, config_map("heard"))[1] == 201
        told = set()
        while len(told) < 250:
            told.add(frames.until(lambda frame: frame[0] == Frames.DATA and b"heard" in frame[3])[2])
        for stream in streams:
            frames.reset(stream)
        eventually(lambda: curl.traffic()["open_requests", "h2"] == before["open_requests", "h2"], what="no watch left")
        assert curl.traffic()["connections", "h2"] == before["connections", "h2"] + 1
        frames.get(501, "/livez")
        assert frames.until(lambda frame: frame[0] == Frames.DATA)[3] == b"ok"


def test_a_client_that_opens_and_resets_without_end_is_shown_the_door(curl):
    with Frames(curl) as frames:
        try:
            for stream in range(1, 4000, 2):
                frames.get(stream, f"{CONFIGMAPS}?watch=1")
                frames.reset(stream)
        except OSError:
            pass  # The server has closed the connection, as it should.
        farewell = frames.until(lambda frame: frame[0] == Frames.FAREWELL)
        assert farewell[3][4:8] == struct.pack(">I", 11)
    eventually(lambda: curl.traffic()["open_requests", "h2"] == 0, what="no watch left")
    assert curl.run("/livez")[2] == b"ok"


def test_a_client_that_does_not_read_holds_back_nobody(curl, base):
    for index in range(6):
        assert curl.post(CONFIGMAPS, config_map(f"wide-{index}", size=900_000))[1] == 201
    with curl.follow("--limit-rate", "1k", "-o", "/dev/null", curl.server + CONFIGMAPS) as slow:
        eventually(lambda: curl.traffic()["open_requests", "h2"] >= 1, what="the slow reader")
        protocol, status, body = curl.run(CONFIGMAPS)
        assert (protocol, status) == ("2", 200) and len(body) > 5_400_000
        assert slow.process.poll() is None


def test_a_server_that_goes_down_ends_its_watches(fresh):
    curl = Curl(fresh)
    with curl.follow(f"{curl.server}{CONFIGMAPS}?watch=1") as watch:
        eventually(lambda: curl.traffic()["open_requests", "h2"] == 1, what="the watch")
        fresh.down()
        assert watch.process.wait(timeout=10) >= 0
