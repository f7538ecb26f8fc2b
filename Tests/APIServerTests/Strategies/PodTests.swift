import APIMachinery
import JSONCore
import KubeClient
import LinuxKernel
import ObjectStore
import Testing

@testable import APIServer

struct PodTests {
    @Test func `a new pod gets its defaults`() async throws {
        try await TestServer.with { api async throws in
            let spec = """
                "containers":[{"name":"a","image":"busybox"},{"name":"b","image":"nginx:1.25","resources":{"limits":{"cpu":"250m"}}}]
                """
            let pod = try await api.call(.post, pods, TestServer.pod("p", spec: spec)).object
            #expect(pod.string("status", "phase") == "Pending")
            #expect(pod.string("status", "qosClass") == "Burstable")
            #expect(pod.string("spec", "serviceAccountName") == "default")
            #expect(pod.string("spec", "restartPolicy") == "Always")
            #expect(pod.integer("spec", "terminationGracePeriodSeconds") == 30)
            #expect(pod.integer("spec", "priority") == 0)
            #expect(pod.bool("spec", "enableServiceLinks") == true)
            #expect(pod.array("spec", "tolerations").compactMap { $0["tolerationSeconds"]?.integerValue } == [300, 300])
            let containers = pod.array("spec", "containers")
            #expect(containers[0]["imagePullPolicy"] == "Always")
            #expect(containers[1]["imagePullPolicy"] == "IfNotPresent")
            #expect(containers[1]["resources", "requests", "cpu"] == "250m")
            #expect(pod.generation == 1)
        }
    }

    @Test(arguments: [
        ("\"containers\":[]", "spec.containers: Required value"),
        ("\"containers\":[{\"name\":\"A\",\"image\":\"x\"}]", "spec.containers[0].name: Invalid value: \"A\""),
        ("\"containers\":[{\"name\":\"a\"}]", "spec.containers[0].image: Required value"),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\"},{\"name\":\"a\",\"image\":\"x\"}]",
            "spec.containers[1].name: Duplicate value: \"a\""
        ),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"ports\":[{\"containerPort\":70000}]}]",
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
        ),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"volumeMounts\":[{\"name\":\"v\",\"mountPath\":\"/v\"}]}]",
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\""
        ),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"resources\":{\"requests\":{\"cpu\":\"2\"},\"limits\":{\"cpu\":\"1\"}}}]",
            "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"requests":{"hugepages-2Mi":"2Mi","cpu":"1"},"limits":{"hugepages-2Mi":"4Mi"}}}]"#,
            #"spec.containers[0].resources.requests: Invalid value: "2Mi": must be equal to hugepages-2Mi limit of 4Mi"#
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"limits":{"hugepages-2Mi":"3Mi","cpu":"1"}}}]"#,
            #"spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi"#
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"limits":{"hugepages-2Mi":"2Mi"}}}]"#,
            "spec.containers[0].resources: Forbidden: HugePages require cpu or memory"
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"limits":{"hugepages-odd":"2Mi","cpu":"1"}}}]"#,
            #"spec.containers[0].resources.limits[hugepages-odd]: Invalid value: "2Mi": 2Mi is not positive integer multiple of hugepages-odd"#
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"limits":{"example.com/dongle":"500m"}}}]"#,
            #"spec.containers[0].resources.limits[example.com/dongle]: Invalid value: "500m": must be an integer"#
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"resources":{"limits":{"example.com/dongle":"1"}}"#,
            #"spec.resources.limits[example.com/dongle]: Unsupported value: "example.com/dongle": supported values: "cpu", "hugepages-", "memory""#
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"resources":{"requests":{"cpu":"2"},"limits":{"cpu":"1"}}"#,
            #"spec.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1"#
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"requests":{"example.com/dongle":"1"}}}]"#,
            "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"
        ),
        (
            #""containers":[{"name":"a","image":"x","resources":{"limits":{"dongle":"1"}}}]"#,
            #"spec.containers[0].resources.limits[dongle]: Invalid value: "dongle": must be a standard resource for containers"#
        ),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"resources\":{\"limits\":{\"memory\":\"-1\"}}}]",
            "must be greater than or equal to 0"
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"z","matchLabelKeys":["a"]}]}}"#,
            #"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"#
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"affinity":{"podAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":[{"topologyKey":"z","labelSelector":{},"matchLabelKeys":["a"],"mismatchLabelKeys":["a"]}]}}"#,
            #"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and mismatchLabelKeys"#
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","matchLabelKeys":["/"],"labelSelector":{}}]"#,
            #"spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "/""#
        ),
        (
            #""containers":[{"name":"a","image":"x"}],"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","matchLabelKeys":["a"],"labelSelector":{"matchLabels":{"a":"b"},"matchExpressions":[{"key":"a","operator":"Exists"}]}}]"#,
            #"spec.topologySpreadConstraints[0][0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector"#
        ),
        (
            "\"containers\":[{\"name\":\"a\",\"image\":\"x\",\"env\":[{\"name\":\"a=b\",\"value\":\"x\"}]}]",
            "spec.containers[0].env[0].name: Invalid value"
        ),
        (
            "\"volumes\":[{\"name\":\"v\"}],\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]",
            "spec.volumes[0]: Required value: must specify a volume type"
        ),
        (
            "\"restartPolicy\":\"Sometimes\",\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]",
            "spec.restartPolicy: Unsupported value: \"Sometimes\""
        ),
        (
            "\"terminationGracePeriodSeconds\":-1,\"containers\":[{\"name\":\"a\",\"image\":\"x\"}]",
            "spec.terminationGracePeriodSeconds: Invalid value: -1"
        ),
    ])
    func `a pod that cannot run is refused with the field and the reason`(spec: String, text: String) async throws {
        try await TestServer.with { api async throws in
            let answer = try await api.call(.post, pods, TestServer.pod("p", spec: spec))
            #expect(answer.status == 422, "\(answer.message)")
            #expect(answer.message.hasPrefix("Pod \"p\" is invalid: "))
            #expect(answer.message.contains(text), "\(answer.message)")
            #expect(answer.value["details"]?["causes"]?.arrayValue?.isEmpty == false)
        }
    }

    /// A pod with two labels and a rule of each kind that looks at keys of labels.
    private func keyed(_ name: String, selector: String) -> String {
        let term = #"{"topologyKey":"z","labelSelector":\#(selector),"matchLabelKeys":["version","absent"],"mismatchLabelKeys":["team"]}"#
        let preferred = #"{"weight":1,"podAffinityTerm":\#(term)}"#
        let kind =
            #"{"requiredDuringSchedulingIgnoredDuringExecution":[\#(term)],"preferredDuringSchedulingIgnoredDuringExecution":[\#(preferred)]}"#
        let spread = #"{"maxSkew":1,"topologyKey":"z","whenUnsatisfiable":"DoNotSchedule","labelSelector":\#(selector),"matchLabelKeys":["version"]}"#
        return #"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"\#(name)","labels":{"version":"7","team":"red"}},"spec":{"containers":[{"name":"c","image":"i"}],
            "affinity":{"podAffinity":\#(kind),"podAntiAffinity":\#(kind)},"topologySpreadConstraints":[\#(spread)]}}
            """#
    }

    @Test func `keys of labels are written into the selectors of a new pod, once`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, pods, keyed("p", selector: #"{"matchExpressions":[{"key":"app","operator":"Exists"}]}"#))
            #expect(created.status == 201, "\(created.message)")
            let app: JSONValue = ["key": "app", "operator": "Exists"]
            let same: JSONValue = ["key": "version", "operator": "In", "values": ["7"]]
            let other: JSONValue = ["key": "team", "operator": "NotIn", "values": ["red"]]
            for kind in ["podAffinity", "podAntiAffinity"] {
                let rules = created.object["spec", "affinity", kind]
                let required = rules?["requiredDuringSchedulingIgnoredDuringExecution"]?.arrayValue?.first
                let preferred = rules?["preferredDuringSchedulingIgnoredDuringExecution"]?.arrayValue?.first?["podAffinityTerm"]
                #expect(required?["labelSelector", "matchExpressions"] == .array([app, same, other]))
                #expect(preferred?["labelSelector", "matchExpressions"] == .array([app, same, other]))
            }
            #expect(created.object.array("spec", "topologySpreadConstraints")[0]["labelSelector", "matchExpressions"] == .array([app, same]))
            let again = try await api.call(.put, "\(pods)/p", "\(created.value)")
            #expect(again.status == 200, "\(again.message)")
            #expect(again.object["spec"] == created.object["spec"])
        }
    }

    @Test(arguments: [#"{"matchLabels":{"version":"7"}}"#, #"{"matchExpressions":[{"key":"version","operator":"Exists"}]}"#])
    func `a key that the selector has itself is refused where it is merged, and not before`(selector: String) async throws {
        try await TestServer.with { api async throws in
            let refused = try await api.call(.post, pods, keyed("p", selector: selector))
            #expect(refused.status == 422)
            for field in [
                "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0][0]",
                "affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm[0]", "topologySpreadConstraints[0][0]",
            ] {
                let text = "spec.\(field): Invalid value: \"version\": exists in both matchLabelKeys and labelSelector"
                #expect(refused.message.contains(text), "\(refused.message)")
            }
            let unlabelled = keyed("p", selector: selector).replacing(#""version":"7","team":"red""#, with: #""app":"web""#)
            #expect(try await api.call(.post, pods, unlabelled).status == 201)
        }
    }

    @Test func `of a spec only images, deadlines and new tolerations change`() async throws {
        try await TestServer.with { api async throws in
            let created = try await api.call(.post, pods, TestServer.pod("p")).object
            var image = created
            image["spec", "containers"] = .array([
                {
                    var container = created.array("spec", "containers")[0]
                    container["image"] = "busybox:1"
                    return container
                }()
            ])
            let changed = try await api.call(.put, "\(pods)/p", "\(image.value)")
            #expect(changed.status == 200, "\(changed.message)")
            #expect(changed.object.generation == 2)
            var node = changed.object
            node["spec", "nodeName"] = "other"
            let refused = try await api.call(.put, "\(pods)/p", "\(node.value)")
            #expect(refused.status == 422)
            #expect(refused.message.contains("pod updates may not change fields other than `spec.containers[*].image`"))
            #expect(refused.message.hasSuffix("(allow it to be set to 1 if it was previously negative)\n+ spec.nodeName: \"other\""), "\(refused.message)")
        }
    }

    @Test func `binding assigns a pod once`() async throws {
        try await TestServer.with { api async throws in
            let pod = try await api.call(.post, pods, TestServer.pod("p")).object
            func binding(_ uid: String) -> String {
                """
                {"kind":"Binding","apiVersion":"v1","metadata":{"name":"p","uid":"\(uid)"},"target":{"kind":"Node","name":"n1"}}
                """
            }
            #expect(try await api.call(.post, "\(pods)/p/binding", binding("other")).status == 409)
            let bound = try await api.call(.post, "\(pods)/p/binding", binding(pod.uid))
            #expect(bound.status == 201)
            #expect(bound.value["status"] == "Success")
            let again = try await api.call(.post, "\(pods)/p/binding", binding(pod.uid))
            #expect(again.status == 409)
            #expect(again.message.contains("already assigned to node \"n1\""))
            let read = try await api.call(.get, "\(pods)/p").object
            #expect(read.string("spec", "nodeName") == "n1")
            #expect(read.array("status", "conditions").first?["type"] == "PodScheduled")
            #expect(read.array("status", "conditions").first?["observedGeneration"] == 1)
        }
    }

    @Test func `a pod behind a scheduling gate says so from the beginning`() async throws {
        try await TestServer.with { api async throws in
            let spec = #""schedulingGates":[{"name":"example.com/g"}],"containers":[{"name":"c","image":"i"}]"#
            let gated = try await api.call(.post, pods, TestServer.pod("g", spec: spec)).object
            let condition = gated.array("status", "conditions").first
            #expect(condition?["type"] == "PodScheduled" && condition?["status"] == "False")
            #expect(condition?["reason"] == "SchedulingGated" && condition?["observedGeneration"] == 1)
            let free = try await api.call(.post, pods, TestServer.pod("f")).object
            #expect(free.array("status", "conditions").isEmpty)
        }
    }

    @Test func `eviction deletes`() async throws {
        try await TestServer.with { api async throws in
            _ = try await api.call(.post, pods, TestServer.pod("p"))
            let body = "{\"kind\":\"Eviction\",\"apiVersion\":\"policy/v1\",\"metadata\":{\"name\":\"p\"}}"
            #expect(try await api.call(.post, "\(pods)/p/eviction", body).status == 201)
            #expect(try await api.call(.get, "\(pods)/p").status == 404)
        }
    }
}
