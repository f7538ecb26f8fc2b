"""A server like any other: kdash's API without what only kdash has, so that the screen takes the ways it takes on foreign clusters."""

import re
import select
import socket
import ssl
import threading


class PlainServer:
    """Relays HTTP without TLS to a cluster as its administrator; what is below /kdash/ is not there, and the version tells of no kdash."""

    def __init__(self, cluster):
        address = re.search(r"server: https://(\S+):(\d+)", cluster.kubeconfig.read_text())
        self.target = (address.group(1), int(address.group(2)))
        self.tls = ssl.create_default_context(cafile=cluster.data / "pki/ca.crt")
        self.tls.load_cert_chain(cluster.data / "pki/admin.crt", cluster.data / "pki/admin.key")
        self.paths = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def kubeconfig(self, context):
        return (f"apiVersion: v1\nkind: Config\ncontexts: [{{name: {context}, context: {{cluster: far, user: anna}}}}]\n"
                f"clusters: [{{name: far, cluster: {{server: '{self.url}'}}}}]\nusers: [{{name: anna, user: {{token: none}}}}]\n")

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        """One request a connection, then bytes both ways: watches and upgraded connections too."""
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = client.recv(65536)
                if not piece:
                    return
                head += piece
            head, rest = head.split(b"\r\n\r\n", 1)
            lines = head.split(b"\r\n")
            path = lines[0].split(b" ")[1].decode()
            self.paths.append(path)
            if path.startswith("/kdash/"):
                body = b"404 page not found\n"
                return client.sendall(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            if path == "/version":
                body = b'{"major":"1","minor":"33","gitVersion":"v1.33.1"}'
                return client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            kept = [line for line in lines if not line.lower().startswith((b"authorization:", b"host:"))]
            if not any(line.lower().startswith(b"upgrade:") for line in lines):
                kept.append(b"Connection: close")
            kept.insert(1, b"Host: %s:%d" % (self.target[0].encode(), self.target[1]))
            with self.tls.wrap_socket(socket.create_connection(self.target, timeout=20), server_hostname=self.target[0]) as server:
                server.settimeout(None)
                server.sendall(b"\r\n".join(kept) + b"\r\n\r\n" + rest)
                self._relay(client, server)

    @staticmethod
    def _relay(client, server):
        """Bytes both ways until either side ends, in one thread: a TLS socket is not for two."""
        try:
            while True:
                ready = [server] if server.pending() else select.select([client, server], [], [])[0]
                for source in ready:
                    piece = source.recv(65536)
                    if not piece:
                        return
                    (server if source is client else client).sendall(piece)
        except OSError:
            return
