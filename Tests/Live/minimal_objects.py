"""The smallest valid object of every kind that can be created and stored, as `plural.group` to manifest."""

import copy

POD = {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [{"name": "main", "image": "host/busybox:latest"}], "nodeName": "nowhere"}}
NEVER = {"metadata": {"labels": {"app": "x"}}, "spec": {**POD["spec"], "restartPolicy": "Never"}}
SELECTOR = {"matchLabels": {"app": "x"}}
RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
WEBHOOK = {"name": "check.example.com", "sideEffects": "None", "admissionReviewVersions": ["v1"],
           "clientConfig": {"url": "https://127.0.0.1:1/"}, "failurePolicy": "Ignore", "rules": [{**RULE, "resources": ["nothing"]}]}
REQUEST = {"devices": {"requests": [{"name": "r", "exactly": {"deviceClassName": "c"}}]}}


def _object(api, kind, **fields):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "minimal"}, **fields}


OBJECTS = {
    "configmaps": _object("v1", "ConfigMap"),
    "endpoints": _object("v1", "Endpoints"),
    "limitranges": _object("v1", "LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]}),
    "persistentvolumeclaims": _object(
        "v1", "PersistentVolumeClaim",
        spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}),
    "persistentvolumes": _object(
        "v1", "PersistentVolume",
        spec={"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/tmp/x"}}),
    "podtemplates": _object("v1", "PodTemplate", template=POD),
    "replicationcontrollers": _object("v1", "ReplicationController", spec={"replicas": 0, "selector": {"app": "x"}, "template": POD}),
    "resourcequotas": _object("v1", "ResourceQuota", spec={"hard": {"count/secrets": "100"}}),
    "secrets": _object("v1", "Secret"),
    "serviceaccounts": _object("v1", "ServiceAccount"),
    "services": _object("v1", "Service", spec={"ports": [{"port": 80}]}),
    "namespaces": _object("v1", "Namespace"),
    "nodes": _object("v1", "Node"),
    "pods": _object("v1", "Pod", spec={**POD["spec"], "schedulerName": "nobody", "nodeName": ""}),
    "events": {**_object("v1", "Event", involvedObject={"kind": "Pod", "name": "x"}, reason="Testing", type="Normal")},
    # The other view of the same objects, so not of the same name.
    "events.events.k8s.io": {
        **_object("events.k8s.io/v1", "Event", eventTime="2026-01-01T00:00:00.000000Z", action="Test", reason="Testing", type="Normal",
                  reportingController="example.com/x", reportingInstance="x", regarding={"kind": "Pod", "name": "x"}),
        "metadata": {"name": "minimal-new"}},
    "apiservices.apiregistration.k8s.io": {
        **_object("apiregistration.k8s.io/v1", "APIService",
                  spec={"group": "example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 10,
                        "insecureSkipTLSVerify": True, "service": {"namespace": "default", "name": "x"}}),
        "metadata": {"name": "v1.example.com"}},
    "controllerrevisions.apps": _object("apps/v1", "ControllerRevision", revision=1, data={"a": 1}),
    "daemonsets.apps": _object("apps/v1", "DaemonSet", spec={
        "selector": SELECTOR, "template": {**POD, "spec": {"containers": POD["spec"]["containers"], "nodeSelector": {"no": "where"}}}}),
    "deployments.apps": _object("apps/v1", "Deployment", spec={"replicas": 0, "selector": SELECTOR, "template": POD}),
    "replicasets.apps": _object("apps/v1", "ReplicaSet", spec={"replicas": 0, "selector": SELECTOR, "template": POD}),
    "statefulsets.apps": _object(
        "apps/v1", "StatefulSet", spec={"replicas": 0, "serviceName": "x", "selector": SELECTOR, "template": POD}),
    "horizontalpodautoscalers.autoscaling": _object(
        "autoscaling/v2", "HorizontalPodAutoscaler",
        spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}, "maxReplicas": 3}),
    "horizontalpodautoscalers.v1.autoscaling": _object(
        "autoscaling/v1", "HorizontalPodAutoscaler",
        spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}, "maxReplicas": 3,
              "targetCPUUtilizationPercentage": 70}),
    "cronjobs.batch": _object(
        "batch/v1", "CronJob", spec={"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": NEVER}}}),
    "jobs.batch": _object("batch/v1", "Job", spec={"suspend": True, "template": NEVER}),
    "certificatesigningrequests.certificates.k8s.io": _object(
        "certificates.k8s.io/v1", "CertificateSigningRequest",
        spec={"request": None, "signerName": "example.com/signer", "usages": ["client auth"]}),
    "ingressclasses.networking.k8s.io": _object("networking.k8s.io/v1", "IngressClass", spec={"controller": "example.com/x"}),
    "ingresses.networking.k8s.io": _object(
        "networking.k8s.io/v1", "Ingress", spec={"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}}),
    "ipaddresses.networking.k8s.io": {
        **_object("networking.k8s.io/v1", "IPAddress",
                  spec={"parentRef": {"resource": "services", "namespace": "default", "name": "x"}}),
        "metadata": {"name": "198.51.100.7"}},
    "networkpolicies.networking.k8s.io": _object("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}}),
    "servicecidrs.networking.k8s.io": _object("networking.k8s.io/v1", "ServiceCIDR", spec={"cidrs": ["192.0.2.0/24"]}),
    "poddisruptionbudgets.policy": _object("policy/v1", "PodDisruptionBudget", spec={"minAvailable": 1, "selector": SELECTOR}),
    "clusterrolebindings.rbac.authorization.k8s.io": _object(
        "rbac.authorization.k8s.io/v1", "ClusterRoleBinding",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}),
    "clusterroles.rbac.authorization.k8s.io": _object("rbac.authorization.k8s.io/v1", "ClusterRole", rules=[]),
    "rolebindings.rbac.authorization.k8s.io": _object(
        "rbac.authorization.k8s.io/v1", "RoleBinding",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}),
    "roles.rbac.authorization.k8s.io": _object("rbac.authorization.k8s.io/v1", "Role", rules=[]),
    "csidrivers.storage.k8s.io": _object("storage.k8s.io/v1", "CSIDriver", spec={}),
    "csinodes.storage.k8s.io": _object("storage.k8s.io/v1", "CSINode", spec={"drivers": [{"name": "d.example.com", "nodeID": "x"}]}),
    "csistoragecapacities.storage.k8s.io": _object("storage.k8s.io/v1", "CSIStorageCapacity", storageClassName="x", capacity="1Gi"),
    "storageclasses.storage.k8s.io": _object("storage.k8s.io/v1", "StorageClass", provisioner="example.com/x"),
    "volumeattachments.storage.k8s.io": _object(
        "storage.k8s.io/v1", "VolumeAttachment",
        spec={"attacher": "example.com", "nodeName": "x", "source": {"persistentVolumeName": "x"}}),
    "volumeattributesclasses.storage.k8s.io": _object(
        "storage.k8s.io/v1", "VolumeAttributesClass", driverName="example.com", parameters={"iops": "1"}),
    "mutatingadmissionpolicies.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy",
        spec={"reinvocationPolicy": "Never", "matchConstraints": {"resourceRules": [{**RULE, "resources": ["nothing"]}]},
              "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}]}),
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "MutatingAdmissionPolicyBinding", spec={"policyName": "none.example.com"}),
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", webhooks=[WEBHOOK]),
    "validatingadmissionpolicies.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy",
        spec={"matchConstraints": {"resourceRules": [{**RULE, "resources": ["nothing"]}]}, "validations": [{"expression": "true"}]}),
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding",
        spec={"policyName": "none.example.com", "validationActions": ["Deny"]}),
    "validatingwebhookconfigurations.admissionregistration.k8s.io": _object(
        "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", webhooks=[WEBHOOK]),
    "customresourcedefinitions.apiextensions.k8s.io": {
        **_object("apiextensions.k8s.io/v1", "CustomResourceDefinition", spec={
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "tables", "kind": "Table"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                "type": "object", "properties": {"spec": {"type": "object", "additionalProperties": {"type": "string"}}}}}}]}),
        "metadata": {"name": "tables.example.com"}},
    "priorityclasses.scheduling.k8s.io": _object("scheduling.k8s.io/v1", "PriorityClass", value=7),
    "leases.coordination.k8s.io": _object("coordination.k8s.io/v1", "Lease"),
    "runtimeclasses.node.k8s.io": _object("node.k8s.io/v1", "RuntimeClass", handler="runc"),
    "endpointslices.discovery.k8s.io": _object("discovery.k8s.io/v1", "EndpointSlice", addressType="IPv4", endpoints=[]),
    "deviceclasses.resource.k8s.io": _object("resource.k8s.io/v1", "DeviceClass", spec={}),
    "resourceclaims.resource.k8s.io": _object("resource.k8s.io/v1", "ResourceClaim", spec=REQUEST),
    "resourceclaimtemplates.resource.k8s.io": _object("resource.k8s.io/v1", "ResourceClaimTemplate", spec={"spec": REQUEST}),
    "resourceslices.resource.k8s.io": _object(
        "resource.k8s.io/v1", "ResourceSlice",
        spec={"driver": "d.example.com", "nodeName": "x", "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1}}),
    "flowschemas.flowcontrol.apiserver.k8s.io": _object(
        "flowcontrol.apiserver.k8s.io/v1", "FlowSchema", spec={"priorityLevelConfiguration": {"name": "x"}}),
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": _object(
        "flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration",
        spec={"type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}),
}


def in_namespace(resource, namespace):
    """A copy of the object of a kind, for that namespace: what an event is about lies where the event does."""
    made = copy.deepcopy(OBJECTS[resource])
    for about in ("involvedObject", "regarding"):
        if about in made:
            made[about]["namespace"] = namespace
    return made
