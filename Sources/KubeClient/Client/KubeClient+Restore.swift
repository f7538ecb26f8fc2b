package import APIMachinery
import JSONCore

extension KubeClient {
    /// What comes back with a deleted object; nil where the server cannot bring back what went with it. Changes nothing.
    package func restoreOutlook(
        of resource: GroupVersionResource, namespace: String?, name: String, uid: String
    ) async throws(APIStatus) -> RestoreOutlook? {
        RestoreOutlook(try await call(restoring(resource, namespace, name, uid, uids: nil)))
    }

    /// Brings a deleted object back, and with it exactly what had the old uids `uids`, in one transaction. Returns the object.
    package func restore(
        _ resource: GroupVersionResource, namespace: String?, name: String, uid: String, with uids: [String]
    ) async throws(APIStatus) -> KubeObject {
        KubeObject(try await call(restoring(resource, namespace, name, uid, uids: uids)))
    }

    private func restoring(
        _ resource: GroupVersionResource, _ namespace: String?, _ name: String, _ uid: String, uids: [String]?
    ) -> APIRequest {
        var body: JSONValue = ["kind": "ObjectRestore", "apiVersion": "kdash.dev/v1", "name": .string(name), "uid": .string(uid)]
        if let uids { body["uids"] = .array(uids.map { .string($0) }) }
        let query = [QueryItem("kdashRestore", "true"), QueryItem("fieldManager", "kdash")] + (uids == nil ? [QueryItem("dryRun", "All")] : [])
        return request(.post, resource, namespace, nil, nil, query: query, contentType: "application/json", body: JSON.encode(body))
    }
}
