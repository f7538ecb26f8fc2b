"""Probes over HTTP and HTTPS, answered by nginx in a pod."""

import json
import subprocess

import pytest

from cluster import eventually, pod

CONFIGURATION = """
daemon off; pid /tmp/pid; worker_processes 1;
events { worker_connections 64; }
http {
  client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  log_format asked '$scheme $request_uri host=$http_host agent=$http_user_agent accept=$http_accept probe=$http_x_probe';
  access_log /tmp/asked asked;
  server {
    listen 8443 ssl; listen 8080; ssl_certificate /tls/tls.crt; ssl_certificate_key /tls/tls.key;
    location /live { return 200; }
    location /broken { return 503; }
    location /local { return 302 /live; }
    location /away { return 302 http://elsewhere.invalid/; }
    location /round { return 302 /round; }
  }
}
"""


@pytest.fixture(scope="module")
def image(shared, tmp_path_factory):
    """nginx from the machine, and a certificate that nobody vouches for, of another name."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=somebody.else",
                    "-keyout", folder / "tls.key", "-out", folder / "tls.crt"], check=True, capture_output=True)
    shared.kubectl("create", "secret", "tls", "nobody", "--cert", folder / "tls.crt", "--key", folder / "tls.key")
    shared.kubectl("create", "configmap", "nginx", f"--from-literal=nginx.conf={CONFIGURATION}")
    shared.kdash("image", "import-host", "/usr/sbin/nginx")
    shared.busybox()
    return "host/nginx:latest"


def served(name, image, **probes):
    volumes = [{"name": "tls", "secret": {"secretName": "nobody"}}, {"name": "conf", "configMap": {"name": "nginx"}}, {"name": "tmp", "emptyDir": {}}]
    mounts = [{"name": "tls", "mountPath": "/tls"}, {"name": "conf", "mountPath": "/conf"}, {"name": "tmp", "mountPath": "/tmp"}]
    made = pod(name, image, ["/usr/sbin/nginx", "-e", "stderr", "-c", "/conf/nginx.conf"], volumes=volumes, securityContext={"runAsUser": 1000},
               container={"volumeMounts": mounts, **probes})
    made["spec"]["containers"].append({"name": "look", "image": "host/busybox:latest", "command": ["sleep", "100000"], "volumeMounts": mounts[2:]})
    return made


def get(path, port=8443, scheme="HTTPS", headers=(), **settings):
    action = {"path": path, "port": port, "scheme": scheme, "httpHeaders": [{"name": name, "value": value} for name, value in headers]}
    return {"httpGet": action, "periodSeconds": 1, "failureThreshold": 1, **settings}


def ready(cluster, name):
    return [one["ready"] for one in cluster.get("pod", name)["status"].get("containerStatuses", []) if one["name"] == "main"] == [True]


def event(cluster, name, reason, text):
    def probe():
        found = json.loads(cluster.kubectl("get", "events", "-o", "json", "--field-selector", f"involvedObject.name={name}"))["items"]
        return [one for one in found if one["reason"] == reason and text in one["message"]]
    return eventually(probe, within=60, what=f"event {reason} with {text!r} about {name}")


def asked(cluster, name):
    return cluster.kubectl("exec", name, "-c", "look", "--", "cat", "/tmp/asked").splitlines()


def test_an_https_probe_trusts_any_certificate_and_sends_its_headers(shared, image):
    headers = [("X-Probe", "yes"), ("Host", "named.example")]
    shared.apply(served("secure", image, readinessProbe=get("/live?a=b", headers=headers), livenessProbe=get("/live", failureThreshold=3)))
    eventually(lambda: ready(shared, "secure"), within=60, what="ready over HTTPS")
    eventually(lambda: "https /live?a=b host=named.example agent=kube-probe/1.36 accept=*/* probe=yes" in asked(shared, "secure"), what="the probe's request")
    address = shared.get("pod", "secure")["status"]["podIP"]
    eventually(lambda: f"https /live host={address}:8443 agent=kube-probe/1.36 accept=*/* probe=-" in asked(shared, "secure"), what="one without headers")


def test_a_probe_tells_what_the_server_answered(shared, image):
    shared.apply(served("answers", image, readinessProbe=get("/broken")))
    event(shared, "answers", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    assert not ready(shared, "answers")


def test_redirects_are_followed_on_the_same_host_only(shared, image):
    shared.apply(served("local", image, readinessProbe=get("/local")))
    shared.apply(served("away", image, readinessProbe=get("/away")))
    shared.apply(served("round", image, readinessProbe=get("/round")))
    eventually(lambda: ready(shared, "local"), within=60, what="ready after a redirect")
    assert any("/local" in line for line in asked(shared, "local")) and any("/live" in line for line in asked(shared, "local"))
    eventually(lambda: ready(shared, "away"), within=60, what="ready by the redirect itself")
    event(shared, "away", "ProbeWarning", "Readiness probe warning: Probe terminated redirects")
    event(shared, "round", "Unhealthy", "stopped after 10 redirects")
    assert not ready(shared, "round")


def test_https_to_a_server_without_it_fails(shared, image):
    shared.apply(served("plain", image, readinessProbe=get("/live", port=8080)))
    event(shared, "plain", "Unhealthy", "Readiness probe failed: Get \"https://")
    assert not ready(shared, "plain")
