import APIMachinery
import JSONCore
import KubeClient
import Testing

@testable import APIServer

/// Definitions as tests write them.
enum CustomFixture {
    static let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    static let tabs = "/apis/stable.example.com/v1/namespaces/default/crontabs"

    static let schema = """
        {"type":"object","required":["spec"],"properties":{"spec":{"type":"object","required":["cron"],"properties":{
        "cron":{"type":"string","pattern":"^(\\\\d+|\\\\*)(/\\\\d+)?(\\\\s+(\\\\d+|\\\\*)(/\\\\d+)?){4}$"},
        "image":{"type":"string","default":"busybox"},"replicas":{"type":"integer","minimum":0,"maximum":10,"default":1},
        "mood":{"type":"string","enum":["Great","Down"]},
        "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],
        "properties":{"name":{"type":"string"},"port":{"x-kubernetes-int-or-string":true}}}},
        "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
        "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"}}}}}
        """

    static func definition(
        plural: String = "crontabs", kind: String = "CronTab", group: String = "stable.example.com", short: String = "ct",
        scope: String = "Namespaced", versions: String? = nil
    ) -> String {
        let versions =
            versions ?? """
                [{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":\(schema)},
                "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
                "selectableFields":[{"jsonPath":".spec.image"}],
                "additionalPrinterColumns":[{"name":"Cron","type":"string","jsonPath":".spec.cron"},{"name":"Replicas","type":"integer","jsonPath":".spec.replicas"}]}]
                """
        return """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"\(plural).\(group)"},
            "spec":{"group":"\(group)","scope":"\(scope)","names":{"plural":"\(plural)","kind":"\(kind)","shortNames":["\(short)"],"categories":["all"]},
            "versions":\(versions)}}
            """
    }

    static func tab(_ name: String, _ spec: String = "\"cron\":\"* * * * */5\"", more: String = "") -> String {
        "{\"apiVersion\":\"stable.example.com/v1\",\"kind\":\"CronTab\",\"metadata\":{\"name\":\"\(name)\"\(more)},\"spec\":{\(spec)}}"
    }
}

extension TestServer {
    /// Creates a definition; it is served at once.
    @discardableResult
    func define(_ body: String = CustomFixture.definition()) async throws -> Answer {
        let answer = try await call(.post, CustomFixture.definitions, body)
        #expect(answer.status == 201, "\(answer.message)")
        return answer
    }

    /// The definition once a condition has a status.
    func definition(_ name: String, _ type: String, _ status: String) async throws -> KubeObject {
        let watch = try await watch("\(CustomFixture.definitions)?watch=true&fieldSelector=metadata.name%3D\(name)")
        defer { watch.cancel() }
        while let (_, object) = try await watch.next() {
            if object.array("status", "conditions").contains(where: { $0["type"] == .string(type) && $0["status"] == .string(status) }) {
                return object
            }
        }
        throw APIStatus.notFound(GroupResource(group: "", resource: "condition"), type)
    }
}
