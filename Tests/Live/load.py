"""What the load tests share: the generators, raw connections, and how the daemon is measured."""

import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys

from cluster import ROOT, Timeout, eventually

sys.path.append(str(ROOT / "scripts"))
from benchlib import process  # noqa: E402 (found by the line before)

MAPS = "/api/v1/namespaces/default/configmaps"


class Load:
    """The generators of scripts/, compiled, against one cluster."""

    def __init__(self, cluster, directory):
        self.cluster = cluster
        self.address = ("127.0.0.1", int(cluster.status()["server"].rsplit(":", 1)[1]))
        self.pki = cluster.data / "pki"
        self.loadgen, self.watchgen = (pathlib.Path(directory) / name for name in ("loadgen", "watchgen"))
        for made in (self.loadgen, self.watchgen):
            if not made.exists():
                subprocess.run(["cc", "-O1", "-o", made, ROOT / f"scripts/{made.name}.c", "-lssl", "-lcrypto"], check=True)

    def command(self, clients, seconds, *request):
        return [self.loadgen, str(self.address[1]), self.pki, str(clients), str(seconds), *request]

    def run(self, clients, seconds, *request):
        """What loadgen found; `seconds` may be a number of requests, as in "500n"."""
        done = subprocess.run(self.command(clients, seconds, *request), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def make(self, name, count, size=900):
        """Creates config maps `<name>0` and so on."""
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}@", "labels": {"set": name}}, "data": {"k": "7" * size}}
        assert self.run(32, f"{count}n", "POST", MAPS, "application/json", json.dumps(body))["errors"] == 0

    def watches(self, count, path):
        """Opens watches and returns the process that holds them until its input ends."""
        process = subprocess.Popen([self.watchgen, str(self.address[1]), self.pki, str(count), path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert json.loads(process.stdout.readline()) == {"watches": count}
        return process

    # Connections

    def tcp(self):
        return socket.create_connection(self.address, timeout=30)

    def tls(self, certificate=True, buffer=None):
        """A TLS connection as the administrator, or as nobody; `buffer` bounds what the kernel receives ahead."""
        context = ssl.create_default_context(cafile=self.pki / "ca.crt")
        if certificate:
            context.load_cert_chain(*((self.pki / "admin.crt", self.pki / "admin.key") if certificate is True else certificate))
        plain = socket.socket()
        if buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.settimeout(30)
        # Or the second small write of a handshake waits 40 ms for the kernel's delayed acknowledgement.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.connect(self.address)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    # The daemon

    def memory(self):
        """The daemon's anonymous memory in MB, now: pages of files come and go with whoever else runs the program."""
        return process.memory(self.cluster.daemon_pid)["Pss_Anon"] / (1 << 20)

    def settled(self):
        """The memory once the daemon has nothing to do and has given back what it has free, which it does when it is quiet."""
        self.settle()
        seen = [self.memory()]

        def is_steady():
            seen.append(self.memory())
            return len(seen) > 15 and max(seen[-15:]) - min(seen[-15:]) < 0.5

        eventually(is_steady, within=60, every=0.2, what="steady memory")
        return seen[-1]

    def falls_to(self, limit, what):
        """Waits until the memory is at most `limit` MB, and returns it."""
        seen = []

        def is_low():
            seen.append(round(self.memory(), 1))
            return seen[-1] <= limit

        try:
            eventually(is_low, within=60, every=0.2)
        except Timeout:
            raise AssertionError(f"{what}: {limit:.1f} MB are allowed, and it went {seen[0]} .. {seen[-1]} MB")
        return seen[-1]

    def settle(self):
        eventually(lambda: process.is_idle(self.cluster.daemon_pid, 0.2), within=60, what="an idle daemon")

    def descriptors(self):
        return len(list(pathlib.Path(f"/proc/{self.cluster.daemon_pid}/fd").iterdir()))


def lines(connection):
    """The lines of a chunked body, wherever its chunks are cut."""
    file, rest = connection.makefile("rb"), b""
    status = file.readline()
    assert b" 200 " in status, status
    while file.readline().strip():
        pass
    while size := int(file.readline(), 16):
        *whole, rest = (rest + file.read(size)).split(b"\n")
        file.readline()
        yield from whole


def request(path, method="GET", body=b"", **headers):
    head = f"{method} {path} HTTP/1.1\r\nHost: kdash\r\n" + "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    if body:
        head += f"Content-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def answer(connection):
    """The status and body of one answer that has a length."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {got[:200]!r}")
        got += piece
    head, body = got.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"(?i)\r\ncontent-length: (\d+)", head).group(1))
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {len(body)} of {length} bytes")
        body += piece
    return int(head.split()[1]), body


def ask(connection, *arguments, **headers):
    connection.sendall(request(*arguments, **headers))
    return answer(connection)


def is_closed(connection):
    """Whether the server has ended a connection, without waiting; what it has said is read and dropped."""
    connection.settimeout(0)
    try:
        while connection.recv(65536):
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
