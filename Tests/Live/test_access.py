"""Who may do what, with real clients: service-account tokens, impersonation, roles, certificates, the audit log."""

import base64
import json
import subprocess

import pytest
from kubernetes import client as kube
from kubernetes.client.rest import ApiException

import cluster as clusters
from cluster import eventually


def curl(cluster, path, *arguments, token=None):
    command = ["curl", "-sS", "--cacert", str(cluster.data / "pki/ca.crt"), *arguments]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    server = json.loads(cluster.kubectl("config", "view", "-o", "json"))["clusters"][0]["cluster"]["server"]
    done = subprocess.run([*command, server + path], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def api_with_token(cluster, token):
    configuration = kube.Configuration()
    configuration.host = json.loads(cluster.kubectl("config", "view", "-o", "json"))["clusters"][0]["cluster"]["server"]
    configuration.ssl_ca_cert = str(cluster.data / "pki/ca.crt")
    configuration.api_key = {"authorization": token}
    configuration.api_key_prefix = {"authorization": "Bearer"}
    return kube.ApiClient(configuration)


def test_token_works_and_ends(shared):
    shared.kubectl("create", "namespace", "robots")
    shared.kubectl("-n", "robots", "create", "serviceaccount", "builder")
    token = shared.kubectl("-n", "robots", "create", "token", "builder", "--duration", "10m").strip()
    who = json.loads(curl(shared, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "-X", "POST", "-H", "Content-Type: application/json",
                          "-d", '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1"}', token=token))
    assert who["status"]["userInfo"]["username"] == "system:serviceaccount:robots:builder"
    core = kube.CoreV1Api(api_with_token(shared, token))
    with pytest.raises(ApiException) as refused:
        core.list_namespaced_pod("robots")
    assert refused.value.status == 403
    assert 'User "system:serviceaccount:robots:builder" cannot list resource "pods"' in json.loads(refused.value.body)["message"]
    shared.kubectl("-n", "robots", "create", "rolebinding", "b", "--clusterrole=view", "--serviceaccount=robots:builder")
    assert core.list_namespaced_pod("robots").items == []
    shared.kubectl("-n", "robots", "delete", "serviceaccount", "builder")
    with pytest.raises(ApiException) as gone:
        core.list_namespaced_pod("robots")
    assert gone.value.status == 401
    assert json.loads(gone.value.body) == {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401}


def test_forged_and_strange_credentials_are_unauthorized(shared):
    token = shared.kubectl("create", "token", "default").strip()
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "system:serviceaccount:kube-system:default"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    for bad in (f"{head}.{forged}.{signature}", "x", "a.b.c", token[:-4], "A" * 9000):
        assert json.loads(curl(shared, "/api/v1/pods", token=bad))["code"] == 401, bad[:60]
    assert json.loads(curl(shared, "/api/v1/pods", "-u", "admin:admin"))["code"] == 401
    anonymous = json.loads(curl(shared, "/api/v1/pods"))
    assert anonymous["code"] == 403 and 'User "system:anonymous"' in anonymous["message"]
    assert curl(shared, "/healthz") == "ok"


def test_tokens_can_be_checked_by_others(shared):
    token = shared.kubectl("create", "token", "default", "--audience", "vault").strip()
    document = json.loads(shared.kubectl("get", "--raw", "/.well-known/openid-configuration"))
    keys = json.loads(shared.kubectl("get", "--raw", "/openid/v1/jwks"))["keys"]
    head, body, _ = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "=="))["kid"] == keys[0]["kid"]
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert claims["iss"] == document["issuer"] and claims["aud"] == ["vault"]
    assert claims["kubernetes.io"]["serviceaccount"]["name"] == "default"
    review = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token, "audiences": ["vault"]}}
    answer = json.loads(shared.kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(review)))
    assert answer["status"]["authenticated"] and answer["status"]["audiences"] == ["vault"]


def test_a_pod_finds_its_token_authority_and_namespace(shared):
    image = shared.busybox()
    where = "/var/run/secrets/kubernetes.io/serviceaccount"
    shared.apply(clusters.pod("with-token", image, ["sleep", "1000"]))
    shared.phase("with-token", "Running")

    def read(name):
        return shared.kubectl("exec", "with-token", "--", "cat", f"{where}/{name}")
    token = read("token")
    assert read("namespace") == "default" and read("ca.crt") == (shared.data / "pki/ca.crt").read_text()
    review = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1", "spec": {"token": token}}
    user = json.loads(shared.kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(review)))["status"]["user"]
    assert user["username"] == "system:serviceaccount:default:default"
    assert user["extra"]["authentication.kubernetes.io/pod-name"] == ["with-token"]
    assert user["extra"]["authentication.kubernetes.io/node-name"] == [shared.get("pod", "with-token")["spec"]["nodeName"]]
    shared.kubectl("delete", "pod", "with-token")
    assert json.loads(curl(shared, "/api/v1/pods", token=token))["code"] == 401


def test_secret_token(shared):
    shared.apply({"kind": "Secret", "apiVersion": "v1", "type": "kubernetes.io/service-account-token",
                  "metadata": {"name": "long", "annotations": {"kubernetes.io/service-account.name": "default"}}})
    data = shared.get("secret", "long")["data"]
    assert base64.b64decode(data["namespace"]) == b"default" and b"BEGIN CERTIFICATE" in base64.b64decode(data["ca.crt"])
    token = base64.b64decode(data["token"]).decode()
    assert json.loads(curl(shared, "/api/v1/pods", token=token))["code"] == 403
    shared.kubectl("delete", "secret", "long")
    assert json.loads(curl(shared, "/api/v1/pods", token=token))["code"] == 401


def test_every_namespace_has_the_authority(shared):
    shared.kubectl("create", "namespace", "with-ca")
    found = eventually(lambda: shared.get("cm", "kube-root-ca.crt", "-n", "with-ca"), what="the authority")
    assert found["data"]["ca.crt"] == (shared.data / "pki/ca.crt").read_text()
    shared.kubectl("-n", "with-ca", "delete", "cm", "kube-root-ca.crt")
    eventually(lambda: shared.get("cm", "kube-root-ca.crt", "-n", "with-ca"), what="the authority again")
    assert shared.get("serviceaccount", "default", "-n", "with-ca")


def test_can_i_whoami_and_list(shared):
    assert shared.kubectl("auth", "can-i", "create", "pods").strip() == "yes"
    done = shared.kubectl("auth", "can-i", "create", "pods", "--as", "ann", check=False)
    assert done.returncode == 1 and done.stdout.strip().startswith("no")
    shared.kubectl("create", "clusterrole", "pod-reader", "--verb=get,list", "--resource=pods")
    shared.kubectl("create", "rolebinding", "ann-reads", "--clusterrole=pod-reader", "--user=ann")
    assert shared.kubectl("auth", "can-i", "get", "pods", "--as", "ann").strip() == "yes"
    assert shared.kubectl("auth", "can-i", "get", "pods", "--as", "ann", "-n", "kube-system", check=False).returncode == 1
    listed = shared.kubectl("auth", "can-i", "--list", "--as", "ann")
    assert "pods" in listed and "selfsubjectreviews.authentication.k8s.io" in listed and "/healthz" in listed
    who = shared.kubectl("auth", "whoami", "--as", "ann", "--as-group", "devs", "--as-uid", "7")
    assert "ann" in who and "devs" in who
    assert json.loads(shared.kubectl("auth", "whoami", "-o", "json"))["status"]["userInfo"]["username"] == "kubernetes-admin"
    assert shared.kubectl("auth", "can-i", "get", "/metrics", "--as", "ann", check=False).returncode == 1


def test_nobody_hands_out_more_than_they_have(shared):
    shared.kubectl("create", "rolebinding", "eve-admin", "--clusterrole=admin", "--user=eve")
    done = shared.kubectl("--as", "eve", "create", "role", "all", "--verb=*", "--resource=*.*", check=False)
    assert done.returncode == 1
    assert 'is attempting to grant RBAC permissions not currently held:' in done.stderr and '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}' in done.stderr
    assert shared.kubectl("--as", "eve", "create", "role", "some", "--verb=get", "--resource=pods")
    done = shared.kubectl("--as", "eve", "create", "rolebinding", "x", "--clusterrole=cluster-admin", "--user=eve", check=False)
    assert done.returncode == 1 and "attempting to grant RBAC permissions" in done.stderr


def test_reconcile_and_aggregation(shared):
    role = {"kind": "ClusterRole", "apiVersion": "rbac.authorization.k8s.io/v1",
            "metadata": {"name": "more-view", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
            "rules": [{"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}]}
    assert "more-view" in shared.kubectl("auth", "reconcile", "-f", "-", stdin=json.dumps(role))

    def views():
        return [rule for rule in shared.get("clusterrole", "edit")["rules"] if rule.get("apiGroups") == ["example.com"]]
    eventually(views, what="the rule in edit, which collects view")
    shared.kubectl("delete", "clusterrole", "more-view")
    eventually(lambda: not views(), what="the rule gone")
    names = shared.kubectl("get", "clusterroles", "-o", "name").split()
    assert len([name for name in names if "system:controller:" in name]) > 30


def test_approved_request_gets_a_working_certificate(shared, base, tmp_path):
    key, request = tmp_path / "ann.key", tmp_path / "ann.csr"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", "/CN=cert-ann/O=devs"],
                   check=True, capture_output=True)
    shared.apply({"kind": "CertificateSigningRequest", "apiVersion": "certificates.k8s.io/v1", "metadata": {"name": "ann"},
                  "spec": {"request": base64.b64encode(request.read_bytes()).decode(), "signerName": "kubernetes.io/kube-apiserver-client",
                           "expirationSeconds": 3600, "usages": ["client auth"]}})
    assert "Pending" in shared.kubectl("get", "csr", "ann")
    shared.kubectl("certificate", "approve", "ann")
    issued = eventually(lambda: shared.get("csr", "ann")["status"].get("certificate"), what="the certificate")
    assert "Approved,Issued" in shared.kubectl("get", "csr", "ann")
    certificate = tmp_path / "ann.crt"
    certificate.write_bytes(base64.b64decode(issued))
    text = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
    assert "TLS Web Client Authentication" in text and "CN = cert-ann" in text
    answer = json.loads(curl(shared, "/api/v1/pods", "--cert", str(certificate), "--key", str(key)))
    assert answer["code"] == 403 and 'User "cert-ann"' in answer["message"]
    shared.kubectl("create", "clusterrolebinding", "devs-view", "--clusterrole=view", "--group=devs")
    assert json.loads(curl(shared, "/api/v1/pods", "--cert", str(certificate), "--key", str(key)))["kind"] == "PodList"


def test_denied_request(shared, tmp_path):
    request = tmp_path / "eve.csr"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "k", "-out", request, "-subj", "/CN=eve"],
                   check=True, capture_output=True)
    shared.apply({"kind": "CertificateSigningRequest", "apiVersion": "certificates.k8s.io/v1", "metadata": {"name": "eve"},
                  "spec": {"request": base64.b64encode(request.read_bytes()).decode(), "signerName": "kubernetes.io/kube-apiserver-client",
                           "usages": ["client auth"]}})
    shared.kubectl("certificate", "deny", "eve")
    assert "Denied" in shared.kubectl("get", "csr", "eve")
    assert "certificate" not in shared.get("csr", "eve")["status"]


def test_metrics_and_health(shared):
    text = shared.kubectl("get", "--raw", "/metrics")
    assert 'apiserver_request_total{code="200"' in text and "process_open_fds" in text and 'apiserver_storage_objects{resource="namespaces"}' in text
    assert "readyz check passed" in shared.kubectl("get", "--raw", "/readyz?verbose")
    assert shared.kubectl("get", "--raw", "/livez/ping") == "ok"


def test_audit_log(make_cluster):
    one = make_cluster()
    one.data.mkdir(parents=True)
    (one.data / "config.yaml").write_text("auditLog: true\n")
    one.up("--no-merge")
    one.kubectl("create", "secret", "generic", "s", "--from-literal=password=hunter2")
    one.kubectl("get", "secret", "s", "--as", "nobody", check=False)

    def events():
        lines = (one.data / "audit.log").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event.get("objectRef", {}).get("resource") == "secrets" and event["user"]["username"] == "kubernetes-admin"]
    found = eventually(lambda: [each for each in [events()] if len(each) >= 2], what="two events")[0]
    assert found[0]["verb"] == "create" and found[0]["responseStatus"]["code"] == 201 and found[0]["userAgent"].startswith("kubectl")
    assert found[-1]["impersonatedUser"]["username"] == "nobody" and found[-1]["responseStatus"]["code"] == 403
    assert "hunter2" not in (one.data / "audit.log").read_text()
    assert (one.data / "audit.log").stat().st_mode & 0o777 == 0o600
    one.down("--purge")
    assert not (one.data / "audit.log").exists()
