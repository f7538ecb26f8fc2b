"""Thousands of watches, objects, half-open connections and bad requests: everybody else is served, and memory stays where it was."""

import base64
import contextlib
import gzip
import json
import resource
import shutil
import ssl
import subprocess
import threading
import time

import pytest

import cluster as clusters
from cluster import eventually
from load import MAPS, Load, answer, ask, is_closed, lines, request

OBJECTS = 10_000
WATCHES = 1_000


@pytest.fixture(scope="module", autouse=True)
def many_files():
    """This process holds both thousands of sockets and their files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def load(shared, tmp_path_factory):
    return Load(shared, tmp_path_factory.mktemp("generators"))


class Halves:
    """Connections that stop in the middle of something, 100 of each kind, and when they did."""

    COUNT = 100

    def __init__(self, load):
        self.kinds = {"nothing sent": [load.tcp() for _ in range(self.COUNT)]}
        self.kinds["half a handshake"] = [load.tcp() for _ in range(self.COUNT)]
        for connection in self.kinds["half a handshake"]:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"k" * 100)
        self.kinds["half a head"] = [load.tls(certificate=False) for _ in range(self.COUNT)]
        for connection in self.kinds["half a head"]:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: kdash\r\nX-Half")
        self.kinds["half a body"] = [load.tls() for _ in range(self.COUNT)]
        for connection in self.kinds["half a body"]:
            connection.sendall(request(MAPS, "POST", b"", Content_Type="application/json", Content_Length=1000) + b'{"kind":')
        self.since = time.monotonic()


@pytest.fixture(scope="module", autouse=True)
def halves(load, kubectl):
    """In a cluster of their own, from the start of the file, so that their time runs while the other tests do.

    It is started with fewer files than these connections take, which is what a shell gives."""
    path = clusters.temporary()
    one = clusters.Cluster(path, kubectl)
    subprocess.run(["bash", "-c", 'ulimit -Sn 256 && exec "$@"', "bash", clusters.PROGRAM, "up", "--no-merge", "--data-dir", one.data], env=one.env, check=True, timeout=60)
    other = Load(one, load.loadgen.parent)
    made = Halves(other)
    made.load = other
    yield made
    one.close()
    shutil.rmtree(path, ignore_errors=True)


def test_memory_returns_after_a_thousand_watches(load):
    before = load.settled()
    for turn in range(3):
        held = load.watches(WATCHES, f"{MAPS}?watch=true")
        load.settle()
        during = load.memory()
        assert during - before < WATCHES * 64 / 1024, f"{during - before:.1f} MB for {WATCHES} watches"
        held.communicate("")
        eventually(lambda: load.descriptors() < 200, what="the watches' connections closed")
        load.falls_to(before + 10, f"after round {turn} of {WATCHES} watches, {before:.1f} MB before and {during:.1f} during it")


def test_others_are_served_beside_watches_and_large_lists(load):
    load.make("many", OBJECTS)
    held = load.watches(WATCHES, f"{MAPS}?watch=true&resourceVersion={revision(load)}")
    hogs = subprocess.Popen(load.command(4, 5, "GET", MAPS), stdout=subprocess.PIPE, text=True)
    slowest, served = 0, 0
    with load.tls() as connection:
        while hogs.poll() is None:
            start = time.monotonic()
            status, _ = ask(connection, f"{MAPS}/many{served % OBJECTS}")
            assert status == 200
            served += 1
            slowest = max(slowest, time.monotonic() - start)
    lists = json.loads(hogs.stdout.read())
    assert lists["n"] >= 8 and lists["errors"] == 0, lists
    assert served >= 20 and slowest < 2, f"{served} GETs, the slowest {slowest:.2f} s, beside {lists}"
    held.communicate("")


def revision(load):
    with load.tls() as connection:
        return json.loads(ask(connection, f"{MAPS}?limit=1")[1])["metadata"]["resourceVersion"]


def test_a_client_that_does_not_read_a_large_list_costs_no_copy_of_it(load):
    with load.tls() as connection:
        status, whole = ask(connection, MAPS)
    assert status == 200 and len(json.loads(whole)["items"]) >= OBJECTS
    before = load.settled()
    readers = [load.tls(buffer=16 << 10) for _ in range(40)]
    for reader in readers:
        reader.sendall(request(MAPS))
    with load.tls() as connection:
        for index in range(200):
            assert ask(connection, f"{MAPS}/many{index}")[0] == 200
    load.settle()
    held = load.memory() - before
    assert held < 40, f"{held:.1f} MB for 40 clients that do not read a list of {len(whole) >> 20} MB"
    # Whoever does read in the end gets all of it.
    assert json.loads(answer(readers[0])[1])["items"] == json.loads(whole)["items"]
    for reader in readers:
        reader.close()
    eventually(lambda: load.descriptors() < 200, what="the readers' connections closed")
    load.falls_to(before + 10, "after the slow readers")


def test_a_watch_that_is_not_read_is_held_back_and_then_told(load):
    with load.tls() as connection:
        start = json.loads(ask(connection, f"{MAPS}?limit=1")[1])["metadata"]["resourceVersion"]
    watchers = [load.tls(buffer=16 << 10) for _ in range(20)]
    for watcher in watchers:
        watcher.sendall(request(f"{MAPS}?watch=true&resourceVersion={start}&fieldSelector=metadata.name=many0"))
    path, body = f"{MAPS}/many0", json.dumps({"data": {"k": "8" * 4000, "n": "@"}})
    # The ring of events is full after the first writes: from there on nothing may grow.
    load.run(8, "2000n", "PATCH", path, "application/merge-patch+json", body)
    before = load.settled()
    assert load.run(8, "4000n", "PATCH", path, "application/merge-patch+json", body)["errors"] == 0
    load.falls_to(before + 12, "with 20 watches that are not read")
    last, final, seen = int(start), int(revision(load)), 0
    for line in lines(watchers[0]):
        event = json.loads(line)
        if event["type"] == "ERROR":
            assert event["object"]["code"] == 410, event
            break
        number = int(event["object"]["metadata"]["resourceVersion"])
        assert event["type"] == "MODIFIED" and number > last, "events come in order"
        last, seen = number, seen + 1
        if number == final:
            assert seen == 6000, "no event is left out"
            break
    for watcher in watchers:
        watcher.close()


def test_memory_returns_after_objects_are_deleted(load):
    def round(name):
        load.make(name, OBJECTS, 1500)
        with load.tls() as connection:
            found, token, revisions = 0, "", set()
            while True:
                page = json.loads(ask(connection, f"{MAPS}?limit=500&labelSelector=set%3D{name}&continue={token}")[1])
                found += len(page["items"])
                revisions.add(page["metadata"]["resourceVersion"])
                token = page["metadata"].get("continue")
                if not token:
                    break
            assert found == OBJECTS and len(revisions) == 1
            connection.settimeout(60)
            status, _ = ask(connection, f"{MAPS}?labelSelector=set%3D{name}", "DELETE")
            assert status == 200
        load.settle()

    with load.tls() as connection:
        connection.settimeout(60)
        assert ask(connection, MAPS, "DELETE")[0] == 200
    # What stays of them are the newest events, 1 MB, and the pages that they lie in.
    for name in ("first", "second", "third", "fourth"):
        round(name)
        load.falls_to(45, f"after {OBJECTS} objects were created, listed and deleted ({name})")


BAD_BODIES = [
    ("too large", lambda: b'{"a":"' + b"x" * (3 << 20) + b'"}', {}, 413),
    ("not JSON", lambda: b"{" * 50_000, {}, 400),
    ("not UTF-8", lambda: b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\xff\xfe"}}', {}, 400),
    ("another kind", lambda: b'{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"}}', {}, 400),
    ("an unknown type", lambda: b"hello", {"Content_Type": "text/plain"}, 415),
    ("not gzip", lambda: b"hello", {"Content_Encoding": "gzip"}, 400),
    ("a gzip of 100 MB", lambda: gzip.compress(b" " * (100 << 20)), {"Content_Encoding": "gzip"}, 413),
    ("not protobuf", lambda: b"k8s\x00" + b"\xff" * 1000, {"Content_Type": "application/vnd.kubernetes.protobuf"}, 400),
]


def test_bad_bodies_in_numbers(load):
    def refuse_all():
        for what, make, headers, expected in BAD_BODIES:
            body = make()
            for _ in range(30):
                with load.tls() as connection:
                    try:
                        status, text = ask(connection, MAPS, "POST", body, **{"Content_Type": "application/json", **headers})
                    except (BrokenPipeError, ConnectionResetError):
                        # The answer to what is too large may come while the client still sends, as with any server.
                        status, text = answer(connection)
                    assert status == expected and json.loads(text)["kind"] == "Status", (what, status, text[:300])

    before = load.settled()
    refuse_all()
    first = load.falls_to(before + 32, "after the first refused bodies")
    refuse_all()
    load.falls_to(first + 8, "after as many again")


def test_malformed_requests_in_numbers(load):
    lines = [(b"\x00\x01\x02\r\n\r\n", 400), (b"GET /livez\r\n\r\n", 400), (b"GET /livez HTTP/9.9\r\n\r\n", 505),
             (b"GET /livez HTTP/1.1\r\nHost kdash\r\n\r\n", 400), (b"POST /api HTTP/1.1\r\nHost: k\r\nContent-Length: -1\r\n\r\n", 400),
             (b"POST /api HTTP/1.1\r\nHost: k\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
             (b"POST /api HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400), (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", 414, 431),
             (b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", 431)]
    # Of two, it is by what came first in one piece: all that a target, or all that a head may have.
    for line, *expected in lines:
        for _ in range(40):
            with load.tls() as connection:
                connection.sendall(line)
                status, _ = answer(connection)
                assert status in expected, (line[:60], status)
                assert connection.recv(1) == b"", "what comes after a malformed request cannot be believed"
    assert load.cluster.kubectl("get", "--raw", "/livez").strip() == "ok"


def test_expired_and_forged_credentials_in_numbers(load, tmp_path):
    load.cluster.kubectl("create", "serviceaccount", "somebody")
    good = load.cluster.kubectl("create", "token", "somebody").strip()
    with load.tls(certificate=False) as connection:
        def status(token):
            return ask(connection, "/api/v1/namespaces/default/pods", Authorization=f"Bearer {token}")[0]

        assert status(good) == 403, "it is believed, and may do nothing"
        past = int(time.time()) - 1000
        bad = {
            "expired": signed(load, tmp_path, good, iat=past - 600, nbf=past - 600, exp=past),
            "not yet": signed(load, tmp_path, good, iat=past + 5000, nbf=past + 5000, exp=past + 9000),
            "another account": ".".join([good.split(".")[0], changed(good, sub="system:serviceaccount:kube-system:x"), good.split(".")[2]]),
            "no signature": ".".join(good.split(".")[:2]) + ".",
            "no algorithm": encoded({"alg": "none"}) + "." + good.split(".")[1] + ".",
            "noise": "x" * 5000,
        }
        assert status(signed(load, tmp_path, good)) == 403, "the test's own signature is right"
        before = load.settled()
        for turn in range(250):
            for what, token in bad.items():
                assert status(token) == 401, what
            # As many different ones: nothing may remember each.
            assert status(f"{good.split('.')[0]}.{changed(good, jti=str(turn))}.{good.split('.')[2]}") == 401
        assert status(good) == 403
    load.falls_to(before + 8, "after 1750 refused tokens")


def encoded(value):
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).rstrip(b"=").decode()


def changed(token, **claims):
    return encoded({**json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")), **claims})


def signed(load, directory, token, **claims):
    """The token with other claims, signed as the cluster does."""
    text = f"{token.split('.')[0]}.{changed(token, **claims)}"
    (directory / "text").write_text(text)
    der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", load.pki / "sa.key", directory / "text"], check=True, capture_output=True).stdout
    parts, at = b"", 2
    for _ in range(2):
        length = der[at + 1]
        parts += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + length
    return f"{text}.{encoded(parts)}"


def test_expired_and_foreign_certificates_in_numbers(load, tmp_path):
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=tmp_path)

    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.key", "-subj", "/O=system:masters/CN=old", "-out", "k.csr")
    # openssl x509 makes no certificate that has ended, but one that is over a day before it begins.
    openssl("x509", "-req", "-in", "k.csr", "-CA", load.pki / "ca.crt", "-CAkey", load.pki / "ca.key", "-set_serial", "7", "-days", "-1", "-out", "expired.crt")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "o.key", "-subj", "/CN=other", "-out", "o.crt", "-days", "9")
    openssl("x509", "-req", "-in", "k.csr", "-CA", "o.crt", "-CAkey", "o.key", "-set_serial", "8", "-days", "9", "-out", "foreign.crt")
    before = load.settled()
    for name, alert in (("expired.crt", "SSLV3_ALERT_CERTIFICATE_EXPIRED"), ("foreign.crt", "TLSV1_ALERT_UNKNOWN_CA")):
        told = 0
        for _ in range(100):
            # The handshake ends before the server has looked at the certificate: its refusal comes in place of the answer.
            with pytest.raises((ssl.SSLError, ConnectionResetError, BrokenPipeError)) as refusal, \
                    load.tls(certificate=(tmp_path / name, tmp_path / "k.key")) as connection:
                ask(connection, f"{MAPS}?limit=1")
            if isinstance(refusal.value, ssl.SSLError):
                assert refusal.value.reason == alert, (name, refusal.value)
                told += 1
        # The kernel drops an alert that was not read yet when what the client sent meets a closed connection.
        assert told > 50, f"{name}: {told} of 100 were told why"
    load.falls_to(before + 8, "after 200 refused certificates")
    assert load.cluster.kubectl("get", "--raw", "/livez").strip() == "ok"


@pytest.mark.parametrize("kind", ["nothing sent", "handshaken"])
def test_a_flood_of_connections_does_not_lock_others_out(load, kind):
    before, count, memory = load.descriptors(), 5000, load.settled()
    refused, served = 0, 0
    stop = threading.Event()

    def others():
        nonlocal served
        while not stop.is_set():
            # Whoever is cut off while shaking hands tries again, as every client does; a few times are enough.
            for attempt in range(5):
                try:
                    with load.tls() as connection:
                        assert ask(connection, f"{MAPS}?limit=1")[0] == 200
                    break
                except OSError:
                    if attempt == 4:
                        raise
            served += 1
            stop.wait(0.05)

    failure = []

    def watched():
        try:
            others()
        except BaseException as error:
            failure.append(error)

    with contextlib.ExitStack() as flood:
        connections = []
        thread = threading.Thread(target=watched)
        thread.start()
        try:
            for _ in range(count):
                try:
                    connections.append(flood.enter_context(load.tcp() if kind == "nothing sent" else load.tls(certificate=False)))
                except OSError:
                    refused += 1
            # The server is done with those that had to go as soon as it has had the time; with the flood standing, new clients still get in.
            eventually(lambda: load.descriptors() < 1024 + 300 or failure, what="the oldest connections ended")
            since = served
            eventually(lambda: served >= since + 10 or failure, what="ten more clients served")
        finally:
            stop.set()
            thread.join()
        assert not failure, f"{failure[0]!r} after {served} clients and {len(connections)} connections"
        closed = sum(map(is_closed, connections)) + refused
        assert closed >= count - 1024, f"{closed} of {count} were closed or refused"
    eventually(lambda: load.descriptors() <= before + 20, what="the flood's descriptors closed")
    load.falls_to(memory + 12, "after the flood")
    assert load.cluster.kubectl("get", "--raw", "/livez").strip() == "ok"


def test_half_open_connections_end(halves):
    """Last in the file: their time has run since the first test."""
    assert halves.load.cluster.kubectl("get", "--raw", "/livez").strip() == "ok"
    left = {}

    def all_closed():
        for kind, connections in halves.kinds.items():
            left[kind] = sum(not is_closed(each) for each in connections)
        return not any(left.values())

    try:
        eventually(all_closed, within=max(5, 80 - (time.monotonic() - halves.since)), every=0.5)
    except clusters.Timeout:
        raise AssertionError(f"still open after {time.monotonic() - halves.since:.0f} s: {left}")
