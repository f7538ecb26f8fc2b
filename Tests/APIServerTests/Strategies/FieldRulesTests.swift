import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// What validation says beyond the schema, about pods and about kinds that are rarely written by hand.
struct FieldRulesTests {
    private static func container(_ rest: String) -> String { "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\(rest)}]" }

    private static func volume(_ source: String) -> String {
        "\"containers\":[{\"name\":\"c\",\"image\":\"x\"}],\"volumes\":[{\"name\":\"v\",\(source)}]"
    }

    private static func mount(_ rest: String) -> String {
        container("\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\",\(rest)}]") + ",\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}}]"
    }

    static let pods: [(String, String)] = [
        (
            container("\"securityContext\":{\"procMount\":\"Unmasked\"}"),
            "spec.containers[0].securityContext.procMount: Invalid value: \"Unmasked\": `hostUsers` must be false to use `Unmasked`"
        ),
        (container("\"ports\":[]") + ",\"hostUsers\":false,\"hostNetwork\":true", "spec.hostNetwork: Forbidden: when `hostUsers` is false"),
        (container("\"ports\":[]") + ",\"hostUsers\":false,\"hostPID\":true", "spec.HostPID: Forbidden: when `hostUsers` is false"),
        (container("\"ports\":[]") + ",\"hostUsers\":false,\"hostIPC\":true", "spec.HostIPC: Forbidden: when `hostUsers` is false"),
        (
            mount("\"mountPropagation\":\"Bidirectional\""),
            "spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers"
        ),
        (
            mount("\"recursiveReadOnly\":\"Enabled\""),
            "spec.containers[0].volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true"
        ),
        (
            mount("\"readOnly\":true,\"mountPropagation\":\"HostToContainer\",\"recursiveReadOnly\":\"IfPossible\""),
            "spec.containers[0].volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified"
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"spec.colour\"}}}]"),
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"spec.colour\": error converting fieldPath: field label not supported: spec.colour"
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status.phase\"}}}]"),
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"status.phase\": supported values: \"metadata.name\""
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"spec.nodeName['a']\"}}}]"),
            "error converting fieldPath: field label does not support subscript: spec.nodeName['a']"
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.labels['a b']\"}}}]"),
            "spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: \"a b\": name part must consist of"
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.colour\"}}}]"),
            "spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: \"limits.colour\""
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.cpu\",\"divisor\":\"3\"}}}]"),
            "only divisor's values 1m and 1 are supported with the cpu resource"
        ),
        (
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":\"a/b\"}}}]"),
            "spec.containers[0].env[0].valueFrom.secretKeyRef.key: Invalid value: \"a/b\": a valid config key must consist of"
        ),
        (container("\"envFrom\":[{}]"), "spec.containers[0].envFrom[0]: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"),
        (
            container("\"lifecycle\":{\"preStop\":{}}"),
            "spec.containers[0].lifecycle.preStop: Required value: must specify a handler type"
        ),
        (
            container("\"lifecycle\":{\"postStart\":{\"exec\":{\"command\":[\"a\"]},\"tcpSocket\":{\"port\":1}}}"),
            "spec.containers[0].lifecycle.postStart.tcpSocket: Forbidden: may not specify more than 1 handler type"
        ),
        (
            container("\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":31}}}"),
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"
        ),
        (
            container("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":70000}}"),
            "spec.containers[0].livenessProbe.httpGet.port: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ),
        (
            container("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":80,\"httpHeaders\":[{\"name\":\"a b\",\"value\":\"x\"}]}}"),
            "spec.containers[0].livenessProbe.httpGet.httpHeaders[0].name: Invalid value: \"a b\": a valid HTTP header must consist of"
        ),
        (
            container("\"startupProbe\":{\"exec\":{}}"), "spec.containers[0].startupProbe.exec.command: Required value"
        ),
        (
            container("\"readinessProbe\":{\"tcpSocket\":{\"port\":80},\"terminationGracePeriodSeconds\":5}"),
            "spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes"
        ),
        (
            "\"initContainers\":[{\"name\":\"i\",\"image\":\"x\",\"lifecycle\":{\"preStop\":{\"exec\":{\"command\":[\"a\"]}}}}],"
                + "\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]",
            "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always"
        ),
        (
            volume("\"csi\":{\"driver\":\"Bad_Driver\",\"nodePublishSecretRef\":{}}"),
            "spec.volumes[0].csi.driver: Invalid value: \"Bad_Driver\": a lowercase RFC 1123 subdomain"
        ),
        (volume("\"csi\":{\"driver\":\"a.b\",\"nodePublishSecretRef\":{}}"), "spec.volumes[0].csi.nodePublishSecretRef.name: Required value"),
        (
            volume("\"configMap\":{\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"../x\"}]}"),
            "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'"
        ),
        (
            volume("\"secret\":{\"secretName\":\"s\",\"defaultMode\":512}"),
            "spec.volumes[0].secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive"
        ),
        (
            volume("\"downwardAPI\":{\"items\":[{\"path\":\"p\"}]}"),
            "spec.volumes[0].downwardAPI.items[0]: Required value: one of fieldRef and resourceFieldRef is required"
        ),
        (
            volume("\"downwardAPI\":{\"items\":[{\"path\":\"p\",\"fieldRef\":{\"fieldPath\":\"spec.nodeName\"}}]}"),
            "spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: \"spec.nodeName\""
        ),
        (
            volume("\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"path\":\"t\",\"expirationSeconds\":60}}]}"),
            "spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes"
        ),
        (
            volume(
                "\"projected\":{\"sources\":[{\"secret\":{\"name\":\"s\",\"items\":[{\"key\":\"k\",\"path\":\"p\"}]}},"
                    + "{\"configMap\":{\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"p\"}]}}]}"),
            "spec.volumes[0].projected: Invalid value: \"m\": conflicting duplicate paths"
        ),
        (
            volume(
                "\"projected\":{\"sources\":[{\"configMap\":{\"name\":\"m\",\"items\":[{\"key\":\"k\",\"path\":\"p\"}]}},"
                    + "{\"downwardAPI\":{\"items\":[{\"path\":\"p\",\"fieldRef\":{\"fieldPath\":\"metadata.name\"}}]}}]}"),
            "spec.volumes[0].projected: Invalid value: \"p\": conflicting duplicate paths"
        ),
        (
            volume("\"projected\":{\"sources\":[{\"clusterTrustBundle\":{\"path\":\"p\"}}]}"),
            "spec.volumes[0].projected.sources[0].clusterTrustBundlePEM: Required value: either name or signerName must be specified"
        ), (volume("\"iscsi\":{\"iqn\":\"iqn.2001-04.com.example:d\",\"lun\":0}"), "spec.volumes[0].iscsi.targetPortal: Required value"),
        (
            volume("\"iscsi\":{\"targetPortal\":\"p\",\"iqn\":\"disk\",\"lun\":0}"),
            "spec.volumes[0].iscsi.iqn: Invalid value: \"disk\": must be valid format starting with iqn, eui, or naa"
        ),
        (
            volume("\"iscsi\":{\"targetPortal\":\"p\",\"iqn\":\"eui.1\",\"lun\":256}"),
            "spec.volumes[0].iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive"
        ), (volume("\"rbd\":{\"monitors\":[],\"image\":\"\"}"), "spec.volumes[0].rbd.image: Required value"),
        (volume("\"cephfs\":{\"monitors\":[]}"), "spec.volumes[0].cephfs.monitors: Required value"),
        (volume("\"fc\":{\"targetWWNs\":[\"w\"]}"), "spec.volumes[0].fc.lun: Required value: lun is required if targetWWNs is specified"),
        (
            volume("\"fc\":{\"lun\":1}"),
            "spec.volumes[0].fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both"
        ), (volume("\"flocker\":{}"), "spec.volumes[0].flocker: Required value: one of datasetName and datasetUUID is required"),
        (volume("\"flocker\":{\"datasetName\":\"a/b\"}"), "spec.volumes[0].flocker.datasetName: Invalid value: \"a/b\": must not contain '/'"),
        (
            volume("\"quobyte\":{\"registry\":\"host\",\"volume\":\"v\"}"),
            "spec.volumes[0].quobyte.registry: Invalid value: \"host\": must be a host:port pair or multiple pairs separated by commas"
        ),
        (
            volume("\"flexVolume\":{\"driver\":\"d\",\"options\":{\"x.kubernetes.io/a\":\"1\"}}"),
            "spec.volumes[0].flexVolume.options[x.kubernetes.io/a]: Invalid value: \"x.kubernetes.io/a\": kubernetes.io and k8s.io namespaces are reserved"
        ), (volume("\"glusterfs\":{\"endpoints\":\"\",\"path\":\"\"}"), "spec.volumes[0].glusterfs.endpoints: Required value"),
        (
            volume("\"nfs\":{\"server\":\"s\",\"path\":\"p\"}"), "spec.volumes[0].nfs.path: Invalid value: \"p\": must be an absolute path"
        ),
        (
            "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\"volumeDevices\":[{\"name\":\"v\",\"devicePath\":\"/d\"}],"
                + "\"volumeMounts\":[{\"name\":\"w\",\"mountPath\":\"/d\"}]}],\"volumes\":[{\"name\":\"v\",\"emptyDir\":{}},{\"name\":\"w\",\"emptyDir\":{}}]",
            "spec.containers[0].volumeDevices[0].devicePath: Invalid value: \"/d\": must not already exist as a path in volumeMounts"
        ),
        (
            "\"containers\":[{\"name\":\"c\",\"image\":\"x\",\"volumeMounts\":[{\"name\":\"w\",\"mountPath\":\"/d\",\"subPath\":\"a\","
                + "\"subPathExpr\":\"b\"}]}],\"volumes\":[{\"name\":\"w\",\"emptyDir\":{}}]",
            "spec.containers[0].volumeMounts[0].subPathExpr: Invalid value: \"b\": subPathExpr and subPath are mutually exclusive"
        ),
    ]

    @Test(arguments: pods) func `a pod is refused for what its fields cannot mean`(spec: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, APIServerTests.pods, TestServer.pod("p", spec: spec))
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
            let fields = (answer.value["details", "causes"]?.arrayValue ?? []).compactMap { $0["field"] }
            #expect(!fields.isEmpty && Set(fields).count == fields.count, "each field is complained of once: \(answer.message)")
        }
    }

    @Test(
        arguments: [
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata.labels['a.b/c']\"}}}]"),
            container("\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.memory\",\"divisor\":\"1Mi\"}}}]"),
            container("\"livenessProbe\":{\"httpGet\":{\"path\":\"/\",\"port\":\"web\"}},\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":30}}}"),
            volume("\"downwardAPI\":{\"items\":[{\"path\":\"a/b\",\"fieldRef\":{\"fieldPath\":\"metadata.annotations\"},\"mode\":256}]}"),
            volume("\"csi\":{\"driver\":\"Inline.Example.com\",\"nodePublishSecretRef\":{\"name\":\"s\"}}"),
        ])
    func `what can be meant is taken`(spec: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, APIServerTests.pods, TestServer.pod("p", spec: spec))
            #expect(answer.status == 201, "\(answer.message)")
        }
    }

    private static let networking = "/apis/networking.k8s.io/v1"
    private static let flow = "/apis/flowcontrol.apiserver.k8s.io/v1"
    private static let devices = "/apis/resource.k8s.io/v1"

    private static func rules(_ rule: String) -> String {
        "\"spec\":{\"priorityLevelConfiguration\":{\"name\":\"x\"},\"rules\":[\(rule)]}"
    }

    private static let everybody = "\"subjects\":[{\"kind\":\"Group\",\"group\":{\"name\":\"*\"}}]"

    @Test func `what a new cluster says of flow control keeps its meaning`() async throws {
        try await TestServer.with { api async throws in
            for kind in ["flowschemas", "prioritylevelconfigurations"] {
                let list = try await api.call(.get, "\(Self.flow)/\(kind)").value["items"]?.arrayValue ?? []
                #expect(list.count == (kind == "flowschemas" ? 13 : 8))
                // What is there passes the server's own rules.
                for item in list {
                    let name = try #require(item["metadata", "name"]?.stringValue)
                    let same = try await api.call(.put, "\(Self.flow)/\(kind)/\(name)", String(decoding: JSON.encode(item), as: UTF8.self))
                    #expect(same.status == 200, "\(same.message)")
                    #expect(same.object.generation == 1)
                }
                for name in ["exempt", "catch-all"] {
                    let path = kind == "flowschemas" ? "matchingPrecedence" : "type"
                    let value = kind == "flowschemas" ? "7" : name == "exempt" ? "\"Limited\"" : "\"Exempt\""
                    let answer = try await api.call(
                        .patch, "\(Self.flow)/\(kind)/\(name)", "{\"spec\":{\"\(path)\":\(value)}}", type: "application/merge-patch+json")
                    #expect(answer.status == 422)
                    #expect(answer.message.contains("spec of '\(name)'"), "\(answer.message)")
                }
            }
            let shares = "{\"spec\":{\"exempt\":{\"nominalConcurrencyShares\":5}}}"
            let level = "\(Self.flow)/prioritylevelconfigurations/exempt"
            #expect(try await api.call(.patch, level, shares, type: "application/merge-patch+json").status == 200)
        }
    }

    static let objects: [(String, String, String, String, String)] = [
        (networking, "IPAddress", "ipaddresses", "\"spec\":{\"parentRef\":{\"resource\":\"services\",\"name\":\"s\"}}", "ParseAddr(\"x\"): unable to parse IP"),
        (networking, "ServiceCIDR", "servicecidrs", "\"spec\":{}", "spec.cidrs: Required value: at least one CIDR required"),
        (
            networking, "ServiceCIDR", "servicecidrs", "\"spec\":{\"cidrs\":[\"10.0.0.0/24\",\"10.1.0.0/24\"]}",
            "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"
        ),
        (
            networking, "ServiceCIDR", "servicecidrs", "\"spec\":{\"cidrs\":[\"10.0.0.1/24\"]}",
            "spec.cidrs[0]: Invalid value: \"10.0.0.1/24\": must not have bits set"
        ),
        (
            flow, "FlowSchema", "flowschemas",
            "\"spec\":{\"priorityLevelConfiguration\":{\"name\":\"x\"},\"matchingPrecedence\":1}",
            "only the schema named 'exempt' may have matchingPrecedence 1"
        ),
        (flow, "FlowSchema", "flowschemas", rules("{\(everybody)}"), "at least one of resourceRules and nonResourceRules has to be non-empty"),
        (
            flow, "FlowSchema", "flowschemas",
            rules("{\"subjects\":[{\"kind\":\"User\",\"group\":{\"name\":\"g\"}}],\"nonResourceRules\":[{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}]}"),
            "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'"
        ),
        (
            flow, "FlowSchema", "flowschemas", rules("{\(everybody),\"nonResourceRules\":[{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/a*b\"]}]}"),
            "spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: \"/a*b\": wildcard can only do suffix matching"
        ),
        (
            flow, "FlowSchema", "flowschemas",
            rules("{\(everybody),\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]}]}"),
            "resource rules that are not cluster scoped must supply at least one namespace"
        ),
        (
            flow, "PriorityLevelConfiguration", "prioritylevelconfigurations", "\"spec\":{\"type\":\"Exempt\"}",
            "type must be 'Exempt' if and only if name is 'exempt'"
        ),
        (
            flow, "PriorityLevelConfiguration", "prioritylevelconfigurations", "\"spec\":{\"type\":\"Limited\"}",
            "spec.limited: Required value: must not be empty when type is Limited"
        ),
        (
            flow, "PriorityLevelConfiguration", "prioritylevelconfigurations",
            "\"spec\":{\"type\":\"Limited\",\"limited\":{\"limitResponse\":{\"type\":\"Queue\",\"queuing\":{\"queues\":4096,\"handSize\":6}}}}",
            "required entropy bits of deckSize 4096 and handSize 6 should not be greater than 60"
        ),
        (
            devices, "ResourceClaim", "namespaces/default/resourceclaims", "\"spec\":{\"devices\":{\"requests\":[{\"name\":\"r\"}]}}",
            "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"
        ),
        (
            devices, "ResourceClaim", "namespaces/default/resourceclaims",
            "\"spec\":{\"devices\":{\"requests\":[{\"name\":\"r\",\"exactly\":{\"deviceClassName\":\"g\"}}],\"config\":[{\"requests\":[\"q\"],\"opaque\":{\"driver\":\"d\",\"parameters\":{}}}]}}",
            "spec.devices.config[0].requests[0]: Invalid value: \"q\": must be the name of a request in the claim"
        ),
        (devices, "DeviceClass", "deviceclasses", "\"spec\":{\"selectors\":[{}]}", "spec.selectors[0].cel: Required value"),
        (
            devices, "ResourceSlice", "resourceslices",
            "\"spec\":{\"driver\":\"d\",\"pool\":{\"name\":\"p\",\"generation\":1,\"resourceSliceCount\":1},\"nodeName\":\"n\",\"allNodes\":true}",
            "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set"
        ),
        (
            "/api/v1", "PersistentVolume", "persistentvolumes",
            "\"spec\":{\"capacity\":{\"storage\":\"1Gi\"},\"accessModes\":[\"ReadWriteOnce\"],\"csi\":{\"driver\":\"d\",\"volumeHandle\":\"\"}}",
            "spec.csi.volumeHandle: Required value"
        ),
    ]

    @Test(arguments: objects)
    func `a rarely written kind is checked as well`(group: String, kind: String, path: String, rest: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let version = group.split(separator: "/").dropFirst().joined(separator: "/")
            let body = "{\"kind\":\"\(kind)\",\"apiVersion\":\"\(version)\",\"metadata\":{\"name\":\"x\"},\(rest)}"
            let answer = try await api.call(.post, "\(group)/\(path)", body)
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.contains(text), "\(answer.message)")
        }
    }

    @Test func `a range of service addresses may get the other family and nothing else`() async throws {
        try await TestServer.with { api async throws in
            func body(_ ranges: String) -> String {
                "{\"kind\":\"ServiceCIDR\",\"apiVersion\":\"networking.k8s.io/v1\",\"metadata\":{\"name\":\"r\"},\"spec\":{\"cidrs\":[\(ranges)]}}"
            }
            let path = "\(Self.networking)/servicecidrs"
            #expect(try await api.call(.post, path, body("\"10.2.0.0/24\"")).status == 201)
            #expect(try await api.call(.put, "\(path)/r", body("\"10.3.0.0/24\"")).status == 422)
            #expect(try await api.call(.put, "\(path)/r", body("\"10.2.0.0/24\",\"fd00::/112\"")).status == 200)
            #expect(try await api.call(.put, "\(path)/r", body("\"10.2.0.0/24\"")).status == 422)
        }
    }

    @Test(
        arguments: [
            ("::1", true), ("fd00::", true), ("fd00:0::1", false), ("FD00::1", false), ("1:2:3:4:5:6:7:8", true), ("1:0:0:2::3", true), ("1:0:0:0:2::3", false),
            ("1::2:0:0:3", true), ("10.0.0.1", true), ("::", true), ("1:2:3:0:5:6:7:8", true), ("1:2:3::5:6:7:8", false),
            ("::ffff:10.0.0.1", true), ("::ffff:a00:1", false), ("::fffe:a00:1", true),
        ])
    func `an address has one canonical form`(text: String, isCanonical: Bool) { #expect(AddressRules.isCanonical(text) == isCanonical) }
}
