package import APIMachinery
package import JSONCore

extension KubeClient {
    /// Reads one object or its subresource. Throws NotFound when there is none.
    package func get(
        _ resource: GroupVersionResource, namespace: String?, name: String, subresource: String? = nil
    ) async throws(APIStatus) -> KubeObject {
        KubeObject(try await call(request(.get, resource, namespace, name, subresource)))
    }

    /// Reads a collection; `namespace` nil means all of them.
    package func list(
        _ resource: GroupVersionResource, namespace: String?, _ options: ListOptions = ListOptions()
    ) async throws(APIStatus) -> ObjectList {
        ObjectList(try await call(request(.get, resource, namespace, nil, nil, query: options.query)))
    }

    /// Creates an object, in `namespace` or else in the one it names. Returns it as stored. Throws AlreadyExists, Invalid and the like.
    package func create(
        _ resource: GroupVersionResource, _ object: KubeObject, namespace: String? = nil, options: WriteOptions = .standard
    ) async throws(APIStatus) -> KubeObject {
        let request = request(
            .post, resource, namespace ?? object.namespace, nil, nil, query: options.query, contentType: "application/json",
            body: JSON.encode(object.value))
        return KubeObject(try await call(request))
    }

    /// Creates a subresource of an object: pods/binding, pods/eviction, serviceaccounts/token.
    package func createSubresource(
        _ resource: GroupVersionResource, namespace: String?, name: String, subresource: String, _ body: JSONValue,
        options: WriteOptions = .standard
    ) async throws(APIStatus) -> JSONValue {
        try await call(
            request(
                .post, resource, namespace, name, subresource, query: options.query, contentType: "application/json",
                body: JSON.encode(body)))
    }

    /// Replaces an object or its subresource. Throws Conflict when it names a resourceVersion that is not the current one.
    package func update(
        _ resource: GroupVersionResource, _ object: KubeObject, subresource: String? = nil, options: WriteOptions = .standard
    ) async throws(APIStatus) -> KubeObject {
        let request = request(
            .put, resource, object.namespace, object.name, subresource, query: options.query, contentType: "application/json",
            body: JSON.encode(object.value))
        return KubeObject(try await call(request))
    }

    /// Replaces an object's status and nothing else of it.
    package func updateStatus(
        _ resource: GroupVersionResource, _ object: KubeObject, options: WriteOptions = .standard
    ) async throws(APIStatus) -> KubeObject {
        try await update(resource, object, subresource: "status", options: options)
    }

    /// Changes an object or its subresource by a patch.
    package func patch(
        _ resource: GroupVersionResource, namespace: String?, name: String, type: PatchType, _ patch: JSONValue, subresource: String? = nil,
        options: WriteOptions = .standard
    ) async throws(APIStatus) -> KubeObject {
        let request = request(
            .patch, resource, namespace, name, subresource, query: options.query, contentType: type.rawValue, body: JSON.encode(patch))
        return KubeObject(try await call(request))
    }

    /// Deletes an object. Returns it when it still exists (its grace period runs, or finalizers wait), nil when it is gone.
    /// Throws Conflict when a precondition does not hold.
    @discardableResult
    package func delete(
        _ resource: GroupVersionResource, namespace: String?, name: String, _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIStatus) -> KubeObject? {
        let answer = try await call(deletion(resource, namespace, name, options, query: []))
        return answer["kind"] == "Status" ? nil : KubeObject(answer)
    }

    /// Deletes every object of a collection that matches.
    package func deleteCollection(
        _ resource: GroupVersionResource, namespace: String?, matching selection: ListOptions = ListOptions(),
        _ options: DeleteOptions = DeleteOptions()
    ) async throws(APIStatus) {
        _ = try await call(deletion(resource, namespace, nil, options, query: selection.query))
    }

    private func deletion(
        _ resource: GroupVersionResource, _ namespace: String?, _ name: String?, _ options: DeleteOptions, query: [QueryItem]
    ) -> APIRequest {
        // The server reads a body's options only, without a body the query's: both say the same.
        let dryRun = options.isDryRun ? [QueryItem("dryRun", "All")] : []
        return request(
            .delete, resource, namespace, name, nil, query: query + dryRun, contentType: "application/json",
            body: JSON.encode(options.value))
    }

    func request(
        _ method: APIRequest.Method, _ resource: GroupVersionResource, _ namespace: String?, _ name: String?, _ subresource: String?,
        query: [QueryItem] = [], contentType: String? = nil, body: [UInt8] = []
    ) -> APIRequest {
        APIRequest(
            method, path: ResourcePath.path(resource, namespace: namespace, name: name, subresource: subresource), query: query,
            contentType: contentType, body: body)
    }
}

extension ObjectList {
    /// A list object's items; each gets the kind and apiVersion that the list form leaves out.
    init(_ list: JSONValue) {
        let apiVersion = list["apiVersion"]
        let listKind = list["kind"]?.stringValue ?? ""
        let kind = listKind.hasSuffix("List") ? JSONValue.string(String(listKind.dropLast(4))) : nil
        items = (list["items"]?.arrayValue ?? []).map { item in
            guard item["kind"] == nil, let kind, let apiVersion, case .object(let members) = item else { return KubeObject(item) }
            var whole = JSONObject()
            whole.reserveCapacity(members.count + 2)
            whole.append(unchecked: "kind", value: kind)
            whole.append(unchecked: "apiVersion", value: apiVersion)
            for member in members where member.key != "apiVersion" { whole.append(unchecked: member.key, value: member.value) }
            return KubeObject(.object(whole))
        }
        resourceVersion = list["metadata", "resourceVersion"]?.stringValue ?? ""
        let token = list["metadata", "continue"]?.stringValue
        continueToken = token?.isEmpty == true ? nil : token
        remainingItemCount = list["metadata", "remainingItemCount"]?.integerValue
    }
}
