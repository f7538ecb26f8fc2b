"""Datagrams to pods that answer with their name."""

import contextlib
import socket

from cluster import eventually


@contextlib.contextmanager
def one_sender(address, port):
    """Waits for the answer of a pod by name. One socket goes on sending: what the kernel remembers of it must follow whoever is behind the address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(1)

        def answered(name):
            one.sendto(b"hello", (address, port))
            return one.recv(100).decode() == name

        yield lambda name: eventually(lambda: answered(name), within=60, what=f"an answer of {name} over UDP")
