"""exec, attach, cp, port-forward and the proxies as kubectl of all ages and the Python client use them."""

import concurrent.futures
import hashlib
import http.client
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

import pytest

import cluster as clusters
from cluster import eventually, pod, steady

SDK = pathlib.Path("/usr/lib/google-cloud-sdk/bin")
# One that speaks SPDY only, one that tunnels nothing yet, and the newest in both forms.
VERSIONS = [(name, path) for name, path in ((f"1.{minor}", SDK / f"kubectl.1.{minor}") for minor in range(27, 34)) if path.exists()]
SPDY = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}
WEBSOCKET = {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "true", "KUBECTL_PORT_FORWARD_WEBSOCKETS": "true"}
FORMS = [pytest.param(path, {}, id=name) for name, path in VERSIONS] + [
    pytest.param(VERSIONS[-1][1], SPDY, id=f"{VERSIONS[-1][0]}-spdy"),
    pytest.param(VERSIONS[-1][1], WEBSOCKET, id=f"{VERSIONS[-1][0]}-websocket"),
]
BOTH = FORMS[-2:]

WEB = """
mkdir -p /www/cgi-bin /www/sub; cd /www
printf '<html><a href="/abs?x=1">a</a><img src="rel.png"></html>' > index.html
printf 'sub' > sub/index.html
head -c 3000000 /dev/zero > zeros
cat > cgi-bin/env <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\\r\\nX-Method: %s\\r\\n\\r\\n' "$REQUEST_METHOD"
env; echo BODY; cat
END
cat > cgi-bin/away <<'END'
#!/bin/sh
printf 'Status: 302 Found\\r\\nLocation: /sub/index.html\\r\\n\\r\\n'
END
printf '#!/bin/sh\nsleep 600\n' > cgi-bin/hang
chmod +x cgi-bin/*
httpd -f -p 8080 -h /www
"""


def environment(cluster, extra):
    return {**cluster.env, **extra}


def command(cluster, client, *arguments):
    return [str(client), "--kubeconfig", str(cluster.kubeconfig), "--cache-dir", str(cluster.home / "kcache"), *map(str, arguments)]


def run(cluster, client, extra, *arguments, stdin=None, timeout=120):
    """Bytes in, bytes out."""
    return subprocess.run(command(cluster, client, *arguments), env=environment(cluster, extra), input=stdin, capture_output=True, timeout=timeout)


@pytest.fixture(scope="module")
def image(shared):
    return shared.busybox()


@pytest.fixture(scope="module")
def worker(shared, image, tmp_path_factory):
    """A pod to run things in, with an echo on port 7000."""
    shared.apply(pod("worker", image, ["sh", "-c", "while ! [ -x /echo ]; do sleep 0.1; done; exec /echo 7000"]))
    shared.phase("worker", "Running", within=60)
    program = tmp_path_factory.mktemp("echo") / "echo"
    subprocess.run(["cc", "-O1", "-static", "-o", program, pathlib.Path(__file__).with_name("echo.c")], check=True)
    done = run(shared, VERSIONS[-1][1], {}, "exec", "-i", "worker", "--", "sh", "-c", "cat > /e && chmod +x /e && mv /e /echo", stdin=program.read_bytes())
    assert done.returncode == 0, done
    eventually(lambda: "echo" in shared.kubectl("exec", "worker", "--", "cat", "/proc/1/comm"), what="the echo")
    return "worker"


@pytest.fixture(scope="module")
def web(shared, image):
    shared.apply(pod("web", image, ["sh", "-c", WEB], container={"ports": [{"containerPort": 8080, "name": "http"}]}))
    shared.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
                  "spec": {"selector": {"app": "web"}, "ports": [{"name": "main", "port": 80, "targetPort": 8080}]}})
    shared.phase("web", "Running", within=60)
    eventually(lambda: "rel.png" in shared.kubectl("get", "--raw", "/api/v1/namespaces/default/pods/web:8080/proxy/"), within=30, what="the web server")
    return "web"


class Forward:
    """kubectl port-forward to a free local port."""

    def __init__(self, cluster, client, extra, target, port):
        self.process = subprocess.Popen(command(cluster, client, "port-forward", target, f":{port}"), env=environment(cluster, extra),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert "Forwarding from 127.0.0.1:" in line, line + self.process.stderr.read()
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line).group(1))

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=20)


class Terminal:
    """A kubectl on a terminal of its own."""

    def __init__(self, cluster, client, extra, *arguments, size=(40, 100)):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(str(client), command(cluster, client, *arguments), environment(cluster, extra))
        self.resize(*size)

    def resize(self, rows, columns):
        import fcntl
        import struct
        import termios
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait_for(self, text, within=30):
        deadline = time.monotonic() + within
        while text.encode() not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{text!r} not in {self.seen!r}"
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            assert piece, f"ended without {text!r}: {self.seen!r}"
            self.seen += piece
        before, _, self.seen = self.seen.partition(text.encode())
        return before.decode(errors="replace")

    def end(self, within=30):
        """Reads to the end and returns the exit code."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.fd], [], [], 0.1)
            if ready:
                try:
                    self.seen += os.read(self.fd, 65536)
                except OSError:
                    pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        raise AssertionError(f"did not end: {self.seen!r}")


# exec

@pytest.mark.parametrize("client,extra", FORMS)
def test_exec_keeps_streams_and_exit_codes_apart(shared, worker, client, extra):
    done = run(shared, client, extra, "exec", worker, "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout) == (7, b"out\n"), done
    assert b"err\n" in done.stderr and b"exit code 7" in done.stderr
    done = run(shared, client, extra, "exec", "-i", worker, "--", "sh", "-c", "wc -c; echo more", stdin=b"x" * 5000)
    assert (done.returncode, done.stdout) == (0, b"5000\nmore\n"), done
    done = run(shared, client, extra, "exec", worker, "--", "/no/such/program")
    assert done.returncode != 0 and b"/no/such/program" in done.stderr, done


@pytest.mark.parametrize("client,extra", BOTH)
def test_a_hundred_megabytes_each_way(shared, worker, client, extra):
    size = 100 << 20
    done = run(shared, client, extra, "exec", worker, "--", "sh", "-c", f"head -c {size} /dev/urandom | tee /tmp/random; sha256sum /tmp/random >&2", timeout=300)
    assert len(done.stdout) == size
    digest = hashlib.sha256(done.stdout).hexdigest()
    assert digest.encode() in done.stderr
    back = run(shared, client, extra, "exec", "-i", worker, "--", "sha256sum", stdin=done.stdout, timeout=300)
    assert digest.encode() in back.stdout, back.stderr
    run(shared, client, extra, "exec", worker, "--", "rm", "/tmp/random")


def bytes_read(pid):
    """From files, pipes and terminals, not from sockets."""
    return int(re.search(r"^rchar: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M).group(1))


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)) // 1024


@pytest.mark.parametrize("client,extra", BOTH)
def test_slow_clients_and_slow_programs_are_waited_for(shared, worker, client, extra):
    before = resident(shared.daemon_pid)
    # A program that says more than its client reads, and one that reads less than its client sends.
    reader = subprocess.Popen(command(shared, client, "exec", worker, "--", "sh", "-c", "yes 0123456789abcdef"), env=environment(shared, extra),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert reader.stdout.read(10)
    writer = subprocess.Popen(command(shared, client, "exec", "-i", worker, "--", "sleep", "30"), env=environment(shared, extra),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    os.set_blocking(writer.stdin.fileno(), False)
    sent, since = 0, time.monotonic()
    while time.monotonic() - since < 3:
        try:
            sent += os.write(writer.stdin.fileno(), bytes(65536))
            since = time.monotonic()
        except BlockingIOError:
            time.sleep(0.05)
        assert sent < 64 << 20, "nothing holds the client back"
    grown = resident(shared.daemon_pid) - before
    for process in (reader, writer):
        process.kill()
        process.wait()
    assert grown < 60, f"the daemon grew by {grown} MiB"


@pytest.mark.parametrize("client,extra", [FORMS[1], *BOTH])
def test_exec_on_a_terminal_that_changes_its_size(shared, worker, client, extra):
    terminal = Terminal(shared, client, extra, "exec", "-it", worker, "--", "sh", size=(30, 90))
    terminal.wait_for("# ")
    eventually(lambda: (terminal.type("stty size\n"), "30 90" in terminal.wait_for("# "))[1], what="the first size")
    terminal.resize(50, 120)
    eventually(lambda: (terminal.type("stty size\n"), "50 120" in terminal.wait_for("# "))[1], what="the second size")
    terminal.type("exit 3\n")
    assert terminal.end() == 3


def test_a_container_that_is_not_there_is_named(shared, worker):
    for client, extra in [(parameter.values[0], parameter.values[1]) for parameter in BOTH]:
        done = run(shared, client, extra, "exec", worker, "-c", "nosuch", "--", "true")
        assert done.returncode == 1 and b"nosuch" in done.stderr, done
        done = run(shared, client, extra, "exec", "nopod", "--", "true")
        assert done.returncode == 1 and b'pods "nopod" not found' in done.stderr, done


# attach

@pytest.mark.parametrize("client,extra", [FORMS[1], *BOTH])
def test_attach_shows_what_comes_from_now_on(shared, image, client, extra, request):
    name = f"talker-{abs(hash(request.node.name)) % 10000}"
    shared.apply(pod(name, image, ["sh", "-c", "echo early; while read line; do echo got $line; echo bad $line >&2; done; echo over; exit 4"],
                     restartPolicy="Never", container={"stdin": True, "stdinOnce": True}))
    shared.phase(name, "Running")
    eventually(lambda: "early" in shared.kubectl("logs", name), what="its first word")
    done = run(shared, client, extra, "attach", "-i", name, stdin=b"one\ntwo\n")
    assert b"early" not in done.stdout
    assert done.stdout.endswith(b"got one\ngot two\nover\n"), done
    assert b"bad one" in done.stderr and b"bad two" in done.stderr
    shared.phase(name, "Failed")
    assert shared.get("pod", name)["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 4
    assert "got two" in shared.kubectl("logs", name)
    done = run(shared, client, extra, "attach", name)
    assert done.returncode == 1 and b"completed pod" in done.stderr, done


@pytest.mark.parametrize("client,extra", BOTH)
def test_attach_loses_nothing_and_holds_the_container_back(shared, image, client, extra, request):
    name = f"flood-{abs(hash(request.node.name)) % 10000}"
    size = 100 << 20
    shared.apply(pod(name, image, ["sh", "-c", f"read go; head -c {size} /dev/urandom > /f; sha256sum /f >&2; cat /f"], restartPolicy="Never",
                     container={"stdin": True, "stdinOnce": True}))
    shared.phase(name, "Running")
    before = resident(shared.daemon_pid)
    process = subprocess.Popen(command(shared, client, "attach", "-i", "-q", name), env=environment(shared, extra), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdin.write(b"go\n")
    process.stdin.flush()
    digest = hashlib.sha256(process.stdout.read(1 << 20))
    steady(lambda: bytes_read(shared.daemon_pid), what="what the daemon has read for a reader that takes its time")
    assert resident(shared.daemon_pid) - before < 60
    total = 1 << 20
    while piece := process.stdout.read(1 << 20):
        digest.update(piece)
        total += len(piece)
    _, errors = process.communicate(timeout=60)
    assert total == size
    assert digest.hexdigest().encode() in errors
    shared.phase(name, "Succeeded")


def test_attach_to_a_terminal_and_come_back(shared, image):
    shared.apply(pod("shell", image, ["sh"], container={"stdin": True, "tty": True}))
    shared.phase("shell", "Running")
    for parameter in BOTH:
        terminal = Terminal(shared, *parameter.values, "attach", "-it", "shell", size=(33, 77))
        terminal.type("\n")
        terminal.wait_for("# ")
        eventually(lambda: (terminal.type("stty size\n"), "33 77" in terminal.wait_for("# "))[1], what="the size")
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
        os.close(terminal.fd)
    # The shell is the same one, and still there.
    assert shared.get("pod", "shell")["status"]["containerStatuses"][0]["restartCount"] == 0


@pytest.mark.parametrize("client,extra", [FORMS[1], *BOTH])
def test_run_a_pod_and_remove_it(shared, image, client, extra):
    done = run(shared, client, extra, "run", "once", "-i", "--rm", "--restart=Never", f"--image={image}", "--image-pull-policy=IfNotPresent",
               "--command", "--", "sh", "-c", "cat; exit 0", stdin=b"through the pod\n")
    assert b"through the pod" in done.stdout and done.returncode == 0, done
    terminal = Terminal(shared, client, extra, "run", "twice", "-it", "--rm", "--restart=Never", f"--image={image}", "--image-pull-policy=IfNotPresent",
                        "--command", "--", "sh")
    terminal.wait_for("command prompt")
    terminal.type("\n")
    terminal.wait_for("# ")
    terminal.type("echo $((40+2)); exit\n")
    terminal.wait_for("42")
    assert terminal.end() == 0
    eventually(lambda: "NotFound" in shared.kubectl("get", "pod", "once", "twice", check=False).stderr, what="both pods gone")


# cp

@pytest.mark.parametrize("client,extra", [FORMS[1], *BOTH])
def test_files_are_copied_both_ways(shared, worker, client, extra, tmp_path):
    source = tmp_path / "tree"
    (source / "deep/er").mkdir(parents=True)
    (source / "deep/er/file").write_bytes(os.urandom(3_000_000))
    (source / "empty").write_bytes(b"")
    done = run(shared, client, extra, "cp", str(source), f"{worker}:/tmp/tree")
    assert done.returncode == 0, done
    done = run(shared, client, extra, "cp", f"{worker}:/tmp/tree", str(tmp_path / "back"))
    assert done.returncode == 0, done
    assert (tmp_path / "back/deep/er/file").read_bytes() == (source / "deep/er/file").read_bytes()
    assert (tmp_path / "back/empty").read_bytes() == b""
    run(shared, client, extra, "exec", worker, "--", "rm", "-r", "/tmp/tree")


# port-forward

def exchange(forward, payload):
    with forward.connect() as connection:
        received = bytearray()

        def receive():
            while piece := connection.recv(1 << 16):
                received.extend(piece)

        reader = threading.Thread(target=receive)
        reader.start()
        connection.sendall(payload)
        connection.shutdown(socket.SHUT_WR)
        reader.join(120)
        return bytes(received)


@pytest.mark.parametrize("client,extra", FORMS)
def test_ports_are_forwarded(shared, worker, client, extra):
    with Forward(shared, client, extra, f"pod/{worker}", 7000) as forward:
        assert exchange(forward, b"hello") == b"hello"
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            payloads = [os.urandom(40_000 + index) for index in range(40)]
            assert list(pool.map(lambda payload: exchange(forward, payload), payloads)) == payloads
    with Forward(shared, client, extra, f"pod/{worker}", 7999) as forward:
        with forward.connect() as connection:
            assert connection.recv(10) == b""
        forward.process.terminate()
        _, errors = forward.process.communicate(timeout=20)
        assert "error forwarding port 7999 to pod worker_default" in errors and "connection refused" in errors, errors


@pytest.mark.parametrize("client,extra", BOTH)
def test_much_is_forwarded_without_loss(shared, worker, client, extra):
    payload = os.urandom(100 << 20)
    before = resident(shared.daemon_pid)
    with Forward(shared, client, extra, f"pod/{worker}", 7000) as forward:
        assert hashlib.sha256(exchange(forward, payload)).digest() == hashlib.sha256(payload).digest()
    assert resident(shared.daemon_pid) - before < 60


def test_a_service_is_forwarded_to_one_of_its_pods(shared, web):
    with Forward(shared, VERSIONS[-1][1], {}, "service/web", 80) as forward:
        connection = http.client.HTTPConnection("127.0.0.1", forward.port, timeout=20)
        connection.request("GET", "/sub/")
        assert connection.getresponse().read() == b"sub"


# The Python client

@pytest.fixture(scope="module")
def python(shared):
    client = pytest.importorskip("kubernetes.client")
    config = pytest.importorskip("kubernetes.config")
    return client.CoreV1Api(config.new_client_from_config(str(shared.kubeconfig)))


def test_the_python_client_runs_programs(shared, worker, python):
    from kubernetes.stream import stream
    text = stream(python.connect_get_namespaced_pod_exec, worker, "default", command=["sh", "-c", "echo out; echo err >&2"], stderr=True, stdin=False,
                  stdout=True, tty=False)
    assert sorted(text.split()) == ["err", "out"]
    session = stream(python.connect_get_namespaced_pod_exec, worker, "default", command=["sh"], stderr=True, stdin=True, stdout=True, tty=False,
                     _preload_content=False)
    session.write_stdin("echo $((6*7)); exit 5\n")
    assert session.readline_stdout(timeout=20) == "42"
    session.run_forever(timeout=20)
    assert session.returncode == 5


def test_the_python_client_forwards_ports(shared, worker, web, python):
    from kubernetes.stream import portforward
    forward = portforward(python.connect_get_namespaced_pod_portforward, worker, "default", ports="7000,7999")
    connection = forward.socket(7000)
    connection.settimeout(20)
    connection.sendall(b"through python")
    received = b""
    while len(received) < 14:
        received += connection.recv(100)
    assert received == b"through python"
    eventually(lambda: "connection refused" in (forward.error(7999) or ""), what="the refused port")
    connection.close()


@pytest.mark.parametrize("protocol", ["v4.base64.channel.k8s.io", "base64.channel.k8s.io", "channel.k8s.io", "v3.channel.k8s.io", None])
def test_older_subprotocols(shared, worker, python, protocol):
    websocket = pytest.importorskip("websocket")
    import base64
    configuration = python.api_client.configuration
    host = configuration.host.replace("https", "wss")
    query = "command=sh&command=-c&command=read%20line%3B%20echo%20said%20%24line%3B%20exit%202&stdin=true&stdout=true"
    connection = websocket.create_connection(
        f"{host}/api/v1/namespaces/default/pods/{worker}/exec?{query}", subprotocols=[protocol] if protocol else None,
        sslopt={"ca_certs": configuration.ssl_ca_cert, "certfile": configuration.cert_file, "keyfile": configuration.key_file}, timeout=20)
    assert connection.getsubprotocol() == protocol
    coded = protocol and "base64" in protocol
    connection.send("0" + base64.b64encode(b"word\n").decode()) if coded else connection.send_binary(b"\0word\n")
    output, error = b"", b""
    while True:
        try:
            message = connection.recv()
        except websocket.WebSocketConnectionClosedException:
            break
        if not message:
            break
        if coded:
            channel, data = int(message[0]), base64.b64decode(message[1:])
        else:
            channel, data = message[0], message[1:]
        output, error = (output + data, error) if channel == 1 else (output, error + data)
    assert output == b"said word\n"
    if protocol and protocol.startswith("v4"):
        assert json.loads(error)["details"]["causes"] == [{"reason": "ExitCode", "message": "2"}]
    else:
        assert b"exit code 2" in error


def test_a_log_is_followed_over_a_websocket(shared, image, python):
    websocket = pytest.importorskip("websocket")
    shared.apply(pod("ticker", image, ["sh", "-c", "echo first; sleep 1; echo last"], restartPolicy="Never"))
    shared.phase("ticker", "Running")
    configuration = python.api_client.configuration
    connection = websocket.create_connection(
        f"{configuration.host.replace('https', 'wss')}/api/v1/namespaces/default/pods/ticker/log?follow=true", subprotocols=["binary.k8s.io"],
        sslopt={"ca_certs": configuration.ssl_ca_cert, "certfile": configuration.cert_file, "keyfile": configuration.key_file}, timeout=20)
    text = b""
    while b"last\n" not in text:
        text += connection.recv()
    assert text == b"first\nlast\n"
    connection.close()


# proxy

class API:
    """Plain HTTP to the API server as the administrator."""

    def __init__(self, cluster):
        import base64
        config = json.loads(cluster.kubectl("config", "view", "--raw", "-o", "json"))
        user, server = config["users"][0]["user"], config["clusters"][0]["cluster"]

        def file(values, key):
            if key in values:
                return values[key]
            path = cluster.base / key
            path.write_bytes(base64.b64decode(values[f"{key}-data"]))
            return str(path)

        self.context = ssl.create_default_context(cafile=file(server, "certificate-authority"))
        self.context.load_cert_chain(file(user, "client-certificate"), file(user, "client-key"))
        self.address = re.match(r"https://(.*):(\d+)", server["server"]).groups()

    def connection(self):
        return http.client.HTTPSConnection(self.address[0], int(self.address[1]), context=self.context, timeout=60)

    def __call__(self, method, path, body=None, **headers):
        connection = self.connection()
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer, content


@pytest.fixture(scope="module")
def api(shared):
    return API(shared)


POD = "/api/v1/namespaces/default/pods/web:8080/proxy"
SERVICE = "/api/v1/namespaces/default/services"


def test_pages_come_through_with_their_links(web, api):
    answer, body = api("GET", f"{POD}/")
    assert answer.status == 200
    assert body == b'<html><a href="/api/v1/namespaces/default/pods/web:8080/proxy/abs?x=1">a</a><img src="rel.png"></html>'
    answer, _ = api("GET", f"{POD}?a=b")
    assert (answer.status, answer.getheader("Location")) == (301, f"{POD}/?a=b")
    answer, _ = api("GET", f"{POD}/cgi-bin/away")
    assert (answer.status, answer.getheader("Location")) == (302, f"{POD}/sub/index.html")
    answer, body = api("GET", f"{POD}/zeros")
    assert (answer.getheader("Content-Length"), len(body)) == ("3000000", 3_000_000)
    answer, body = api("HEAD", f"{POD}/zeros")
    assert (answer.getheader("Content-Length"), body) == ("3000000", b"")
    answer, _ = api("GET", f"{POD}/nosuch")
    assert answer.status == 404


def test_methods_bodies_and_headers_come_through(web, api):
    for method, body in (("POST", b"some body"), ("GET", None)):
        answer, content = api(method, f"{POD}/cgi-bin/env?q=%20x", body, Cookie="c=1")
        assert answer.getheader("X-Method") == method
        assert b"QUERY_STRING=q=%20x" in content
        assert content.endswith(b"BODY\n" + (body or b""))
        assert b"HTTP_COOKIE=c=1" in content
    answer, content = api("POST", f"{POD}/cgi-bin/env", b"a" * 2_800_000)
    assert content.endswith(b"a" * 2_800_000)


def test_services_by_every_name(shared, web, api):
    for name in ("web", "web:80", "web:main", "http:web:main", "http:web:80", ":web:80"):
        answer, body = api("GET", f"{SERVICE}/{name}/proxy/sub/")
        if name == "web":
            assert answer.status == 503 and b"no endpoints available for service" in body  # Its port has a name, and none was asked for.
            continue
        assert (answer.status, body) == (200, b"sub"), (name, body)
    for name, status, text in (("web:81", 503, 'no service port 81 found for service \\"web\\"'), ("nosuch", 404, 'services \\"nosuch\\" not found'),
                               ("web:other", 503, 'no endpoints available for service \\"web:other\\"')):
        answer, body = api("GET", f"{SERVICE}/{name}/proxy/")
        assert answer.status == status and text in body.decode(), body
    shared.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hollow"}, "spec": {"selector": {"app": "nobody"}, "ports": [{"port": 80}]}})
    answer, body = api("GET", f"{SERVICE}/hollow/proxy/")
    assert answer.status == 503 and 'no endpoints available for service \\"hollow\\"' in body.decode()


def test_a_pod_where_nobody_listens(web, api):
    answer, body = api("GET", "/api/v1/namespaces/default/pods/web:8099/proxy/")
    assert answer.status == 503
    assert re.search(r"error trying to reach service: dial tcp [\d.]+:8099: connect: connection refused", json.loads(body)["message"])


def test_a_request_that_is_given_up_holds_nothing(shared, web, api):
    address = shared.get("pod", web)["status"]["podIP"]
    remote = "".join(f"{int(part):02X}" for part in reversed(address.split("."))) + ":1F90"

    def held():
        lines = pathlib.Path(f"/proc/{shared.daemon_pid}/net/tcp").read_text().splitlines()[1:]
        return [line for line in lines if line.split()[2] == remote and line.split()[3] == "01"]

    connection = api.connection()
    connection.request("GET", f"{POD}/cgi-bin/hang")
    eventually(held, what="the connection to the pod")
    connection.close()
    eventually(lambda: not held(), what="the end of the connection to the pod")


def test_many_proxied_at_once(web, api):
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda index: api("GET", f"{SERVICE}/web:main/proxy/cgi-bin/env?n={index}"), range(160)))
    assert all(answer.status == 200 and f"QUERY_STRING=n={index}".encode() in body for index, (answer, body) in enumerate(answers))


def test_nodes_show_what_their_agents_have(shared, api):
    node = json.loads(shared.kubectl("get", "nodes", "-o", "json"))["items"][0]["metadata"]["name"]
    base = f"/api/v1/nodes/{node}/proxy"
    assert api("GET", f"{base}/healthz")[1] == b"ok"
    assert json.loads(api("GET", f"{base}/stats/summary")[1])["node"]["nodeName"] == node
    answer, body = api("GET", f"{base}/logs/")
    assert (answer.status, body) == (405, b"logs endpoint is disabled.\n")
    answer, body = api("GET", f"{base}/nosuch")
    assert (answer.status, body) == (404, b"404 page not found\n")
    answer, body = api("POST", f"{base}/pods", b"{}")
    assert (answer.status, answer.getheader("Allow")) == (405, "GET")


def test_an_agent_serves_logs_commands_and_counters_of_its_pods(shared, worker, api):
    node = shared.get("pod", worker)["spec"]["nodeName"]
    base = f"/api/v1/nodes/{node}:10250/proxy"
    container = shared.get("pod", worker)["spec"]["containers"][0]["name"]
    answer, body = api("POST", f"{base}/run/default/{worker}/{container}?cmd=echo+two+words")
    assert (answer.status, body) == (200, b"two words\n")
    answer, body = api("POST", f"{base}/run/default/{worker}/{container}?cmd=ls+/nosuch")
    assert answer.status == 500 and b"command 'ls /nosuch' exited with 1: ls: /nosuch: No such file" in body
    running = json.loads(api("GET", f"{base}/runningpods/")[1])["items"]
    assert worker in [item["metadata"]["name"] for item in running]
    counters = api("GET", f"{base}/metrics/cadvisor")[1].decode()
    assert re.search(rf'^container_cpu_usage_seconds_total\{{container="{container}",.*pod="{worker}",cpu="total"\}} [\d.e-]+$', counters, re.M)
    shared.apply(pod("teller", shared.busybox(), ["sh", "-c", "echo one; echo two; exec sleep 600"]))
    shared.phase("teller", "Running")
    name = shared.get("pod", "teller")["spec"]["containers"][0]["name"]
    eventually(lambda: api("GET", f"{base}/containerLogs/default/teller/{name}?tailLines=1")[1] == b"two\n", what="the log through the node")
    connection = api.connection()
    connection.request("GET", f"{base}/containerLogs/default/teller/{name}?follow=true")
    assert connection.getresponse().read(8) == b"one\ntwo\n"
    connection.close()


def test_a_program_runs_through_its_node(shared, worker):
    from kubernetes import client, config
    from kubernetes.stream import ws_client
    configuration = client.Configuration()
    config.load_kube_config(str(shared.kubeconfig), client_configuration=configuration)
    target = shared.get("pod", worker)
    path = f"/api/v1/nodes/{target['spec']['nodeName']}/proxy/exec/default/{worker}/{target['spec']['containers'][0]['name']}"
    query = "command=sh&command=-c&command=cat;+echo+err+>%262&input=1&output=1&error=1"
    session = ws_client.WSClient(configuration, f"{configuration.host.replace('https', 'wss')}{path}?{query}", {}, True)
    session.write_stdin("typed\n")
    assert session.readline_stdout(timeout=20) == "typed"
    session.close()


def test_upgrades_come_through(shared, image, api):
    answer = "HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: talk\\r\\nConnection: Upgrade\\r\\n\\r\\nhello"
    shared.apply(pod("upgrader", image, ["sh", "-c", "printf '%s' \"$0\" | sed 's/\\\\r/\\r/g' > /dev/null; "
                     f"printf '#!/bin/sh\\nwhile IFS= read -r l; do [ \"$l\" = \"$(printf \"\\\\r\")\" ] && break; done\\nprintf \"{answer}\"\\nexec cat\\n' > /s; "
                     "chmod +x /s; exec nc -ll -p 9000 -e /s"]))
    shared.phase("upgrader", "Running")

    def talk():
        connection = api.context.wrap_socket(socket.create_connection((api.address[0], int(api.address[1])), timeout=20), server_hostname=api.address[0])
        connection.sendall(b"GET /api/v1/namespaces/default/pods/upgrader:9000/proxy/x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: talk\r\n\r\n")
        return connection

    def upgraded():
        connection = talk()
        head = connection.recv(4096)
        if b" 101 " not in head:
            connection.close()
            return None
        return connection, head

    connection, head = eventually(upgraded, what="the upgrade")
    while b"hello" not in head:
        head += connection.recv(4096)
    connection.sendall(b"anything at all")
    assert connection.recv(4096) == b"anything at all"
    connection.close()


# one request

def test_a_request_keeps_its_name_and_methods_nobody_serves_are_refused(api):
    answer, _ = api("GET", "/api/v1/namespaces/default/configmaps", **{"Audit-ID": "trace-1"})
    assert answer.getheader("Audit-Id") == "trace-1"
    answer, _ = api("GET", "/api/v1/namespaces/default/configmaps", **{"Audit-ID": "a" * 300})
    assert len(answer.getheader("Audit-Id")) == 36
    answer, body = api("OPTIONS", "/api/v1/namespaces/default/configmaps")
    assert (answer.status, json.loads(body)["reason"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("form, marked, blueprint", [
    ("", lambda event: event["object"], "NamespaceList"), (";as=Table;g=meta.k8s.io;v=v1", lambda event: event["object"]["rows"][0]["object"], "Table"),
    (";as=PartialObjectMetadata;g=meta.k8s.io;v=v1", lambda event: event["object"], "PartialObjectMetadataList"),
], ids=["objects", "table", "metadata"])
def test_a_watch_list_ends_with_the_list_to_fill(api, form, marked, blueprint):
    import base64
    connection = api.connection()
    query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=30"
    connection.request("GET", f"/api/v1/namespaces?{query}", headers={"Accept": f"application/json{form}"})
    answer = connection.getresponse()
    for line in answer:
        event = json.loads(line)
        if event["type"] == "BOOKMARK":
            break
        assert event["type"] == "ADDED"
    annotations = marked(event)["metadata"]["annotations"]
    assert annotations["k8s.io/initial-events-end"] == "true"
    assert json.loads(base64.b64decode(annotations["kubernetes.io/initial-events-list-blueprint"]))["kind"] == blueprint
    connection.close()


# logs

def test_a_slow_reader_of_a_log_costs_nothing(shared, image, api):
    shared.apply(pod("chatty", image, ["sh", "-c", "yes 0123456789abcdef0123456789abcdef | head -c 40000000; sleep 600"]))
    shared.phase("chatty", "Running")
    eventually(lambda: len(shared.kubectl("logs", "chatty", "--tail=3")) > 90, what="a long log")
    before = resident(shared.daemon_pid)
    readers = []
    for _ in range(10):
        connection = api.connection()
        connection.request("GET", "/api/v1/namespaces/default/pods/chatty/log?follow=true")
        answer = connection.getresponse()
        assert answer.read(100)
        readers.append((connection, answer))
    # One that does not wait would read everything.
    steady(lambda: bytes_read(shared.daemon_pid), what="what the daemon has read for readers that have stopped")
    assert resident(shared.daemon_pid) - before < 60
    for connection, _ in readers:
        connection.close()
