"""CustomResourceDefinitions for the tests: a small one, and one of the size and style that operators bring along."""

GROUP = "stable.example.com"


def crontab(**changes):
    """A kind with status, scale, columns, selectable fields and a pattern."""
    schema = {
        "type": "object", "description": "CronTab runs an image at times.", "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object", "description": "What is wanted.", "required": ["cronSpec"],
                "properties": {
                    "cronSpec": {"type": "string", "description": "When to run.", "pattern": r"^(\d+|\*)(/\d+)?(\s+(\d+|\*)(/\d+)?){4}$"},
                    "image": {"type": "string", "description": "What to run.", "default": "busybox"},
                    "replicas": {"type": "integer", "minimum": 0, "maximum": 10, "default": 1},
                    "feeling": {"type": "string", "enum": ["Great", "Down"]},
                    "bars": {"type": "array", "description": "Bars to visit.", "items": {
                        "type": "object", "required": ["name"], "properties": {
                            "name": {"type": "string", "description": "Its name."}, "age": {"type": "string"}}}},
                },
            },
            "status": {"type": "object", "properties": {
                "replicas": {"type": "integer"}, "selector": {"type": "string"},
                "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"], "items": {
                    "type": "object", "required": ["type", "status"], "properties": {
                        "type": {"type": "string"}, "status": {"type": "string"}, "reason": {"type": "string"}}}}}},
        },
    }
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}, "scale": {
            "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}},
        "selectableFields": [{"jsonPath": ".spec.image"}],
        "additionalPrinterColumns": [
            {"name": "Spec", "type": "string", "jsonPath": ".spec.cronSpec"},
            {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type=="Ready")].status'},
            {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas", "priority": 1},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}],
    }
    names = {"plural": "crontabs", "singular": "crontab", "kind": "CronTab", "shortNames": ["ct"], "categories": ["all"]}
    spec = {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version], **changes}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{spec['names']['plural']}.{spec['group']}"}, "spec": spec}


def tab(name, **spec):
    return {"apiVersion": f"{GROUP}/v1", "kind": "CronTab", "metadata": {"name": name}, "spec": {"cronSpec": "* * * * */5", **spec}}


def _text(description, **facts):
    return {"type": "string", "description": description, **facts}


def _list(items, description, **facts):
    return {"type": "array", "description": description, "items": items, **facts}


def _reference(description):
    return {"type": "object", "description": description, "required": ["name"], "properties": {
        "name": _text("The object's name.", minLength=1), "key": _text("The key inside the object; tls.key when empty.")}}


def _selector(description):
    expression = {"type": "object", "required": ["key", "operator"], "properties": {
        "key": _text("The label."), "operator": _text("In, NotIn, Exists or DoesNotExist."),
        "values": _list({"type": "string"}, "What the label is compared with.", **{"x-kubernetes-list-type": "atomic"})}}
    return {"type": "object", "description": description, "x-kubernetes-map-type": "atomic", "properties": {
        "matchExpressions": _list(expression, "Further conditions.", **{"x-kubernetes-list-type": "atomic"}),
        "matchLabels": {"type": "object", "additionalProperties": {"type": "string"}, "description": "Labels with exactly these values."}}}


def _condition():
    return {"type": "object", "required": ["type", "status"], "properties": {
        "type": _text("What it is about."), "status": _text("Whether it holds.", enum=["True", "False", "Unknown"]),
        "reason": _text("One word why.", maxLength=1024), "message": _text("Why, for people.", maxLength=32768),
        "lastTransitionTime": _text("When the status last changed.", format="date-time"),
        "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0, "description": "What was looked at."}}}


def _quantity(description):
    return {"description": description, "x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}],
            "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"}


def _container(description):
    source = {"type": "object", "properties": {
        kind: {**_reference(f"A key of a {kind[:-6]}."), "x-kubernetes-map-type": "atomic"} for kind in ("configMapKeyRef", "secretKeyRef")}}
    probe = {"type": "object", "properties": {
        "httpGet": {"type": "object", "required": ["port"], "properties": {
            "path": _text("The path."), "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
            "scheme": _text("HTTP or HTTPS.", default="HTTP")}},
        **{name: {"type": "integer", "format": "int32"} for name in ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "failureThreshold")}}}
    return {"type": "object", "description": description, "required": ["name"], "properties": {
        "name": _text("Its name.", maxLength=63, pattern="^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"), "image": _text("Its image."),
        "args": _list({"type": "string"}, "Arguments."), "command": _list({"type": "string"}, "The program."),
        "env": _list({"type": "object", "required": ["name"], "properties": {"name": _text("Name."), "value": _text("Value."), "valueFrom": source}},
                     "Variables.", **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
        "ports": _list({"type": "object", "required": ["containerPort"], "properties": {
            "name": _text("Name."), "containerPort": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 65535},
            "protocol": _text("TCP, UDP or SCTP.", default="TCP", enum=["TCP", "UDP", "SCTP"])}}, "Ports.",
            **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["containerPort", "protocol"]}),
        "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
        "resources": {"type": "object", "properties": {
            kind: {"type": "object", "additionalProperties": _quantity("An amount.")} for kind in ("limits", "requests")}}}}


def certificate():
    """A kind of an operator for certificates: many nested parts, two versions, defaults, alternatives, embedded objects."""
    usages = ["signing", "digital signature", "key encipherment", "key agreement", "server auth", "client auth", "cert sign", "crl sign"]
    keystore = {"type": "object", "required": ["create"], "properties": {
        "create": {"type": "boolean", "description": "Whether to make it."}, "passwordSecretRef": _reference("Where the password is."),
        "alias": _text("The name inside it.", maxLength=64)}}
    subject = {name: _list({"type": "string"}, f"The {name} of the subject.", **{"x-kubernetes-list-type": "atomic"})
               for name in ("countries", "localities", "organizationalUnits", "organizations", "postalCodes", "provinces", "streetAddresses")}
    spec = {
        "type": "object", "description": "What is wanted.", "required": ["issuerRef", "secretName"],
        "anyOf": [{"required": ["commonName"]}, {"required": ["dnsNames"]}, {"required": ["ipAddresses"]}],
        "properties": {
            "secretName": _text("The secret that holds the result.", minLength=1, maxLength=253),
            "commonName": _text("The common name.", maxLength=64),
            "dnsNames": _list({"type": "string", "maxLength": 253}, "Names of servers.", **{"x-kubernetes-list-type": "set"}),
            "ipAddresses": _list({"type": "string"}, "Addresses of servers."),
            "uris": _list({"type": "string", "format": "uri"}, "Addresses of resources."),
            "emailAddresses": _list({"type": "string", "format": "email"}, "Addresses of people."),
            "duration": _text("How long it is valid.", format="duration", default="2160h"),
            "renewBefore": _text("When it is renewed.", format="duration"),
            "revisionHistoryLimit": {"type": "integer", "format": "int32", "minimum": 1},
            "isCA": {"type": "boolean", "default": False}, "encodeUsagesInRequest": {"type": "boolean", "nullable": True},
            "usages": _list({"type": "string", "enum": usages}, "What the key may be used for.", default=["digital signature", "key encipherment"]),
            "issuerRef": {"type": "object", "description": "Who signs.", "required": ["name"], "properties": {
                "name": _text("Its name."), "kind": _text("Its kind.", default="Issuer"), "group": _text("Its group.", default="certs.example.com")}},
            "privateKey": {"type": "object", "default": {}, "description": "How the key is made.", "properties": {
                "algorithm": _text("RSA, ECDSA or Ed25519.", enum=["RSA", "ECDSA", "Ed25519"], default="RSA"),
                "encoding": _text("PKCS1 or PKCS8.", enum=["PKCS1", "PKCS8"], default="PKCS1"),
                "rotationPolicy": _text("Never or Always.", enum=["Never", "Always"]),
                "size": {"type": "integer", "minimum": 256, "maximum": 8192, "multipleOf": 128}}},
            "keystores": {"type": "object", "properties": {"jks": keystore, "pkcs12": keystore}},
            "subject": {"type": "object", "properties": {**subject, "serialNumber": _text("The serial number.")}},
            "secretTemplate": {"type": "object", "properties": {
                name: {"type": "object", "additionalProperties": {"type": "string"}} for name in ("annotations", "labels")}},
            "nameConstraints": {"type": "object", "properties": {
                part: {"type": "object", "properties": {name: _list({"type": "string"}, "Ranges.") for name in ("dnsDomains", "ipRanges", "emailAddresses")}}
                for part in ("permitted", "excluded")}},
            "solvers": _list({"type": "object", "oneOf": [{"required": ["dns"]}, {"required": ["http"]}], "properties": {
                "selector": _selector("Which names it is for."),
                "dns": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "http": {"type": "object", "properties": {
                    "podTemplate": {"type": "object", "properties": {
                        "metadata": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                        "spec": {"type": "object", "properties": {
                            "containers": _list(_container("A container of the solver."), "Containers.",
                                                **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
                            "initContainers": _list(_container("A container that runs first."), "Containers."),
                            "nodeSelector": {"type": "object", "additionalProperties": {"type": "string"}}}}}}}}}}, "How ownership is proved."),
            "extraObjects": _list({"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}, "Made beside it."),
        },
    }
    status = {"type": "object", "properties": {
        "conditions": _list(_condition(), "Conditions.", **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
        "notAfter": _text("When it ends.", format="date-time"), "notBefore": _text("When it starts.", format="date-time"),
        "revision": {"type": "integer"}, "failedIssuanceAttempts": {"type": "integer"}}}
    schema = {"type": "object", "description": "A certificate that is kept up to date.", "properties": {
        "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": spec, "status": status}}
    columns = [
        {"name": "Ready", "type": "string", "jsonPath": '.status.conditions[?(@.type == "Ready")].status'},
        {"name": "Secret", "type": "string", "jsonPath": ".spec.secretName"},
        {"name": "Issuer", "type": "string", "jsonPath": ".spec.issuerRef.name", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp", "description": "When it was made."}]
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}},
         "additionalPrinterColumns": columns, **({"deprecated": True} if name == "v1alpha2" else {})}
        for name in ("v1alpha2", "v1")]
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {
        "name": "certificates.certs.example.com", "labels": {"app": "certs"}},
        "spec": {"group": "certs.example.com", "scope": "Namespaced", "conversion": {"strategy": "None"}, "versions": versions,
                 "names": {"plural": "certificates", "singular": "certificate", "kind": "Certificate", "listKind": "CertificateList",
                           "shortNames": ["cert", "certs"], "categories": ["certs"]}}}
