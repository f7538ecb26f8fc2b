"""An operator as its users write them, run by kopf: a Site becomes a Deployment and the ConfigMap that it serves."""

import os

import kopf
from kubernetes import client, config

IMAGE = os.environ["SITE_IMAGE"]


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    config.load_kube_config()
    settings.persistence.finalizer = "example.com/site"
    # Between runs nothing else may forget a watch; the server closes one after this time and it is resumed.
    settings.watching.server_timeout = 3
    settings.peering.lifetime = 5


def page(name, text):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"{name}-page"}, "data": {"index.html": f"{text}\n"}}


def server(name, replicas):
    labels = {"site": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "terminationGracePeriodSeconds": 0, "volumes": [{"name": "page", "configMap": {"name": f"{name}-page"}}],
            "containers": [{"name": "web", "image": IMAGE, "command": ["httpd", "-f", "-p", "8080", "-h", "/www"],
                            "volumeMounts": [{"name": "page", "mountPath": "/www"}]}]}}}}


@kopf.on.create("example.com", "v1", "sites")
def made(body, name, namespace, spec, patch, **_):
    children = [page(name, spec["text"]), server(name, spec.get("replicas", 1))]
    kopf.adopt(children)
    client.CoreV1Api().create_namespaced_config_map(namespace, children[0])
    client.AppsV1Api().create_namespaced_deployment(namespace, children[1])
    kopf.info(body, reason="Made", message=f"serving {spec['text']}")
    patch.status["phase"] = "Made"
    return {"by": os.getpid()}


@kopf.on.update("example.com", "v1", "sites", field="spec.text")
def told(name, namespace, new, old, patch, **_):
    client.CoreV1Api().patch_namespaced_config_map(f"{name}-page", namespace, {"data": {"index.html": f"{new}\n"}})
    patch.status["told"] = f"{old} to {new}"


@kopf.on.update("example.com", "v1", "sites", field="spec.replicas")
def sized(name, namespace, new, **_):
    client.AppsV1Api().patch_namespaced_deployment_scale(name, namespace, {"spec": {"replicas": new}})


@kopf.on.resume("example.com", "v1", "sites")
def resumed(status, patch, **_):
    patch.status["resumed"] = status.get("resumed", 0) + 1


@kopf.timer("example.com", "v1", "sites", interval=0.5)
def tick(status, patch, **_):
    patch.status["ticks"] = status.get("ticks", 0) + 1


@kopf.daemon("example.com", "v1", "sites", cancellation_timeout=5)
async def stay(name, stopped, logger, **_):
    logger.info(f"daemon of {name} starts")
    await stopped.wait()
    logger.info(f"daemon of {name} ends")


@kopf.on.delete("example.com", "v1", "sites")
def gone(name, namespace, spec, **_):
    client.CoreV1Api().create_namespaced_config_map(namespace, {"metadata": {"name": f"{name}-remembered"}, "data": {"text": spec["text"]}})
